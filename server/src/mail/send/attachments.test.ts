import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import { readableFile } from "#files";
import { createDeal } from "../../objects/objects.fixture.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { messageTables } from "../messages/messages.repo.ts";
import { mailboxes, openMailHouse, paper, writesIn, type Login, type MailHouse } from "./send.fixture.ts";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
});
afterAll(() => house.close());

const { act, save } = writesIn(() => house);

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
