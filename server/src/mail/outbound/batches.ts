/** What comes while others are being written is written next, and together: a commit costs the same for one as for twenty. */
export interface Batches<Item> {
  /** Resolves when it is written; rejects where the batch that it was in was not. */
  add(item: Item): Promise<void>;
}

/** `restMs`: from the end of a batch to the next, so that more come together. Whatever comes after a rest waits for nothing. */
export function createBatches<Item>(
  write: (items: readonly Item[]) => Promise<void>,
  { restMs = 0 }: { readonly restMs?: number } = {},
): Batches<Item> {
  let waiting: { readonly item: Item; resolve(): void; reject(error: unknown): void }[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    for (let batch = take(); batch.length > 0; batch = take()) {
      try {
        await write(batch.map(({ item }) => item));
        for (const each of batch) each.resolve();
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    isWriting = false;
  }

  function take() {
    const batch = waiting;
    waiting = [];
    return batch;
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (!isWriting) void writeAll();
      }),
  };
}
