import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DomainError, newId } from "@kontor/shared/base";
import { mailLimits, type MailIntentName } from "@kontor/shared/mail";
import { storageUnreachable, type BlobStore } from "#files";
import { PreviewFailure } from "#previews";
import { openTicket } from "../../files/signedUrl.ts";
import { createDeal } from "../../objects/objects.fixture.ts";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { insertLinks } from "../messages/linkRecord.ts";
import { findLinksOf, messageTables } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { parseMessage } from "../mime/parseMessage.ts";
import { attachmentPlace, type Attachment } from "./attachment.place.ts";
import { dispatchMessage } from "./dispatchMessage.ts";
import { createDispatcher } from "./dispatcher.ts";
import { findDue } from "./drafts.repo.ts";
import { LINK_MS } from "./outgoing.ts";
import {
  draftOf,
  mailboxes,
  openMailHouse,
  people,
  signingKey,
  type Login,
  type MailboxName,
  type MailHouse,
} from "./send.fixture.ts";

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

const act = (name: MailIntentName, id: string, args: object, login: Login = "ann") =>
  house.apply(house.actor(login), name, id, JSON.parse(JSON.stringify(args)) as never);
const to = (...addresses: readonly string[]) => addresses.map((address) => ({ address }));

async function draft(content: Parameters<typeof draftOf>[1], mailbox: MailboxName = "ann", login: Login = "ann") {
  const id = newId();
  await act("mail.saveDraft", id, { mailboxId: mailboxes[mailbox], draft: draftOf(mailbox, content), base: 0 }, login);
  return id;
}
async function scheduled(content: Parameters<typeof draftOf>[1], mailbox: MailboxName = "ann", login: Login = "ann") {
  const id = await draft(content, mailbox, login);
  await act("mail.send", id, { undoSeconds: 0 }, login);
  return id;
}
const dispatch = (id: string, over?: Parameters<MailHouse["dispatch"]>[0]) => dispatchMessage(house.dispatch(over), id);
const outbound = async () =>
  (await house.test.pool.query("select * from mail_outbound order by recipient")).rows as Record<string, unknown>[];
const count = async (table: string) =>
  Number(((await house.test.pool.query(`select count(*) as n from ${table}`)).rows[0] as { n: number }).n);

async function rawOf(id: string) {
  const { raw_sha256: sha256 } = await messageTables(house.test.db)
    .selectFrom("mail_message as m")
    .innerJoin("mail_content as c", "c.id", "m.content_id")
    .select("c.raw_sha256")
    .where("m.id", "=", id)
    .executeTakeFirstOrThrow();
  const bytes = await buffer(await house.blobs.get(sha256 ?? ""));
  const parsed = parseMessage(bytes);
  if (parsed.kind !== "parsed") throw new Error(parsed.message);
  return { bytes, text: bytes.toString("latin1"), message: parsed.message };
}
const summary = async (name: MailboxName) =>
  await Promise.all(
    (await house.messagesIn(name)).map(async (message) => [await house.folderRole(message), message.subject]),
  );
async function attach(id: string, body: Buffer, more: { name?: string; size?: number; cid?: string } = {}) {
  const fileId = newId();
  const sha256 = createHash("sha256").update(body).digest("hex");
  const file = { name: "offer.txt", size: body.length, mime: "text/plain", sha256, ...more };
  await act("mail.attach", id, { fileId, ...file });
  return { fileId, arrive: () => house.store(fileId, body) };
}

const setFields = (recordId: string, fields: object) =>
  house.test.pool.query("update record set fields = fields || $2::jsonb where id = $1", [
    recordId,
    JSON.stringify(fields),
  ]);
const eur = (amount: string) => ({ amount: `${amount}.00`, currency: "EUR" });

