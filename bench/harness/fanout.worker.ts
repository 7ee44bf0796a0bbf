/** Devices of `sync-fanout`, in a process of their own: what they cost is not the server's. */
import { openListener } from "@kontor/server/testing/sync";

export interface Order {
  readonly url: string;
  readonly users: readonly string[];
}
export type Told =
  | { readonly told: "connected" }
  /** `at`: milliseconds since the epoch, with fractions. */
  | { readonly told: "arrived"; readonly userId: string; readonly text: string; readonly at: number };

/** More at once would time out at the gateway's door. */
const AT_ONCE = 50;

const tell = (message: Told) => process.send?.(message);

process.on("message", ({ url, users }: Order) => void connect(url, [...users]));

async function connect(url: string, users: string[]): Promise<void> {
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let userId = users.pop(); userId !== undefined; userId = users.pop()) await open(url, userId);
    }),
  );
  tell({ told: "connected" });
}

const open = (url: string, userId: string) =>
  openListener({
    url,
    userId,
    onBatch({ lane, operations }) {
      const at = performance.timeOrigin + performance.now();
      if (lane !== "live") return;
      for (const operation of operations)
        if (operation.op === "put") tell({ told: "arrived", userId, text: String(operation.doc["text"]), at });
    },
  });
