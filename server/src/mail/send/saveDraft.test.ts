import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import { placeMessage } from "../messages/placeMessage.ts";
import { messageTables } from "../messages/messages.repo.ts";
import {
  mailboxes,
  openMailHouse,
  paper,
  phone,
  sha256,
  writesIn,
  type Login,
  type MailboxName,
  type MailHouse,
} from "./send.fixture.ts";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
});
afterAll(() => house.close());

const { act, save } = writesIn(() => house);
const contentOf = async (id: string) =>
  await messageTables(house.test.db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .selectAll("c")
    .where("m.id", "=", id)
    .executeTakeFirstOrThrow();

describe("saving a draft", () => {
  it("[DRF-1] makes it in the drafts, with a Message-ID that stays, and a text that is cleaned", async () => {
    const id = newId();
    const first = await save(id, { subject: "Offer", html: "<p>Dear <b>Bob</b></p><script>alert(1)</script>" });
    expect(first).toEqual({ status: "applied", data: { rev: 1 } });
    const made = await house.message(id);
    expect(made).toMatchObject({
      subject: "Offer",
      from: [{ address: "ann@house.example", name: "ann" }],
      snippet: "Dear Bob",
      seen: true,
      send: { state: "draft", by: house.actor("ann").subject.id },
      draft: { kind: "new", rev: 1 },
    });
    expect(made?.messageId).toMatch(/^[0-9a-f-]{36}@house\.example$/);
    expect(await house.folderRole(made)).toBe("drafts");
    expect(await house.body(id)).toMatchObject({ text: "Dear Bob", html: "<p>Dear <b>Bob</b></p>" });

    await save(id, { subject: "Offer 2", html: "<p>Hello</p>", bcc: [{ address: "eve@house.example" }] }, { base: 1 });
    const again = await house.message(id);
    expect(again).toMatchObject({ subject: "Offer 2", bcc: [{ address: "eve@house.example" }], draft: { rev: 2 } });
    expect(again?.messageId).toBe(made?.messageId);
    expect((await contentOf(id)).people).not.toHaveProperty("bcc");
  });

  it("takes the name in front of an address from the mailbox, and says for whom a delegate writes", async () => {
    const shared = newId();
    const from = { address: "sales@house.example", name: "The Director" };
    await save(shared, { from }, { mailbox: "sales" });
    expect((await contentOf(shared)).people.from).toEqual([{ address: "sales@house.example", name: "Sales" }]);

    await house.test.db
      .withTables<{ mailbox_member: { mailbox_id: string; user_id: string; role: string } }>()
      .insertInto("mailbox_member")
      .values({ mailbox_id: mailboxes.boss, user_id: house.actor("ann").subject.id, role: "sender" })
      .execute();
    const delegated = newId();
    await save(delegated, {}, { mailbox: "boss" });
    expect((await contentOf(delegated)).people).toMatchObject({
      from: [{ address: "boss@house.example", name: "boss" }],
      sender: [{ address: "ann@house.example", name: "ann" }],
    });
  });

  it("is refused from an address that is not the mailbox's, and for whoever may not send", async () => {
    const foreign = { from: { address: "boss@house.example" } };
    await expect(save(newId(), foreign)).rejects.toMatchObject({ details: { reason: "draft.foreignAddress" } });
    const alias = { from: { address: "Anna.Kovacs@house.example" } };
    await expect(save(newId(), alias)).resolves.toMatchObject({ status: "applied" });
    const denied = (login: Login) => save(newId(), {}, { login, mailbox: "sales" });
    await expect(denied("bob")).rejects.toMatchObject({ details: { reason: "mailbox.forbidden" } });
    await expect(denied("eve")).rejects.toMatchObject({ details: { reason: "mailbox.forbidden" } });
    await expect(denied("boss")).rejects.toMatchObject({ details: { reason: "mailbox.notFound" } });
    const id = newId();
    await save(id, { subject: "Mine" });
    const stolen = save(id, { subject: "Yours" }, { login: "bob", mailbox: "bob", base: 9 });
    await expect(stolen).rejects.toMatchObject({ details: { reason: "message.notFound" } });
    expect(await house.message(id)).toMatchObject({ subject: "Mine" });
  });

  it("[DRF-2] writes over what the same device saved, though its outbox did not know the revisions yet", async () => {
    const id = newId();
    await save(id, { subject: "a" });
    await save(id, { subject: "ab" });
    expect(await save(id, { subject: "abc" })).toEqual({ status: "applied", data: { rev: 3 } });
    expect(await house.message(id)).toMatchObject({ subject: "abc" });
  });

  it("[DRF-3] keeps both texts of two devices, and every later keystroke of the second goes to its own draft", async () => {
    const id = newId();
    await save(id, { subject: "begun" });
    await act("mail.attach", id, { fileId: newId(), ...paper });
    const [{ id: fileId } = { id: "" }] = (await house.message(id))?.attachments ?? [];
    await house.store(fileId);
    await save(id, { subject: "on the laptop", html: "<p>one</p>" }, { base: 1 });

    const merged = await save(id, { subject: "on the phone", html: "<p>two</p>" }, { base: 1, device: phone });
    expect(merged).toMatchObject({ status: "merged", data: { rev: 2 } });
    const { conflictDraftId } = merged.data as { conflictDraftId: string };
    expect(await house.message(id)).toMatchObject({ subject: "on the laptop", draft: { rev: 2 } });
    const other = await house.message(conflictDraftId);
    expect(other).toMatchObject({
      subject: "on the phone",
      draft: { rev: 1, conflictOf: id },
      attachments: [{ name: "offer.pdf", state: "stored", sha256 }],
    });
    expect(other?.messageId).not.toBe((await house.message(id))?.messageId);
    expect(await house.folderRole(other)).toBe("drafts");

    // Queued behind the first one, before the phone knew.
    const later = await save(id, { subject: "on the phone, too" }, { base: 1, device: phone });
    expect(later).toMatchObject({ status: "merged", data: { conflictDraftId } });
    expect(await house.message(conflictDraftId)).toMatchObject({ subject: "on the phone, too", draft: { rev: 2 } });
    expect(await house.message(id)).toMatchObject({ subject: "on the laptop", draft: { rev: 2 } });

    // Now it knows, and writes over it on purpose.
    await save(id, { subject: "settled" }, { base: 2, device: phone });
    expect(await house.message(id)).toMatchObject({ subject: "settled", draft: { rev: 3 } });
    // What the laptop had not seen of that is a conflict again, although it saved before.
    expect(await save(id, { subject: "late" }, { base: 1 })).toMatchObject({ status: "merged" });
  });

  it("[DRF-3] keeps what a program without a device wrote on an old revision", async () => {
    const id = newId();
    await save(id, { subject: "a" }, { device: "none" });
    await save(id, { subject: "b" }, { base: 1, device: "none" });
    expect(await save(id, { subject: "c" }, { base: 1, device: "none" })).toMatchObject({ status: "merged" });
    expect(await house.message(id)).toMatchObject({ subject: "b" });
  });

  it("[DRF-3] keeps what was written on a draft that has been sent meanwhile", async () => {
    const id = newId();
    await save(id, { subject: "sent", to: [{ address: "bob@house.example" }] });
    await act("mail.send", id, { undoSeconds: 5 });
    const merged = await save(id, { subject: "still writing" }, { base: 1, device: phone });
    const { conflictDraftId } = merged.data as { conflictDraftId: string };
    expect(await house.message(id)).toMatchObject({ subject: "sent", send: { state: "scheduled" } });
    expect(await house.message(conflictDraftId)).toMatchObject({ subject: "still writing", send: { state: "draft" } });
  });

  it("[DRF-4] changes nothing when it says the same", async () => {
    const id = newId();
    await save(id, { subject: "same", html: "<p>text</p>", to: [{ address: "bob@house.example", name: "Bob" }] });
    const same = { subject: "same", html: "<p>text</p>", to: [{ address: "bob@house.example", name: "Bob" }] };
    expect(await save(id, same, { device: phone })).toEqual({ status: "applied", data: { rev: 1 } });
  });

  it("follows its author to another mailbox, with what hangs in it, and comes back out of the trash", async () => {
    const id = newId();
    await save(id, { subject: "Offer" });
    await act("mail.attach", id, { fileId: newId(), ...paper });
    await save(id, { subject: "Offer of the house" }, { base: 1, mailbox: "sales" });
    const moved = await house.message(id);
    expect(moved).toMatchObject({ mailboxId: mailboxes.sales, attachments: [{ name: "offer.pdf" }] });
    expect(await house.folderRole(moved)).toBe("drafts");
    await expect(save(id, {}, { base: 2, mailbox: "bob" })).rejects.toMatchObject({
      details: { reason: "mailbox.notFound" },
    });

    await house.test.pool.query(
      `update mail_message set trashed_at = now(), folder_id =
        (select id from mail_folder where mailbox_id = $2 and role = 'trash') where id = $1`,
      [id, mailboxes.sales],
    );
    await save(id, { subject: "After all" }, { base: 2, mailbox: "sales" });
    expect(await house.folderRole(await house.message(id))).toBe("drafts");
  });

  it("refuses a text that would have to be cut", async () => {
    const html = `<p>${"&".repeat(mailLimits.maxDraftHtmlChars - 7)}</p>`;
    await expect(save(newId(), { html })).resolves.toMatchObject({ status: "applied" });
    await expect(save(newId(), { html: `${html}x`.repeat(2) })).rejects.toThrow(/too_big|Too big/);
  });
});

describe("a draft that answers", () => {
  async function receive(name: MailboxName, headers: { messageId: string; inReplyTo?: string[]; refs?: string[] }) {
    return await house.test.db.transaction().execute(async (trx) => {
      const contentId = newId();
      await messageTables(trx)
        .insertInto("mail_content")
        .values({
          id: contentId,
          raw_sha256: null,
          message_id: headers.messageId,
          in_reply_to: headers.inReplyTo ?? [],
          refs: headers.refs ?? [],
          subject: "Question",
          people: JSON.stringify({ from: [{ address: "client@far.example" }], to: [], cc: [] }) as never,
          sent_at: "2026-03-01T10:00:00.000Z",
          words: "",
          body_html: null,
          authenticity: JSON.stringify({ internal: false, warnings: [] }) as never,
          extras: "{}" as never,
        })
        .execute();
      return await placeMessage(trx, {
        mailboxId: mailboxes[name],
        folder: { role: "inbox" },
        contentId,
        receivedAt: "2026-03-01T10:00:00.000Z",
      });
    });
  }

  it("has In-Reply-To and References from the message on the server, and lies in its thread", async () => {
    const source = await receive("ann", { messageId: "q@far.example", refs: ["a@far.example", "b@far.example"] });
    const id = newId();
    await save(id, { origin: { kind: "replyAll", sourceId: source.id } });
    expect(await contentOf(id)).toMatchObject({
      in_reply_to: ["q@far.example"],
      refs: ["a@far.example", "b@far.example", "q@far.example"],
    });
    expect((await house.message(id))?.threadId).toBe(source.threadId);

    const [first, none] = [
      await receive("ann", { messageId: "2@far.example", inReplyTo: ["1@far.example"] }),
      await receive("ann", { messageId: "3@far.example" }),
    ];
    const [toFirst, toNone, forward] = [newId(), newId(), newId()];
    await save(toFirst, { origin: { kind: "reply", sourceId: first.id } });
    await save(toNone, { origin: { kind: "reply", sourceId: none.id } });
    await save(forward, { origin: { kind: "forward", sourceId: none.id } });
    expect((await contentOf(toFirst)).refs).toEqual(["1@far.example", "2@far.example"]);
    expect((await contentOf(toNone)).refs).toEqual(["3@far.example"]);
    expect((await contentOf(forward)).refs).toEqual([]);
    expect((await house.message(forward))?.draft).toMatchObject({ kind: "forward", sourceId: none.id });
  });

  it("is tied to nothing that its author may not read", async () => {
    const source = await receive("boss", { messageId: "secret@far.example" });
    const id = newId();
    await save(id, { origin: { kind: "reply", sourceId: source.id } }, { login: "bob", mailbox: "bob" });
    expect(await contentOf(id)).toMatchObject({ in_reply_to: [], refs: [] });
    expect((await house.message(id))?.draft).toEqual({ kind: "reply", rev: 1 });
  });

  it("bounds References at both ends", async () => {
    const refs = Array.from({ length: 500 }, (_, n) => `${n}@far.example`);
    const source = await receive("ann", { messageId: "last@far.example", refs });
    const id = newId();
    await save(id, { origin: { kind: "reply", sourceId: source.id } });
    const { refs: kept } = await contentOf(id);
    expect(kept).toHaveLength(mailLimits.maxReferences);
    expect([kept[0], kept.at(-1)]).toEqual(["0@far.example", "last@far.example"]);
  });
});