describe("a message leaves", () => {
  it("[DSP-3] to every mailbox once, by whatever names, and what it says is stored once", async () => {
    const id = await draft({
      subject: "To all",
      html: "<p>Hello</p>",
      to: to("all@house.example", "bob@house.example"),
      cc: to("Anna.Kovacs@house.example"),
      bcc: to("boss@house.example"),
    });
    await (await attach(id, Buffer.from("an offer"))).arrive();
    await act("mail.send", id, { undoSeconds: 0 });
    house.clock.pass(1_000);
    expect(await dispatch(id)).toBe("sent");
    expect(await summary("ann")).toEqual([
      ["sent", "To all"],
      ["inbox", "To all"],
    ]);
    for (const name of ["bob", "eve", "boss"] as const) expect(await summary(name)).toEqual([["inbox", "To all"]]);
    expect([await count("mail_content"), await count("file"), await count("mail_message")]).toEqual([1, 1, 5]);
    expect(await outbound()).toEqual([]);

    const sent = await house.message(id);
    expect(sent).toMatchObject({
      send: { state: "sent", by: people.ann, at: new Date(house.clock.now()).toISOString() },
      bcc: to("boss@house.example"),
      sentAt: new Date(house.clock.now() - 1_000).toISOString(),
      receivedAt: new Date(house.clock.now()).toISOString(),
    });
    expect(sent).not.toHaveProperty("draft");
    for (const name of ["bob", "boss"] as const) {
      const [got] = await house.messagesIn(name);
      expect(got).toMatchObject({ seen: false, authenticity: { internal: true }, attachments: [{ state: "stored" }] });
      expect(got).not.toHaveProperty("bcc");
      expect(got).not.toHaveProperty("send");
    }
    const { text, message } = await rawOf(id);
    expect(text).not.toMatch(/boss@|^bcc:/im);
    expect(message).toMatchObject({ messageId: sent?.messageId, subject: "To all", text: "Hello" });
    expect(message.attachments.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()])).toEqual([
      ["offer.txt", "an offer"],
    ]);
  });

  it("to the outside by one row a recipient, with an envelope that bounces come back to", async () => {
    const id = await scheduled(
      { to: to("Client@Far.example", "client@far.example"), cc: to("b@other.example", "bob@house.example") },
      "sales",
    );
    expect(await dispatch(id)).toBe("sent");
    const rows = await outbound();
    expect(rows).toMatchObject([
      { recipient: "Client@Far.example", domain: "far.example", envelope_from: "sales@house.example" },
      { recipient: "b@other.example", domain: "other.example", state: "waiting", account_id: null, message_id: id },
    ]);
    expect(new Set(rows.map(({ envelope_id }) => envelope_id)).size).toBe(1);
    expect((await house.message(id))?.deliveries).toMatchObject([{ state: "waiting" }, { state: "waiting" }]);
    expect(await summary("bob")).toHaveLength(1);
  });

  it("through the provider of an account elsewhere, to people of this house, too", async () => {
    const id = await scheduled({ subject: "x", to: to("bob@house.example", "client@far.example") }, "elsewhere");
    expect(await dispatch(id)).toBe("sent");
    expect(await outbound()).toMatchObject([
      { recipient: "bob@house.example", account_id: mailboxes.elsewhere, envelope_from: "ann@provider.example" },
      { recipient: "client@far.example", account_id: mailboxes.elsewhere },
    ]);
    expect(await summary("bob")).toEqual([]);
    const { rows } = await house.test.pool.query("select kind, message_id from mail_remote_change");
    expect(rows).toEqual([{ kind: "append", message_id: id }]);
  });

  it("marks what it answers or sends on, and belongs to the records that belongs to", async () => {
    const deal = await createDeal(house.test.db, "ann", {});
    const other = await createDeal(house.test.db, "ann", {});
    const first = await scheduled({ subject: "Question", to: to("ann@house.example") }, "bob", "bob");
    await dispatch(first);
    const [question] = await house.messagesIn("ann");
    if (!question) throw new Error("nothing came");
    const at = "2026-03-01T10:00:00.000Z";
    const link = { mailboxId: mailboxes.ann, threadId: question.threadId, how: "hand" as const, at };
    await house.test.db.transaction().execute((trx) =>
      insertLinks(trx, [
        { id: newId(), ...link, recordId: deal },
        { id: newId(), ...link, messageId: question.id, recordId: other },
      ]),
    );
    const answer = await scheduled({
      subject: "Re: Question",
      to: to("bob@house.example"),
      origin: { kind: "reply", sourceId: question.id },
    });
    await dispatch(answer);
    const forward = await scheduled({
      to: to("eve@house.example"),
      origin: { kind: "forward", sourceId: question.id },
    });
    await dispatch(forward);
    expect(await house.message(question.id)).toMatchObject({ answered: true, forwarded: true });
    expect(await house.message(first)).toMatchObject({ answered: false });

    const linked = async (name: MailboxName) =>
      (await findLinksOf(house.test.db, { mailboxIds: [mailboxes[name]] })).map(
        ({ message_id, record_id, created_by }) =>
          `${message_id ?? "thread"} ${record_id === deal ? "deal" : "other"} ${created_by === null ? "" : "by"}`,
      );
    const [, got] = await house.messagesIn("bob");
    const [forwarded] = await house.messagesIn("eve");
    expect((await linked("bob")).toSorted()).toEqual([`${got?.id} deal by`, `${got?.id} other by`]);
    expect((await linked("eve")).toSorted()).toEqual([`${forwarded?.id} deal by`, `${forwarded?.id} other by`]);
    // The answer lies in a thread that is linked as a whole.
    const own = await linked("ann");
    expect(own).not.toContain(`${answer} deal by`);
    expect(own).toContain(`${answer} other by`);
    expect(own).toContain(`${forward} deal by`);
  });

  it("marks nothing in a mailbox that its author may only read", async () => {
    const question = await house.test.db.transaction().execute(async (trx) => {
      const [{ content_id: contentId } = { content_id: "" }] = await messageTables(trx)
        .selectFrom("mail_message")
        .select("content_id")
        .where("id", "=", await scheduled({ subject: "Q", to: to("bob@house.example") }))
        .execute();
      return await placeMessage(trx, {
        mailboxId: mailboxes.sales,
        folder: { role: "inbox" },
        contentId,
        receivedAt: "2026-03-01T10:00:00.000Z",
      });
    });
    const origin = { kind: "reply" as const, sourceId: question.id };
    await dispatch(await scheduled({ to: to("bob@house.example"), origin }, "eve", "eve"));
    expect(await house.message(question.id)).toMatchObject({ answered: false });
    await dispatch(await scheduled({ to: to("eve@house.example"), origin }, "bob", "bob"));
    expect(await house.message(question.id)).toMatchObject({ answered: true });
  });

  it("waits for its moment and for its attachments, and not longer than anybody would send them", async () => {
    const now = () => new Date(house.clock.now()).toISOString();
    const due = (awaitedSince = "2020-01-01T00:00:00.000Z") =>
      findDue(house.test.db, { now: now(), awaitedSince, limit: 10 });
    const id = await draft({ to: to("bob@house.example") });
    const { arrive, fileId } = await attach(id, Buffer.from("late"));
    await act("mail.send", id, { undoSeconds: 30 });
    house.clock.pass(29_000);
    expect(await due()).toEqual([]);
    house.clock.pass(1_000);
    expect(await due()).toEqual([]);
    expect(await due(now())).toEqual([id]);
    await arrive();
    expect(await due()).toEqual([id]);

    await house.test.pool.query("update file set state = 'awaiting' where id = $1", [fileId]);
    expect(await dispatch(id)).toBe("failed");
    expect((await house.message(id))?.send).toMatchObject({ state: "failed", reason: "send.attachmentMissing" });
  });
});

