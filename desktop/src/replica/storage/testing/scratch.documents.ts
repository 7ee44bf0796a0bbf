/** The documents of these tests, apart from vitest so that workers and children may use them too. */
import type { RxJsonSchema } from "rxdb";

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
