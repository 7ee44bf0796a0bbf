import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { newId, systemClock, type Clock, type JsonObject } from "@kontor/shared/base";
import type { Intent } from "@kontor/shared/protocol";
import { openReplica, type Replica, type ReplicaCollectionDefinition } from "@kontor/desktop/replica";

/** A real replica of the notes that `startNoteServer` keeps. */
const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: { id: { type: "string", maxLength: 36 }, text: { type: "string", maxLength: 400 } },
  required: ["id"],
  additionalProperties: true,
} as unknown as ReplicaCollectionDefinition["schema"];

export const noteDefinitions: readonly ReplicaCollectionDefinition[] = [
  {
    name: "notes",
    schema,
    search: { fields: ["text"] },
    view(row, intents) {
      let doc = row;
      for (const intent of intents) doc = replayNote(doc, intent);
      return doc && { ...doc, pending: intents.length };
    },
    rowOf({ pending: _pending, ...row }) {
      return row;
    },
  },
  { name: "comments", schema, view: (row) => row, rowOf: (view) => view },
];

function replayNote(doc: JsonObject | undefined, intent: Intent): JsonObject | undefined {
  if (intent.name === "note.create") return doc ?? { id: intent.id, ...intent.args };
  return doc && { ...doc, ...intent.args };
}

export interface Desk {
  readonly replica: Replica;
  readonly directory: string;
  /** What the user sees, without what the replica derives; by id. */
  shown(collection?: string): Map<string, JsonObject>;
  create(args: JsonObject, id?: string): string;
  edit(id: string, args: JsonObject): string;
  /** Waits for a condition; looks again whenever something may have changed. */
  until(condition: (replica: Replica) => boolean, what: string): Promise<void>;
  /** Closes the replica and opens it again. */
  reopen(options?: Partial<DeskOptions>): Promise<void>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly url: string;
  readonly userId: string;
  readonly deviceId?: string;
  readonly directory?: string;
  readonly clock?: Clock;
  readonly cipher?: "none";
}

export const KEY = "6b".repeat(32);
const UNTIL_MS = 15_000;
const LOOK_MS = 10;

export function openDesk(initial: DeskOptions): Desk {
  const directory = initial.directory ?? mkdtempSync(join(tmpdir(), "kontor-desk-"));
  let options = { deviceId: newId(), ...initial };
  const open = () =>
    openReplica({
      directory,
      key: KEY,
      ...(options.cipher ? { cipher: options.cipher } : {}),
      serverUrl: options.url,
      deviceId: options.deviceId,
      token: `token-${options.userId}`,
      leaseMs: 86_400_000,
      appVersion: "test",
      definitions: noteDefinitions,
      context: { userId: options.userId, typeNamed: () => undefined },
      clock: options.clock ?? systemClock,
      WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
      log: { info: () => undefined, warn: () => undefined },
    });
  let replica = open();

  return {
    get replica() {
      return replica;
    },
    directory,
    shown(collection = "notes") {
      const docs = replica.rows.collection(collection)?.querySync({ selector: {} }) ?? [];
      return new Map(
        docs.map((doc) => {
          const {
            _deleted,
            _attachments,
            _meta,
            _rev,
            pending: _pending,
            ...shown
          } = doc as unknown as Record<string, unknown>;
          return [String(shown["id"]), shown as JsonObject];
        }),
      );
    },
    create(args, id = newId()) {
      replica.enqueue({ name: "note.create", collection: "notes", id, args, title: "a note" });
      return id;
    },
    edit: (id, args) => replica.enqueue({ name: "note.edit", collection: "notes", id, args, title: "a note" }).mid,
    async until(condition, what) {
      const deadline = Date.now() + UNTIL_MS;
      while (!condition(replica)) {
        if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}. ${JSON.stringify(replica.state())}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    async reopen(changed = {}) {
      await replica.close();
      options = { ...options, ...changed };
      replica = open();
    },
    async close() {
      await replica.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
