import { describe, expect, it } from "vitest";
import { fileNameSchema } from "@kontor/shared/files";
import type { ParseOutcome } from "../../../src/mail/mime/parsedMessage.ts";
import { parseMessage } from "../../../src/mail/mime/parseMessage.ts";
import { oddMessages } from "./corpus.ts";
import type { Expected } from "./oddMessage.ts";

describe.each(Object.entries(oddMessages))("odd messages: %s", (_kind, messages) => {
  it.each(messages.map((message) => [message.name, message] as const))("%s", (_name, { raw, expected }) => {
    const { attachments, ...fields } = expected;
    const wanted = attachments ? { ...fields, attachments, count: attachments.length } : fields;
    expect(seenOf(parseMessage(raw), expected)).toMatchObject(wanted);
  });

  it.each(messages.map((message) => [message.name, message.raw] as const))(
    "%s: what holds of every message",
    (_name, raw) => {
      const outcome = parseMessage(raw);
      const message = outcome.kind === "parsed" ? outcome.message : undefined;
      const names = message?.attachments.map(({ name }) => name) ?? [];
      expect(names.filter((name) => !fileNameSchema.safeParse(name).success)).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
      // PostgreSQL takes neither in text nor in JSON.
      expect(JSON.stringify({ ...message, attachments: names })).not.toMatch(/\\u0000|\\ud[89a-f]/);
      expect(message?.messageId).not.toBe("");
      expect(parseMessage(raw)).toEqual(outcome);
    },
  );
});

it("there are at least 300 of them, each told by its name", () => {
  const names = Object.values(oddMessages).flatMap((messages) => messages.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(300);
});

/** What was read, in the words of what was expected. */
function seenOf(outcome: ParseOutcome, { odd, says = "" }: Expected) {
  if (outcome.kind === "unreadable") return { unreadable: outcome.reason };
  const { message } = outcome;
  const attachments = message.attachments.map(({ bytes, ...rest }) => ({
    ...rest,
    text: Buffer.from(bytes).toString(),
    size: bytes.length,
  }));
  return {
    ...message,
    attachments,
    count: attachments.length,
    odd: odd?.filter((oddity) => message.oddities.includes(oddity)),
    says: message.text.includes(says) ? says : message.text,
  };
}
