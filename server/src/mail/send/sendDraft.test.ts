import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { mailboxes, openMailHouse, paper, writesIn, type MailboxName, type MailHouse } from "./send.fixture.ts";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
});
afterAll(() => house.close());

const { act, save } = writesIn(() => house);

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
