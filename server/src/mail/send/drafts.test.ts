import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailLimits, type MailIntentName } from "@kontor/shared/mail";
import { readableFile } from "#files";
import { createDeal } from "../../objects/objects.fixture.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { messageTables } from "../messages/messages.repo.ts";
import { draftOf, mailboxes, openMailHouse, type Login, type MailboxName, type MailHouse } from "./send.fixture.ts";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
});
afterAll(() => house.close());

const phone = newId();
const laptop = newId();

async function save(
  id: string,
  draft: Parameters<typeof draftOf>[1],
  { base = 0, login = "ann" as Login, mailbox = login as MailboxName, device = laptop } = {},
) {
  const args = { mailboxId: mailboxes[mailbox], draft: draftOf(mailbox, draft), base };
  return await house.apply(
    house.actor(login, device === "none" ? undefined : device),
    "mail.saveDraft",
    id,
    JSON.parse(JSON.stringify(args)) as never,
  );
}
const act = (name: MailIntentName, id: string, args: object, login: Login = "ann") =>
  house.apply(house.actor(login, laptop), name, id, args as never);
const contentOf = async (id: string) =>
  await messageTables(house.test.db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .selectAll("c")
    .where("m.id", "=", id)
    .executeTakeFirstOrThrow();
const sha256 = "a".repeat(64);
const paper = { name: "offer.pdf", size: 10, sha256, mime: "application/pdf" };

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

describe("attachments of a draft", () => {
  const readable = async (fileId: string, login: Login) =>
    await readableFile(house.test.db, house.places, house.actor(login), fileId).then(
      () => true,
      () => false,
    );

  it("are announced, arrive, and are seen by whoever sees the draft", async () => {
    const [id, fileId] = [newId(), newId()];
    await save(id, {}, { mailbox: "sales" });
    await act("mail.attach", id, { fileId, ...paper, cid: "pic@house" });
    expect((await house.message(id))?.attachments).toMatchObject([
      { id: fileId, state: "awaiting", cid: "pic@house", inline: true },
    ]);
    await house.store(fileId);
    expect((await house.message(id))?.attachments).toMatchObject([{ id: fileId, state: "stored" }]);
    expect(await Promise.all((["ann", "bob", "eve", "boss"] as const).map((who) => readable(fileId, who)))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it("change only while it is a draft, and only by whoever may send it", async () => {
    const [id, fileId] = [newId(), newId()];
    await save(id, { to: [{ address: "bob@house.example" }] }, { mailbox: "sales" });
    const attach = (who: Login) => act("mail.attach", id, { fileId: newId(), ...paper }, who);
    await expect(attach("bob")).rejects.toMatchObject({ details: { reason: "mailbox.forbidden" } });
    await expect(attach("boss")).rejects.toMatchObject({ details: { reason: "message.notFound" } });
    await act("mail.attach", id, { fileId, ...paper });
    await expect(act("mail.attach", id, { fileId, ...paper })).rejects.toMatchObject({
      details: { reason: "file.exists" },
    });
    await expect(act("mail.detach", id, { fileId }, "bob")).rejects.toMatchObject({
      details: { reason: "mailbox.forbidden" },
    });
    await act("mail.detach", id, { fileId });
    expect((await house.message(id))?.attachments).toEqual([]);
    await act("mail.send", id, { undoSeconds: 5 });
    await expect(attach("ann")).rejects.toMatchObject({ details: { reason: "message.left" } });
    await expect(act("mail.detach", id, { fileId })).rejects.toMatchObject({ details: { reason: "message.left" } });
  });

  it("go outside as a link where their author chose that, and both drafts keep the choice", async () => {
    const [id, small, picture] = [newId(), newId(), newId()];
    await save(id, { to: [{ address: "bob@house.example" }] }, { mailbox: "sales" });
    await act("mail.attach", id, { fileId: small, ...paper });
    await act("mail.attach", id, { fileId: picture, ...paper, cid: "pic@house", as: "link" });
    const chosen = async (draftId = id) => (await house.message(draftId))?.attachments.map(({ as }) => as);
    expect(await chosen()).toEqual([undefined, undefined]);
    for (const fileId of [small, picture]) await act("mail.attachAs", id, { fileId, as: "link" });
    expect(await chosen()).toEqual(["link", undefined]);
    await expect(act("mail.attachAs", id, { fileId: small, as: "file" }, "bob")).rejects.toMatchObject({
      details: { reason: "mailbox.forbidden" },
    });
    await expect(act("mail.attachAs", id, { fileId: newId(), as: "file" })).rejects.toMatchObject({
      details: { reason: "message.notFound" },
    });
    for (const fileId of [small, picture]) await house.store(fileId);
    const beside = await save(id, { subject: "Beside" }, { mailbox: "sales", device: newId() });
    const kept = (beside as { data?: { conflictDraftId?: string } }).data?.conflictDraftId ?? "";
    expect(await chosen(kept)).toEqual(["link", undefined]);
    await act("mail.send", id, { undoSeconds: 60 });
    await expect(act("mail.attachAs", id, { fileId: small, as: "file" })).rejects.toMatchObject({
      details: { reason: "message.left" },
    });
  });

  it("of another message or a record are attached by whoever sees them there", async () => {
    const [from, to, bobs, fileId] = [newId(), newId(), newId(), newId()];
    await save(from, {});
    await save(to, {});
    await save(bobs, {}, { login: "bob" });
    await act("mail.attach", from, { fileId, ...paper });
    await expect(act("mail.attachStored", to, { fileId: newId(), sourceFileId: fileId })).rejects.toMatchObject({
      code: "unavailable",
      details: { reason: "file.awaiting" },
    });
    await house.store(fileId);
    const copy = newId();
    await act("mail.attachStored", to, { fileId: copy, sourceFileId: fileId, name: "copy.pdf" });
    expect((await house.message(to))?.attachments).toMatchObject([{ id: copy, name: "copy.pdf", state: "stored" }]);
    const stolen = act("mail.attachStored", bobs, { fileId: newId(), sourceFileId: fileId }, "bob");
    await expect(stolen).rejects.toMatchObject({ details: { reason: "file.notFound" } });

    const deal = await createDeal(house.test.db, "ann", {});
    const paperOf = async (field: string) => {
      const paperId = newId();
      const at = { created_at: "2026-03-01T10:00:00.000Z", created_by: house.actor("ann").subject.id };
      await house.test.db
        .transaction()
        .execute((trx) =>
          house.keepFiles(trx, [{ id: paperId, record_id: deal, field, ...paper, name: "deal.pdf", ...at }]),
        );
      return paperId;
    };
    const attached = newId();
    await act("mail.attachStored", to, { fileId: attached, sourceFileId: await paperOf("papers") });
    expect((await house.message(to))?.attachments.map(({ name }) => name)).toEqual(["copy.pdf", "deal.pdf"]);
    await expect(
      act("mail.attachStored", to, { fileId: newId(), sourceFileId: await paperOf("slips") }),
    ).rejects.toMatchObject({ details: { reason: "file.notFound" } });
  });

  it("tell replicas of their message when they change, in whichever mailboxes it lies", async () => {
    const [id, fileId] = [newId(), newId()];
    await save(id, {});
    await act("mail.attach", id, { fileId, ...paper });
    const { content_id: contentId } = await messageTables(house.test.db)
      .selectFrom("mail_message")
      .select("content_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const copy = await house.test.db.transaction().execute((trx) =>
      placeMessage(trx, {
        mailboxId: mailboxes.bob,
        folder: { role: "inbox" },
        contentId,
        receivedAt: "2026-03-01T10:00:00.000Z",
      }),
    );
    await house.test.pool.query("truncate change_log");
    await house.test.db
      .transaction()
      .execute((trx) => house.rows.update(trx, { ids: [fileId] }, { preview_state: "ready" }));
    const { rows } = await house.test.pool.query<{ collection: string; row_id: string }>(
      "select collection, row_id from change_log",
    );
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(expect.arrayContaining([id, copy.id].map((row_id) => ({ collection: "messages", row_id }))));
  });

  it("of a sensitive section are written down as read", async () => {
    const boss = newId();
    await save(boss, {}, { login: "boss" });
    const deal = await createDeal(house.test.db, "ann", {});
    const fileId = newId();
    const at = { created_at: "2026-03-01T10:00:00.000Z", created_by: house.actor("ann").subject.id };
    await house.test.db
      .transaction()
      .execute((trx) => house.keepFiles(trx, [{ id: fileId, record_id: deal, field: "slips", ...paper, ...at }]));
    await act("mail.attachStored", boss, { fileId: newId(), sourceFileId: fileId }, "boss");
    const { rows } = await house.test.pool.query(
      "select user_id, object_id, details from audit_entry where action = 'record.sensitiveRead'",
    );
    expect(rows).toEqual([
      { user_id: house.actor("boss").subject.id, object_id: deal, details: { via: "file", sections: ["pay"] } },
    ]);
  });

  it("are bounded in number", async () => {
    const id = newId();
    await save(id, {});
    const { content_id: contentId } = await messageTables(house.test.db)
      .selectFrom("mail_message")
      .select("content_id")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const at = { created_at: "2026-03-01T10:00:00.000Z", created_by: null };
    const many = Array.from({ length: mailLimits.maxAttachments }, (_, part_position) => ({
      id: newId(),
      mail_content_id: contentId,
      part_position,
      ...paper,
      ...at,
    }));
    await house.test.db.transaction().execute((trx) => house.keepFiles(trx, many));
    await expect(act("mail.attach", id, { fileId: newId(), ...paper })).rejects.toMatchObject({
      details: { reason: "draft.tooManyAttachments" },
    });
  });
});

describe("sending a draft", () => {
  const draftTo = async (addresses: readonly string[], mailbox: MailboxName = "ann") => {
    const id = newId();
    await save(id, { to: addresses.map((address) => ({ address })) }, { mailbox });
    return id;
  };

  it("puts it into the outbox until its moment", async () => {
    const id = await draftTo(["bob@house.example", "client@far.example"]);
    const { data } = await act("mail.send", id, { undoSeconds: 15 });
    expect(data).toEqual({ at: new Date(house.clock.now() + 15_000).toISOString() });
    const sent = await house.message(id);
    expect(sent).toMatchObject({ send: { state: "scheduled", ...(data as object) } });
    expect(await house.folderRole(sent)).toBe("outbox");

    const followUpAt = "2026-04-01T08:00:00.000Z";
    const followed = await draftTo(["bob@house.example"]);
    await act("mail.send", followed, { undoSeconds: 5, followUpAt });
    expect(await house.message(followed)).toMatchObject({ followUpAt });

    const later = await draftTo(["bob@house.example"]);
    const at = new Date(house.clock.now() + 3_600_000).toISOString();
    expect(await act("mail.send", later, { undoSeconds: 5, at })).toMatchObject({ data: { at } });
    const missed = await draftTo(["bob@house.example"]);
    const past = new Date(house.clock.now() - 3_600_000).toISOString();
    expect(await act("mail.send", missed, { undoSeconds: 0, at: past })).toMatchObject({
      data: { at: new Date(house.clock.now()).toISOString() },
    });
    const far = new Date(house.clock.now() + 400 * 86_400_000).toISOString();
    await expect(
      act("mail.send", await draftTo(["bob@house.example"]), { undoSeconds: 0, at: far }),
    ).rejects.toMatchObject({ details: { reason: "send.tooFarAhead" } });
  });

  it("refuses by name those of this house whom nobody is", async () => {
    const id = await draftTo(["bob@house.example", "nobody@house.example", "gone@HOUSE.example", "x@far.example"]);
    await expect(act("mail.send", id, { undoSeconds: 0 })).rejects.toMatchObject({
      message: "Nobody here has the address nobody@house.example, gone@HOUSE.example.",
      details: {
        reason: "send.unknownRecipient",
        problems: [
          { field: "to", reason: "send.unknownAddress", limit: "nobody@house.example" },
          { field: "to", reason: "send.unknownAddress", limit: "gone@HOUSE.example" },
        ],
      },
    });
    expect(await house.message(id)).toMatchObject({ send: { state: "draft" } });
    for (const address of ["all@house.example", "Anna.Kovacs@house.example", "bob+offers@house.example"])
      await expect(act("mail.send", await draftTo([address]), { undoSeconds: 0 })).resolves.toBeDefined();
  });

  it("refuses nobody, a crowd, a closed mailbox and an attachment that was refused", async () => {
    const refused = async (id: string) =>
      await act("mail.send", id, { undoSeconds: 0 }).then(
        () => "sent",
        (error: { details: { reason: string } }) => error.details.reason,
      );
    expect(await refused(await draftTo([]))).toBe("send.nobody");
    const crowd = newId();
    const people = (from: number) => Array.from({ length: 300 }, (_, n) => ({ address: `p${from + n}@far.example` }));
    await save(crowd, { to: people(0), cc: people(300) });
    expect(await refused(crowd)).toBe("send.tooManyRecipients");

    const [id, fileId] = [await draftTo(["bob@house.example"]), newId()];
    await act("mail.attach", id, { fileId, ...paper });
    await house.test.db
      .transaction()
      .execute((trx) => house.rows.update(trx, { ids: [fileId] }, { state: "refused", refusal: "checksumMismatch" }));
    expect(await refused(id)).toBe("send.attachmentRefused");

    const closed = await draftTo(["bob@house.example"], "sales");
    await house.test.pool.query("update mailbox set disabled_at = now() where id = $1", [mailboxes.sales]);
    expect(await refused(closed)).toBe("mailbox.disabled");
    await house.test.pool.query("update mailbox set disabled_at = null where id = $1", [mailboxes.sales]);
  });

  it("is for those who may, and undone by them", async () => {
    const id = await draftTo(["client@far.example"], "sales");
    await expect(act("mail.send", id, { undoSeconds: 5 }, "bob")).rejects.toMatchObject({
      details: { reason: "mailbox.forbidden" },
    });
    await act("mail.send", id, { undoSeconds: 5 });
    await expect(act("mail.cancelSend", id, {}, "bob")).rejects.toMatchObject({
      details: { reason: "mailbox.forbidden" },
    });
    await expect(act("mail.cancelSend", id, {}, "boss")).rejects.toMatchObject({
      details: { reason: "message.notFound" },
    });
    await act("mail.cancelSend", id, {});
    const back = await house.message(id);
    expect(back).toMatchObject({ send: { state: "draft" } });
    expect(back?.send).not.toHaveProperty("at");
    expect(await house.folderRole(back)).toBe("drafts");
    await expect(act("mail.cancelSend", id, {})).resolves.toEqual({ status: "applied" });
  });

  it("discards for good, with what hung in it", async () => {
    const [id, fileId] = [await draftTo(["client@far.example"], "sales"), newId()];
    await act("mail.attach", id, { fileId, ...paper });
    await expect(act("mail.discardDraft", id, {}, "bob")).rejects.toMatchObject({
      details: { reason: "mailbox.forbidden" },
    });
    await act("mail.discardDraft", id, {});
    expect(await house.message(id)).toBeUndefined();
    const { rows } = await house.test.pool.query("select from file where id = $1", [fileId]);
    expect(rows).toEqual([]);
    const left = await draftTo(["client@far.example"]);
    await act("mail.send", left, { undoSeconds: 5 });
    await expect(act("mail.discardDraft", left, {})).rejects.toMatchObject({ details: { reason: "message.left" } });
  });
});
