/** Replicas of `access-revoke`, many to a process: they are plain Node, and the machine has few cores. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openReplica, type Replica, type ReplicaCollectionDefinition } from "@kontor/desktop/replica";
import { newId, systemClock } from "@kontor/shared/base";

export interface Order {
  readonly role: "reader" | "writer";
  readonly url: string;
  readonly directory: string;
  readonly users: readonly string[];
  /** Rows that each replica holds when it is filled. */
  readonly rows: number;
}
export type Told =
  | { readonly told: "filled" }
  /** When the last replica had lost its rows; milliseconds since the epoch. */
  | { readonly told: "gone"; readonly at: readonly number[] }
  | { readonly told: "searched"; readonly at: number; readonly left: number }
  | { readonly told: "latencies"; readonly ms: readonly number[] };

const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: { id: { type: "string", maxLength: 36 }, text: { type: "string", maxLength: 400 } },
  required: ["id"],
  additionalProperties: true,
} as unknown as ReplicaCollectionDefinition["schema"];
const definitions: readonly ReplicaCollectionDefinition[] = [
  { name: "notes", schema, search: { fields: ["text"] }, view: (row) => row, rowOf: (view) => view },
];
const CANARY = "canary-of-the-bench";
const TYPING_MS = 100; // between an answer and the next edit

const tell = (message: Told) => process.send?.(message);
let latencies: number[] = [];

process.on("message", (order: Order | "measure" | "search") => {
  if (order === "measure") {
    tell({ told: "latencies", ms: latencies });
    latencies = [];
  } else if (order === "search") void search();
  else start(order);
});

let folders: readonly string[] = [];

function start({ role, url, directory, users, rows }: Order): void {
  folders = users.map((user) => join(directory, user));
  let filled = 0;
  const gone: number[] = [];
  users.forEach((userId, index) => {
    const folder = folders[index] ?? "";
    mkdirSync(folder, { recursive: true });
    const replica = openReplica({
      directory: folder,
      key: "6b".repeat(32),
      cipher: "none", // so that the search for what is left can find it
      serverUrl: url,
      deviceId: newId(),
      token: `token-${userId}`,
      leaseMs: 86_400_000,
      appVersion: "bench",
      definitions,
      context: { userId, typeNamed: () => undefined },
      clock: systemClock,
      WebSocket: globalThis.WebSocket,
      log: { info: () => undefined, warn: () => undefined },
    });
    const held = () => replica.rows.buckets().find(({ bucket }) => bucket === "notes")?.count ?? 0;
    let isFilled = false;
    replica.on("state", () => {
      if (isFilled || held() < rows) return;
      isFilled = true;
      if (++filled === users.length) tell({ told: "filled" });
      if (role === "writer") void type(replica);
    });
    replica.on("purged", () => {
      if (isFilled && held() === 0) gone.push(Date.now());
      if (gone.length === users.length) tell({ told: "gone", at: gone });
    });
    const look = setInterval(() => {
      if (isFilled) return clearInterval(look);
      if (held() >= rows) {
        isFilled = true;
        if (++filled === users.length) tell({ told: "filled" });
        if (role === "writer") void type(replica);
      }
      return undefined;
    }, 200);
  });
}

/** Edits the own note for ever: from the key to the answer that the change is taken. */
async function type(replica: Replica): Promise<void> {
  const [note] = replica.rows.collection("notes")?.querySync({ selector: {} }) ?? [];
  const id = String((note as unknown as { id: string }).id);
  for (let edit = 0; ; edit++) {
    const started = performance.now();
    const settled = new Promise<void>((resolve) => {
      const off = replica.on("settled", () => {
        off();
        resolve();
      });
    });
    replica.enqueue({ name: "note.edit", collection: "notes", id, args: { text: `edit ${edit}` }, title: "a note" });
    await settled;
    latencies.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, TYPING_MS));
  }
}

/** Until no file of any replica has a byte of the canary. */
async function search(): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const left = folders.filter((folder) =>
      readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(CANARY)),
    ).length;
    if (left === 0 || Date.now() > until) return void tell({ told: "searched", at: Date.now(), left });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