describe("[DSP-1] [DSP-5] what may no longer leave goes back to the drafts and says why", () => {
  const expectGivenBack = async (id: string, reason: string) => {
    const message = await house.message(id);
    expect(message).toMatchObject({ send: { state: "failed", reason }, draft: { rev: 1 } });
    expect(message?.send?.message).toBeTruthy();
    expect(await house.folderRole(message)).toBe("drafts");
    expect(await outbound()).toEqual([]);
    expect(await summary("bob")).toEqual([]);
  };

  it("when its author lost the mailbox, and when they are gone", async () => {
    const id = await scheduled({ to: to("bob@house.example", "x@far.example") }, "sales");
    const gone = await scheduled({ to: to("bob@house.example") });
    const leave = "delete from mailbox_member where mailbox_id = $1 and user_id = $2";
    await house.test.pool.query(leave, [mailboxes.sales, people.ann]);
    expect(await dispatch(id)).toBe("failed");
    await expectGivenBack(id, "mailbox.notFound");
    await house.test.pool.query("insert into mailbox_member values ($1, $2, 'sender')", [mailboxes.sales, people.ann]);
    expect(await dispatch(gone, { loadSubject: async () => undefined })).toBe("failed");
    await expectGivenBack(gone, "send.authorGone");

    // Mended, it leaves like any other, once.
    await act("mail.send", id, { undoSeconds: 0 });
    expect(await dispatch(id)).toBe("sent");
    expect(await summary("bob")).toHaveLength(1);
    expect((await house.message(id))?.send).not.toHaveProperty("reason");
  });

  it("when a recipient is gone: then nobody gets it, and a save makes it a draft again", async () => {
    const id = await scheduled({ to: to("bob@house.example", "eve@house.example", "x@far.example") });
    await house.test.pool.query("update mailbox set disabled_at = now() where id = $1", [mailboxes.eve]);
    expect(await dispatch(id)).toBe("failed");
    await house.test.pool.query("update mailbox set disabled_at = null where id = $1", [mailboxes.eve]);
    await expectGivenBack(id, "send.unknownRecipient");
    const args = { mailboxId: mailboxes.ann, draft: draftOf("ann", { to: to("bob@house.example") }), base: 1 };
    await act("mail.saveDraft", id, args);
    const message = await house.message(id);
    expect(message?.send).toEqual({ state: "draft", by: people.ann });
  });
});

