import type { Queued } from "#contract";
import type { JsonObject } from "@kontor/shared/base";
import type { EnqueueInput } from "./intents.ts";
import type { PendingIntent } from "./outbox.ts";
import type { Replica } from "./replica.ts";

/** What commands look at, and how their changes come into the outbox. */
export interface CommandQueue {
  /** The row as it is shown. */
  viewOf<Doc>(collection: string, id: string): Doc | undefined;
  queue(input: Omit<EnqueueInput, "args"> & { readonly args: object }): Queued;
  /** The newest change of a row, when it was never sent and is of this name. */
  unsentOf(collection: string, id: string, name: string): PendingIntent | undefined;
}

export function createCommandQueue(replica: Pick<Replica, "rows" | "outbox" | "enqueue">): CommandQueue {
  const { outbox, rows } = replica;
  return {
    viewOf: <Doc>(collection: string, id: string) =>
      rows.collection(collection)?.findByIdsSync([id])[0] as Doc | undefined,
    queue(input) {
      const { mid } = replica.enqueue({ ...input, args: input.args as JsonObject });
      return { mid };
    },
    unsentOf(collection, id, name) {
      const last = outbox.pendingOf(collection, id).at(-1);
      return last?.name === name && last.state === "waiting" && last.attempts === 0 ? last : undefined;
    },
  };
}
