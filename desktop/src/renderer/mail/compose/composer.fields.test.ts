import { describe, expect, it } from "vitest";
import type { MailboxDoc } from "@kontor/shared/mail";
import { isUntouched, sendersOf, type ComposerFields } from "./composer.fields.ts";

const fields: ComposerFields = {
  mailboxId: "m",
  from: { address: "ivan@office.example" },
  to: [],
  cc: [],
  bcc: [],
  subject: "",
  importance: undefined,
  cards: [],
  origin: { kind: "new" },
};
const said = { text: "", attachments: 0, signatures: ["<p>Best regards,<br>Ivan</p>"] };

describe("a draft that is closed", () => {
  it("leaves nothing when nothing was said but a signature", () => {
    expect(isUntouched(fields, said)).toBe(true);
    expect(isUntouched(fields, { ...said, text: "\n\nBest regards,\n\nIvan" })).toBe(true);
  });

  it.each([
    ["words", fields, { ...said, text: "Hello\n\nBest regards,\nIvan" }],
    ["a recipient", { ...fields, bcc: [{ address: "a@x.example" }] }, said],
    ["a subject", { ...fields, subject: "Hello" }, said],
    ["a file", fields, { ...said, attachments: 1 }],
    ["an answer", { ...fields, origin: { kind: "reply" as const } }, said],
  ])("is kept with %s", (_what, of, with_) => {
    expect(isUntouched(of, with_)).toBe(false);
  });
});

describe("who one may write as", () => {
  const mailbox = (change: Partial<MailboxDoc>): MailboxDoc =>
    ({ kind: "shared", name: "", addresses: [], members: [], can: ["send"], ...change }) as MailboxDoc;

  it("is oneself first, then shared mailboxes by name, then accounts elsewhere, which have one address", () => {
    const senders = sendersOf(
      [
        mailbox({
          id: "4",
          kind: "external",
          address: "me@far.example",
          addresses: ["me@far.example", "alias@far.example"],
        }),
        mailbox({ id: "3", name: "Sales", addresses: ["sales@office.example"] }),
        mailbox({ id: "2", name: "Office", addresses: ["office@office.example", "info@office.example"] }),
        mailbox({ id: "1", kind: "personal", ownerId: "ivan", name: "Ivan", addresses: ["ivan@office.example"] }),
        mailbox({ id: "0", name: "Read only", addresses: ["read@office.example"], can: ["read"] }),
      ],
      "ivan",
    );
    expect(senders.map(({ address: { address } }) => address)).toEqual([
      "ivan@office.example",
      "office@office.example",
      "info@office.example",
      "sales@office.example",
      "me@far.example",
    ]);
  });
});
