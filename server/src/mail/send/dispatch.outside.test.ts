import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import { linksEndAt, mailLimits } from "@kontor/shared/mail";
import { PreviewFailure } from "#previews";
import { openTicket } from "../../files/signedUrl.ts";
import { createDeal } from "../../objects/objects.fixture.ts";
import { parseMessage } from "../mime/parseMessage.ts";
import { attachmentPlace, type Attachment } from "./attachment.place.ts";
import { mailboxes, openMailHouse, people, signingKey, type MailHouse } from "./send.fixture.ts";
import { dispatchTools } from "./dispatch.fixture.ts";

let house: MailHouse;
beforeAll(async () => {
  house = await openMailHouse();
});
afterAll(() => house.close());
beforeEach(async () => {
  await house.test.pool.query(
    "truncate mail_message, mail_content, mail_thread, mail_outbound, mail_remote_change cascade",
  );
});

const { act, to, draft, scheduled, dispatch, outbound, rawOf, attach, setFields, eur } = dispatchTools(() => house);

/** However it is written; a short one stands in an id by chance. */
const BONUS = /717.?273/;

describe("what people outside get", () => {
  it("large attachments stay here and are fetched by a link that ends", async () => {
    const id = await draft({
      subject: "Large",
      html: "<p>See below</p>",
      to: to("x@far.example", "bob@house.example"),
    });
    await (await attach(id, Buffer.from("small"), { name: "small.txt" })).arrive();
    const large = await attach(id, Buffer.from("large"), { name: "plan <1>.zip", size: mailLimits.linkFromBytes + 1 });
    await large.arrive();
    await act("mail.send", id, { undoSeconds: 0 });
    expect(await dispatch(id)).toBe("sent");
    const { message } = await rawOf(id);
    expect(message.attachments.map(({ name }) => name)).toEqual(["small.txt"]);
    const [, signed = ""] = /https:\/\/office\.example\/f\/([\w.-]+)/.exec(message.html ?? "") ?? [];
    expect(message.text).toContain("plan <1>.zip");
    expect(message.text).toContain(signed);
    const end = linksEndAt(house.clock.now());
    const ticket = openTicket(signed, { key: signingKey, now: end - 1 });
    expect(ticket).toMatchObject({ file: large.fileId, share: id, part: "content" });
    expect(() => openTicket(signed, { key: signingKey, now: end })).toThrow("not valid");

    // Inside, it is the file itself.
    const [got] = await house.messagesIn("bob");
    expect(got?.attachments.map(({ name }) => name)).toEqual(["small.txt", "plan <1>.zip"]);
    expect((await house.body(got?.id ?? ""))?.html).toBe("<p>See below</p>");

    const [file] = (await house.test.pool.query<Attachment>("select * from file where id = $1", [large.fileId])).rows;
    const isShared = (share: string) => (file ? attachmentPlace.isShared(house.test.db, file, share) : false);
    expect(await isShared(id)).toBe(true);
    expect(await isShared(got?.id ?? "")).toBe(false);
    await house.test.pool.query("update mail_message set trashed_at = now() where id = $1", [id]);
    expect(await isShared(id)).toBe(false);
  });

  it("what its author chose is fetched by a link, however small; who is inside has the file, and where all are, it travels", async () => {
    const send = async (...addresses: readonly string[]) => {
      const id = await draft({ html: "<p>See below</p>", to: to(...addresses) });
      const { arrive, fileId } = await attach(id, Buffer.from("small"), { name: "small.txt" });
      await arrive();
      await act("mail.attachAs", id, { fileId, as: "link" });
      await act("mail.send", id, { undoSeconds: 0 });
      return { id, fileId };
    };
    const { id, fileId } = await send("x@far.example", "bob@house.example");
    expect(await dispatch(id)).toBe("sent");
    const { message } = await rawOf(id);
    expect(message.attachments).toEqual([]);
    const [, signed = ""] = /https:\/\/office\.example\/f\/([\w.-]+)/.exec(message.html ?? "") ?? [];
    expect(openTicket(signed, { key: signingKey, now: house.clock.now() })).toMatchObject({ file: fileId, share: id });
    const [got] = await house.messagesIn("bob");
    expect(got?.attachments.map(({ name }) => name)).toEqual(["small.txt"]);

    const inside = await send("bob@house.example");
    expect(await dispatch(inside.id)).toBe("sent");
    expect((await rawOf(inside.id)).message.attachments.map(({ name }) => name)).toEqual(["small.txt"]);

    // Nobody outside could open it: it comes back, with all that hangs in it.
    const unreachable = await send("x@far.example");
    expect(await dispatch(unreachable.id, { publicUrl: undefined })).toBe("failed");
    expect(await house.message(unreachable.id)).toMatchObject({
      send: { state: "failed", reason: "send.noLink", message: expect.stringContaining("small.txt") },
      attachments: [{ name: "small.txt", as: "link" }],
    });
  });

  it("is too much where nobody could fetch it, and inside it is not", async () => {
    const size = mailLimits.linkFromBytes + 1;
    const send = async (address: string) => {
      const id = await draft({ to: to(address) });
      await (await attach(id, Buffer.from(address), { size })).arrive();
      await act("mail.send", id, { undoSeconds: 0 });
      return [await dispatch(id, { publicUrl: undefined }), (await house.message(id))?.send?.reason];
    };
    expect(await send("x@far.example")).toEqual(["failed", "send.tooLarge"]);
    expect(await send("bob@house.example")).toEqual(["sent", undefined]);
  });

  it("a card as its name, and pictures from elsewhere as they were", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Deal <7> & Co", amount: eur("40000") });
    const card = { recordId, type: "deal", title: "As it was called" };
    const id = await scheduled({
      html: '<p>Hi</p><img src="https://pics.example/a.png">',
      to: to("x@far.example", "bob@house.example"),
      cards: [card],
    });
    await dispatch(id);
    const { text, message } = await rawOf(id);
    expect(message.text).toMatch(/^D-\d{4}-\d{4} · Deal <7> & Co$/m);
    expect(message.text).not.toMatch(/40.?000/);
    expect(text).toMatch(/src=(?:3D)?"https:\/\/pics\.example\/a\.png"/);
    const [got] = await house.messagesIn("bob");
    expect(got?.cards).toEqual([card]);
    expect(await house.body(got?.id ?? "")).toMatchObject({ hasRemote: true });
    expect((await house.body(got?.id ?? ""))?.html).not.toContain("Deal");
  });

  it("[CRD-1] the fields of a card that its author chose, as they are when it leaves, and as its author may see them", async () => {
    const related = await createDeal(house.test.db, "ann", { subject: "Frame <1>" });
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply", related: [related], count: 3 });
    const fields = ["bonus", "amount", "responsible", "related", "partner", "end", "subject", "nothing"];
    const outside = { fields, locale: "ru" } as const;
    const id = await scheduled({
      html: "<p>Hi</p>",
      to: to("x@far.example"),
      cards: [{ recordId, type: "deal", title: "Supply", outside }],
    });
    // The partner is of a type that Ann sees nothing of.
    await setFields(recordId, { amount: eur("48200"), bonus: eur("717273"), partner: newId() });
    expect(await dispatch(id)).toBe("sent");
    const { message } = await rawOf(id);
    const said = message.text.replaceAll("\u00a0", " ").split("\n");
    // In the order of the card, each once, and of what Ann sees only.
    expect(said.slice(said.findIndex((line) => line.startsWith("D-")))).toEqual([
      expect.stringMatching(/^D-\d{4}-\d{4} · Supply$/),
      "Amount: 48 200,00 €",
      "Responsible: ann",
      "Related: Frame <1>",
    ]);
    expect(message.html).toContain("Frame &lt;1&gt;");
    expect(JSON.stringify(message)).not.toMatch(BONUS);
  });

  it("[CRD-1] what lies in a sensitive section is in the log before it leaves, and without the right it is not sent", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply" });
    await setFields(recordId, { bonus: eur("717273") });
    const cards = [{ recordId, type: "deal", title: "Supply", outside: { fields: ["bonus"], locale: "en" as const } }];
    const send = async (login: "ann" | "boss") => {
      const id = await scheduled({ to: to("x@far.example"), cards }, login, login);
      expect(await dispatch(id)).toBe("sent");
      return (await rawOf(id)).message.text;
    };
    const reads = async () =>
      (
        await house.test.pool.query(
          "select user_id, details->>'via' as via from audit_entry where action = 'record.sensitiveRead' and object_id = $1",
          [recordId],
        )
      ).rows;
    expect(await send("ann")).not.toMatch(BONUS);
    expect(await reads()).toEqual([]);
    expect(await send("boss")).toContain("Bonus: €717,273.00");
    expect(await reads()).toEqual([{ user_id: people.boss, via: "mail" }]);
  });

  it("[CRD-2] nothing where its author may not read the record any longer: it comes back and says so", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply" });
    const cards = [{ recordId, type: "deal", title: "Supply" }];
    const [outside, inside] = [
      await scheduled({ subject: "Out", to: to("x@far.example"), cards }),
      await scheduled({ subject: "In", to: to("bob@house.example"), cards }),
    ];
    await house.test.pool.query("update record set deleted_at = now() where id = $1", [recordId]);
    expect(await dispatch(outside)).toBe("failed");
    expect((await house.message(outside))?.send).toMatchObject({ state: "failed", reason: "send.cardClosed" });
    expect(await outbound()).toEqual([]);
    // Inside, everybody reads the record itself, or nothing of it.
    expect(await dispatch(inside)).toBe("sent");
  });

  it("[CRD-3] in what goes outside only: who has the message inside downloads bytes without the chosen fields", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply", amount: eur("48200") });
    const cards = [{ recordId, type: "deal", title: "Supply", outside: { fields: ["amount"], locale: "en" as const } }];
    const id = await scheduled({ html: "<p>Hi</p>", to: to("x@far.example", "bob@house.example"), cards });
    expect(await dispatch(id)).toBe("sent");
    const [got] = await house.messagesIn("bob");
    for (const each of [id, got?.id ?? ""]) {
      const { message } = await rawOf(each);
      expect(message.text).toMatch(/^D-\d{4}-\d{4} · Supply$/m);
      expect(message.text).not.toContain("48,200");
    }
    const [row] = await outbound();
    const [sent] = (
      await house.test.pool.query<{ raw_sha256: string }>("select raw_sha256 from mail_content where id = $1", [
        row?.["content_id"],
      ])
    ).rows;
    const parsed = parseMessage(await buffer(await house.blobs.get(sent?.raw_sha256 ?? "")));
    if (parsed.kind !== "parsed") throw new Error(parsed.message);
    expect(parsed.message.text).toContain("Amount: €48,200.00");
    expect(parsed.message.messageId).toBe((await house.message(id))?.messageId);
  });

  it("[CRD-3] its PDF goes outside only, with the same words, and a message of which none can be made comes back", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply", amount: eur("48200") });
    const outside = { fields: ["amount", "bonus"], locale: "en", pdf: true } as const;
    const sending = {
      to: to("x@far.example", "bob@house.example"),
      cards: [{ recordId, type: "deal", title: "S", outside }],
    };
    const id = await scheduled(sending);
    expect(await dispatch(id)).toBe("sent");
    const [got] = await house.messagesIn("bob");
    for (const each of [id, got?.id ?? ""]) expect((await rawOf(each)).message.attachments).toEqual([]);
    const [row] = await outbound();
    const [sent] = (
      await house.test.pool.query<{ raw_sha256: string }>("select raw_sha256 from mail_content where id = $1", [
        row?.["content_id"],
      ])
    ).rows;
    const parsed = parseMessage(await buffer(await house.blobs.get(sent?.raw_sha256 ?? "")));
    if (parsed.kind !== "parsed") throw new Error(parsed.message);
    const [paper] = parsed.message.attachments;
    expect(paper).toMatchObject({
      name: expect.stringMatching(/^D-\d{4}-\d{4} · Supply\.pdf$/),
      mime: "application/pdf",
    });
    const document = Buffer.from(paper?.bytes ?? []).toString();
    expect(document).toContain("€48,200.00");
    expect(document).not.toContain("Bonus");

    const failing = await scheduled(sending);
    const toPdf = async () => {
      throw new PreviewFailure("converterMissing", "LibreOffice is not installed on the server");
    };
    expect(await dispatch(failing, { toPdf })).toBe("failed");
    expect((await house.message(failing))?.send).toMatchObject({ state: "failed", reason: "send.cardPdf" });
  });

  it("importance, the delegate's own address, and a picture in the text", async () => {
    await house.test.pool.query("insert into mailbox_member values ($1, $2, 'sender') on conflict do nothing", [
      mailboxes.boss,
      people.ann,
    ]);
    const id = await draft(
      { html: '<p>Look</p><img src="cid:pic@house">', to: to("x@far.example"), importance: "high" },
      "boss",
    );
    await (await attach(id, Buffer.from("png"), { name: "pic.png", cid: "pic@house" })).arrive();
    await act("mail.send", id, { undoSeconds: 0 });
    expect(await dispatch(id)).toBe("sent");
    const { text, message } = await rawOf(id);
    expect(message.people).toMatchObject({ from: to("boss@house.example"), sender: to("ann@house.example") });
    expect(message.extras.importance).toBe("high");
    expect(message.attachments).toMatchObject([{ cid: "pic@house", inline: true }]);
    expect(text).toMatch(/^Sender: .*ann@house\.example/m);
  });
});

