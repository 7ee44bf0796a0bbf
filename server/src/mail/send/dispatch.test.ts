import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DomainError, newId } from "@kontor/shared/base";
import { storageUnreachable, type BlobStore } from "#files";
import { createDeal } from "../../objects/objects.fixture.ts";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { insertLinks } from "../messages/linkRecord.ts";
import { findLinksOf, messageTables } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { createDispatcher } from "./dispatcher.ts";
import { findDue } from "./drafts.repo.ts";
import { draftOf, mailboxes, openMailHouse, people, type MailboxName, type MailHouse } from "./send.fixture.ts";
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

const { act, to, draft, scheduled, dispatch, outbound, count, rawOf, summary, attach } = dispatchTools(() => house);

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