/** As if the database failed in the middle of the transaction. */
async function whileBroken<T>(run: () => Promise<T>): Promise<T> {
  const { pool } = house.test;
  const check = "check (send_state is distinct from 'sent') not valid";
  await pool.query(`alter table mail_message add constraint broken ${check}`);
  return await run().finally(() => pool.query("alter table mail_message drop constraint broken"));
}

describe("faults of ours", () => {
  it("[DSP-5] are tried again, each time later, and lose nothing", async () => {
    const id = await scheduled({ to: to("bob@house.example") });
    const away: BlobStore = { ...house.blobs, put: async () => Promise.reject(storageUnreachable()) };
    const retryAt = async () => {
      const { rows } = await house.test.pool.query<{ at: string }>(
        "select send_retry_at as at from mail_message where id = $1",
        [id],
      );
      return Date.parse(rows[0]?.at ?? "") - house.clock.now();
    };
    expect(await dispatch(id, { blobs: away })).toBe("postponed");
    const first = await retryAt();
    expect(first).toBeGreaterThan(0);
    const due = { now: new Date(house.clock.now()).toISOString(), awaitedSince: "2020-01-01T00:00:00.000Z", limit: 10 };
    expect(await findDue(house.test.db, due)).toEqual([]);
    expect(await dispatch(id, { blobs: away })).toBe("postponed");
    expect(await retryAt()).toBeGreaterThan(first);
    expect(await house.message(id)).toMatchObject({ send: { state: "scheduled" } });
    expect(await whileBroken(() => dispatch(id))).toBe("postponed");
    expect([await count("mail_outbound"), await summary("bob")]).toEqual([0, []]);
    house.clock.pass(24 * 3_600_000);
    expect(await dispatch(id)).toBe("sent");
    expect(await summary("bob")).toHaveLength(1);
  });

  it("end with words and a number to ask about, not never", async () => {
    const id = await scheduled({ to: to("bob@house.example") });
    await house.test.pool.query("update mail_message set send_attempts = 59 where id = $1", [id]);
    expect(await whileBroken(() => dispatch(id))).toBe("failed");
    expect((await house.message(id))?.send).toMatchObject({ state: "failed", reason: "send.internal" });
    expect((await house.message(id))?.send?.message).not.toContain("broken");
  });
});