describe("sending on unchanged", () => {
  it("gives the message as it was, from whom it was, behind fields that say by whom", async () => {
    const first = await draft(
      { subject: "Original", html: "<p>As written</p>", to: to("ann@house.example") },
      "bob",
      "bob",
    );
    const fileId = newId();
    const body = Buffer.from("paper");
    const sha256 = createHash("sha256").update(body).digest("hex");
    await act("mail.attach", first, { fileId, name: "a.txt", size: 5, sha256, mime: "text/plain" }, "bob");
    await house.store(fileId, body);
    await act("mail.send", first, { undoSeconds: 0 }, "bob");
    await dispatch(first);
    const [original] = await house.messagesIn("ann");
    const raw = await rawOf(first);
    house.clock.pass(60_000);

    const id = await scheduled({
      subject: "Made up",
      html: "<p>Changed</p>",
      to: to("eve@house.example", "x@far.example"),
      origin: { kind: "redirect", sourceId: original?.id },
    });
    expect(await dispatch(id)).toBe("sent");
    const [got] = await house.messagesIn("eve");
    expect(got).toMatchObject({
      subject: "Original",
      messageId: original?.messageId,
      from: to("bob@house.example"),
      to: to("ann@house.example"),
      sentAt: original?.sentAt,
      attachments: [{ name: "a.txt", state: "stored" }],
    });
    expect(got?.receivedAt).not.toBe(original?.receivedAt);
    const resent = await rawOf(got?.id ?? "");
    expect(resent.text.endsWith(raw.text)).toBe(true);
    expect(resent.text.slice(0, -raw.text.length)).toMatch(
      /^Resent-Date: [^]*^Resent-From: [^]*^Resent-To: [^]*x@far/m,
    );
    const sent = await house.message(id);
    expect(sent).toMatchObject({ subject: "Original", to: to("eve@house.example", "x@far.example") });
    expect((await house.body(id))?.html).toBe("<p>As written</p>");
    const found = async (messageId: string) => {
      const { rows } = await sql<{ words: string[] }>`select tsvector_to_array(words) as words from mail_content c
        join mail_message m on m.content_id = c.id where m.id = ${messageId}`.execute(house.test.db);
      return rows[0]?.words ?? [];
    };
    // The original's subject and text, and those it was sent on to.
    expect(await found(id)).toEqual(expect.arrayContaining(["original", "written", "eve", "far"]));
    expect(await found(id)).not.toContain("changed");
    expect(await found(got?.id ?? "")).toEqual(expect.arrayContaining(["original", "written", "bob", "ann"]));
    expect(resent.text).toContain(`Resent-Message-ID: <${sent?.messageId}>`);
    const [row] = await outbound();
    expect(row).toMatchObject({ recipient: "x@far.example", envelope_from: "ann@house.example" });
    expect(await house.message(original?.id ?? "")).toMatchObject({ forwarded: true });
  });

  it("fails when it is gone", async () => {
    const id = await scheduled({ to: to("eve@house.example"), origin: { kind: "redirect", sourceId: newId() } });
    expect(await dispatch(id)).toBe("failed");
    expect((await house.message(id))?.send).toMatchObject({ reason: "send.sourceGone" });
  });
});
