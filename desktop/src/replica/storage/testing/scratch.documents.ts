/** The documents of these tests, apart from vitest so that workers and children may use them too. */
import type { RxJsonSchema } from "rxdb";
import type { ReplicaCollection } from "../collection.ts";
import type { ReplicaFile } from "../replica.ts";

export type Message = {
  id: string;
  chatId: string;
  sentAt: number;
  text: string;
  subject?: string | null;
  tags?: string[];
};

export const messageSchema: RxJsonSchema<Message> = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: { type: "string", maxLength: 40 },
    chatId: { type: "string", maxLength: 40 },
    sentAt: { type: "integer", minimum: 0, maximum: 9_999_999_999_999, multipleOf: 1 },
    text: { type: "string" },
    subject: { type: ["string", "null"] as unknown as "string" },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["id", "chatId", "sentAt", "text"],
  indexes: [["chatId", "sentAt"], ["sentAt"]],
};

export const message = (number: number, text = `Message ${number}`): Message => ({
  id: `m${String(number).padStart(6, "0")}`,
  chatId: `c${number % 10}`,
  sentAt: 1_700_000_000_000 + number * 1000,
  text,
});

export const messages = (count: number, from = 0): Message[] =>
  Array.from({ length: count }, (_, at) => message(from + at));

const BATCH_ROWS = 40;
type BatchTarget = { file: ReplicaFile; first: ReplicaCollection<Message>; second: ReplicaCollection<Message> };

/** One batch of crash.test.ts: new rows in both collections, a change and a purge in the batch before, the cookie. */
export function applyBatch({ file, first, second }: BatchTarget, batch: number): void {
  const from = batch * BATCH_ROWS;
  file.transaction(() => {
    first.writeSync(messages(BATCH_ROWS, from));
    second.writeSync(messages(BATCH_ROWS, from));
    first.writeSync([message(from - 1, `changed by ${batch}`)]);
    second.purgeSync([message(from - 2).id]);
    file.meta.set("cookie", batch);
  });
}

/** What a replica that applied batches 1…`last` holds, by number of the document. */
export function expectedAfter(last: number): { first: Map<string, string>; second: Map<string, string> } {
  const first = new Map<string, string>();
  const second = new Map<string, string>();
  for (let batch = 1; batch <= last; batch++) {
    const from = batch * BATCH_ROWS;
    for (const { id, text } of messages(BATCH_ROWS, from)) {
      first.set(id, text);
      second.set(id, text);
    }
    first.set(message(from - 1).id, `changed by ${batch}`);
    second.delete(message(from - 2).id);
  }
  return { first, second };
}