describe("[DSP-4] leaving and calling back", () => {
  it("never both happen, whoever is first", async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 30; round++) {
      const id = await scheduled({ subject: String(round), to: to("bob@house.example") });
      const cancel = () =>
        act("mail.cancelSend", id, {}).then(
          () => "called back",
          (error: unknown) => (error instanceof DomainError ? error.details.reason : "broken"),
        );
      const [left, back] =
        round % 2
          ? await Promise.all([dispatch(id), cancel()])
          : (await Promise.all([cancel(), dispatch(id)])).toReversed();
      outcomes.add(`${left} / ${back}`);
      const got = (await summary("bob")).filter(([, subject]) => subject === String(round));
      expect(got).toHaveLength(left === "sent" ? 1 : 0);
      expect(await house.folderRole(await house.message(id))).toBe(left === "sent" ? "sent" : "drafts");
    }
    expect([...outcomes].toSorted().every((each) => ["busy / called back", "sent / message.left"].includes(each))).toBe(
      true,
    );
  });

  it("called back while it is being built, it stays, changed and sent anew, it leaves as it is then", async () => {
    const id = await scheduled({ subject: "old", to: to("bob@house.example") });
    const slow: BlobStore = {
      ...house.blobs,
      put: async (...args) => {
        const stat = await house.blobs.put(...args);
        await act("mail.cancelSend", id, {});
        return stat;
      },
    };
    expect(await dispatch(id, { blobs: slow })).toBe("busy");
    expect(await house.message(id)).toMatchObject({ send: { state: "draft" } });
    expect(await summary("bob")).toEqual([]);

    await act("mail.send", id, { undoSeconds: 0 });
    const again: BlobStore = {
      ...house.blobs,
      put: async (...args) => {
        const stat = await house.blobs.put(...args);
        await act("mail.cancelSend", id, {});
        const args2 = {
          mailboxId: mailboxes.ann,
          draft: draftOf("ann", { subject: "new", to: to("bob@house.example") }),
        };
        await act("mail.saveDraft", id, { ...args2, base: 1 });
        await act("mail.send", id, { undoSeconds: 0 });
        return stat;
      },
    };
    expect(await dispatch(id, { blobs: again })).toBe("busy");
    expect(await dispatch(id)).toBe("sent");
    expect(await summary("bob")).toEqual([["inbox", "new"]]);
    expect((await rawOf(id)).message.subject).toBe("new");
  });

  it("several nodes send each message once", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 12; n++)
      ids.push(await scheduled({ subject: String(n), to: to("bob@house.example", "x@far.example") }));
    const nodes = Array.from({ length: 3 }, () => createDispatcher(house.dispatch()));
    for (const node of nodes) node.start();
    await expect.poll(() => count("mail_outbound"), { timeout: 10_000 }).toBe(12);
    await Promise.all(nodes.map((node) => node.stop()));
    const subjects = (await summary("bob")).map(([, subject]) => subject);
    expect(subjects.toSorted()).toEqual(ids.map((_, n) => String(n)).toSorted());
    expect(await count("mail_outbound")).toBe(12);
  });

  it("[BLD-1] the same bytes are built in every attempt", async () => {
    const id = await scheduled({ subject: "again", html: "<p>x</p>", to: to("bob@house.example") });
    const put: string[] = [];
    const noting: BlobStore = {
      ...house.blobs,
      put: async (...args) => {
        const stat = await house.blobs.put(...args);
        put.push(stat.sha256);
        return stat;
      },
    };
    await whileBroken(() => dispatch(id, { blobs: noting }));
    house.clock.pass(3_600_000);
    await dispatch(id, { blobs: noting });
    expect(put).toHaveLength(2);
    expect(new Set(put).size).toBe(1);
  });
});

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
    const now = house.clock.now();
    const ticket = openTicket(signed, { key: signingKey, now: now + LINK_MS - 1 });
    expect(ticket).toMatchObject({ file: large.fileId, share: id, part: "content" });
    expect(() => openTicket(signed, { key: signingKey, now: now + LINK_MS })).toThrow("not valid");

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
    expect(message.text).not.toContain("40");
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
    await setFields(recordId, { amount: eur("48200"), bonus: eur("777"), partner: newId() });
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
    expect(JSON.stringify(message)).not.toContain("777");
  });

  it("[CRD-1] what lies in a sensitive section is in the log before it leaves, and without the right it is not sent", async () => {
    const recordId = await createDeal(house.test.db, "ann", { subject: "Supply" });
    await setFields(recordId, { bonus: eur("777") });
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
    expect(await send("ann")).not.toContain("777");
    expect(await reads()).toEqual([]);
    expect(await send("boss")).toContain("Bonus: €777.00");
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

it("goes to a hundred mailboxes and is stored once", async () => {
  const hundred = Array.from({ length: 100 }, (_, n) => ({
    id: newId(),
    kind: "shared" as const,
    name: `Desk ${n}`,
    address: `desk${n}@house.example`,
  }));
  await house.test.db.transaction().execute((trx) => createMailboxes(trx, hundred));
  const id = await draft({ subject: "Everybody", to: to(...hundred.map(({ address }) => address)) });
  await (await attach(id, Buffer.from("once"))).arrive();
  await act("mail.send", id, { undoSeconds: 0 });
  const blobs = await count("blob");
  expect(await dispatch(id)).toBe("sent");
  expect([await count("mail_content"), await count("file"), await count("mail_message")]).toEqual([1, 1, 101]);
  // Beside the attachment there is one body: the raw message.
  expect(await count("blob")).toBe(blobs + 1);
  const { rows } = await house.test.pool.query("select distinct mailbox_id from mail_message");
  expect(rows).toHaveLength(101);
});
