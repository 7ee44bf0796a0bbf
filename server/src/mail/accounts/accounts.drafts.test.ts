import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import type { Draft } from "@kontor/shared/mail";
import { createSeal } from "#kernel";
import { startDovecot, type Dovecot, type DovecotOptions } from "../../../test/mail/dovecot.ts";
import { dispatchMessage } from "../send/dispatchMessage.ts";
import { openMailHouse, people, type MailHouse } from "../send/send.fixture.ts";
import { AccountFailure } from "./account.failure.ts";
import { createAccountSync } from "./account.sync.ts";
import { openBoth, pictureThere, type Both, type House } from "./accounts.fixture.ts";
import { createCredentials } from "./credentials.ts";
import type { ImapSession } from "./imap.port.ts";

let mail: MailHouse;
let house: House;
beforeAll(async () => {
  mail = await openMailHouse();
  const seal = createSeal(randomBytes(32));
  const { test, blobs, clock } = mail;
  house = {
    test,
    db: test.db,
    blobs,
    annId: people.ann,
    credentials: createCredentials({ db: test.db, seal, clock, providers: [], fetch }),
    stop: () => mail.close(),
  };
});
afterAll(() => house.stop());

const servers: Readonly<Record<string, DovecotOptions>> = {
  QRESYNC: {},
  "neither CONDSTORE nor UIDPLUS": { without: ["CONDSTORE", "QRESYNC", "MOVE", "UIDPLUS", "ESEARCH", "LIST-STATUS"] },
};

describe.each(Object.entries(servers))("drafts of an account, with %s", (_name, options) => {
  let dovecot: Dovecot;
  beforeAll(async () => {
    dovecot = await startDovecot(options);
  });
  afterAll(() => dovecot.stop());

  async function withBoth(test: (both: Both) => Promise<void>): Promise<void> {
    const over = { contents: { keepFiles: mail.keepFiles }, clock: mail.clock };
    const both = await openBoth(house, dovecot, { over });
    try {
      await both.settle();
      await test(both);
    } finally {
      await both.close();
    }
  }

  /** One of Ann's saves, on top of what the server has. */
  async function save({ mailboxId, user }: Both, id: string, draft: Partial<Draft>): Promise<void> {
    const from = { address: `${user}@elsewhere.example` };
    const empty = { from, to: [], cc: [], bcc: [], subject: "", html: "", cards: [], origin: { kind: "new" } };
    const full = JSON.parse(JSON.stringify({ ...empty, ...draft })) as JsonObject;
    await mail.apply(mail.actor("ann", "desk"), "mail.saveDraft", id, { mailboxId, draft: full, base: 1_000 });
  }
  const rest = () => mail.clock.pass(6_000);
  const drafts = async ({ mailboxId }: Both) => {
    const { rows } = await house.test.pool.query<{ id: string; subject: string; text: string; origin: object }>(
      `select message.id, content.subject, trim(content.body_text) as text, message.origin from mail_message message
         join mail_content content on content.id = message.content_id
       where message.mailbox_id = $1 and message.send_state = 'draft' order by message.id`,
      [mailboxId],
    );
    return rows;
  };
  interface There {
    readonly uid: number;
    readonly source: string;
    readonly flags: readonly string[];
  }
  const there = async ({ other }: Both): Promise<readonly There[]> => {
    await other.mailboxOpen("Drafts");
    const found: There[] = [];
    for await (const row of other.fetch("1:*", { source: true, flags: true }, { uid: true })) {
      const flags = [...(row.flags ?? [])];
      if (!flags.includes("\\Deleted")) found.push({ uid: row.uid, source: row.source?.toString() ?? "", flags });
    }
    return found;
  };
  const subjects = async (both: Both) =>
    (await there(both)).map(({ source }) => /^Subject: (.*)$/m.exec(source)?.[1]?.trim());
  /** What another client does with a draft: it puts a new one there, and takes the old one away. */
  async function rewriteThere(both: Both, from: string, to: string): Promise<void> {
    const [old] = await there(both);
    if (!old) throw new Error("there is no draft");
    await both.other.append("Drafts", old.source.replaceAll(from, to), ["\\Draft"]);
    await both.other.mailboxOpen("Drafts");
    await both.other.messageDelete(String(old.uid), { uid: true });
    await both.other.mailboxClose();
  }
  const roundWith = (both: Both, over: Partial<ImapSession>) =>
    createAccountSync({ ...both.work, session: { ...both.work.session, ...over } }).round({ thorough: true });

  it("[DFT-1] are put there once nobody writes, with whom they hide, and each time instead of the last", () =>
    withBoth(async (both) => {
      const id = newId();
      await save(both, id, { subject: "One", html: "<p>first</p>", bcc: [{ address: "hidden@far.example" }] });
      await both.settle();
      expect(await there(both)).toEqual([]);
      rest();
      await both.settle();
      const [first] = await there(both);
      expect(first?.flags).toEqual(expect.arrayContaining(["\\Draft", "\\Seen"]));
      expect(first?.source).toMatch(/^Bcc: hidden@far\.example\r$/m);
      expect(first?.source).toContain("first");
      await both.settle();
      expect((await there(both)).map(({ uid }) => uid)).toEqual([first?.uid]);
      await save(both, id, { subject: "One", html: "<p>second</p>" });
      rest();
      await both.settle();
      expect((await there(both)).map(({ source }) => source.includes("second"))).toEqual([true]);
      expect(await drafts(both)).toMatchObject([{ id, subject: "One", text: "second" }]);
    }));

  it("[DFT-1] go with their attachments, once those are here", () =>
    withBoth(async (both) => {
      const [id, fileId] = [newId(), newId()];
      const body = Buffer.from("what is attached");
      await save(both, id, { subject: "With" });
      const sha256 = createHash("sha256").update(body).digest("hex");
      const file = { fileId, name: "a.txt", size: body.length, sha256, mime: "text/plain" };
      // As a link it is still to be written on elsewhere: until it leaves, the file is the only thing that says it.
      await mail.apply(mail.actor("ann", "desk"), "mail.attach", id, { ...file, as: "link" });
      rest();
      await both.settle();
      expect((await there(both))[0]?.source).not.toContain("a.txt");
      await mail.store(fileId, body);
      await both.settle();
      const copies = await there(both);
      expect(copies.map(({ source }) => source.includes(body.toString("base64")))).toEqual([true]);
    }));

  it("[DFT-2] are gone there when they were sent, or discarded, or are written from another mailbox", () =>
    withBoth(async (both) => {
      const [sent, discarded, other] = [newId(), newId(), newId()];
      for (const [id, subject] of [
        [sent, "Sent"],
        [discarded, "Discarded"],
        [other, "Other"],
      ] as const)
        await save(both, id, { subject, to: [{ address: "x@far.example" }] });
      rest();
      await both.settle();
      expect((await subjects(both)).toSorted()).toEqual(["Discarded", "Other", "Sent"]);
      await mail.apply(mail.actor("ann"), "mail.discardDraft", discarded, {});
      await mail.apply(mail.actor("ann"), "mail.send", sent, { undoSeconds: 0 });
      expect(await dispatchMessage(mail.dispatch(), sent)).toBe("sent");
      const mailboxId = (
        await house.test.pool.query<{ id: string }>("select id from mailbox where address = 'ann@house.example'")
      ).rows[0]?.id;
      await save({ ...both, mailboxId: mailboxId ?? "" }, other, {
        from: { address: "ann@house.example" },
        subject: "Other",
      });
      await both.settle();
      expect(await there(both)).toEqual([]);
      const messageId = (await mail.message(sent))?.messageId;
      expect((await pictureThere(both.other))["Sent"]).toEqual([`${messageId} 1`]);
    }));

  it("[DFT-3] are what another client made of them, and of one that changed here, too, both are kept", () =>
    withBoth(async (both) => {
      const id = newId();
      await save(both, id, {
        subject: "Mine",
        html: "<p>old words</p>",
        bcc: [{ address: "h@far.example", name: "Hidden" }],
      });
      rest();
      await both.settle();
      await rewriteThere(both, "old words", "new words");
      await both.settle();
      expect(await drafts(both)).toMatchObject([{ id, subject: "Mine", text: "new words" }]);
      const { rows } = await house.test.pool.query("select bcc from mail_message where id = $1", [id]);
      expect(rows).toEqual([{ bcc: [{ address: "h@far.example", name: "Hidden" }] }]);
      await both.settle();
      expect((await there(both)).map(({ source }) => source.includes("new words"))).toEqual([true]);

      await rewriteThere(both, "new words", "words of the phone");
      await save(both, id, { subject: "Mine", html: "<p>words of the desk</p>" });
      rest();
      await both.settle();
      const both2 = await drafts(both);
      expect(both2.map(({ text }) => text).toSorted()).toEqual(["words of the desk", "words of the phone"]);
      expect(both2.find((draft) => draft.id !== id)?.origin).toMatchObject({ conflictOf: id });
      expect(await there(both)).toHaveLength(2);
      await both.settle();
      expect(await there(both)).toHaveLength(2);
      expect(await drafts(both)).toEqual(both2);
    }));

  it("[DFT-3] that were begun there are drafts here, with their attachments and whom they hide", () =>
    withBoth(async (both) => {
      const letter = [
        `From: Ann <${both.user}@elsewhere.example>`,
        "To: x@far.example",
        "Bcc: Somebody <hidden@far.example>",
        "Subject: Begun",
        "Message-ID: <begun@phone>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "Hello & goodbye",
        "--b",
        "Content-Type: text/plain",
        "Content-Disposition: attachment; filename=a.txt",
        "",
        "attached",
        "--b--",
        "",
      ].join("\r\n");
      await both.other.append("Drafts", letter, ["\\Draft"]);
      await both.settle();
      const [draft] = await drafts(both);
      expect(draft).toMatchObject({ subject: "Begun", text: "Hello & goodbye" });
      const id = draft?.id ?? "";
      expect(await mail.message(id)).toMatchObject({
        send: { state: "draft" },
        to: [{ address: "x@far.example" }],
        bcc: [{ address: "hidden@far.example", name: "Somebody" }],
        attachments: [{ name: "a.txt" }],
      });
      expect(await mail.body(id)).toMatchObject({ html: expect.stringContaining("Hello &amp; goodbye") as unknown });
      expect(await there(both)).toHaveLength(1);
      await save(both, id, { subject: "Begun", html: "<p>and ended here</p>" });
      rest();
      await both.settle();
      expect(
        (await there(both)).map(({ source }) => [source.includes("and ended here"), source.includes("a.txt")]),
      ).toEqual([[true, true]]);
      expect(await drafts(both)).toHaveLength(1);
    }));

  it.each(["before", "after"] as const)(
    "[DFT-4] an APPEND that is cut off %s the server did it leaves one copy, and one draft",
    (when) =>
      withBoth(async (both) => {
        const id = newId();
        await save(both, id, { subject: "Cut", html: "<p>one</p>" });
        rest();
        await both.settle();
        await save(both, id, { subject: "Cut", html: "<p>two</p>" });
        rest();
        const { session } = both.work;
        const append: ImapSession["append"] = async (...args) => {
          if (when === "after") await session.append(...args);
          throw new AccountFailure("closed");
        };
        await expect(roundWith(both, { append })).rejects.toMatchObject({ reason: "closed" });
        // Written on meanwhile: what lies there is not taken for somebody else's words.
        await save(both, id, { subject: "Cut", html: "<p>three</p>" });
        await both.reopen();
        rest();
        await both.settle();
        expect((await there(both)).map(({ source }) => source.includes("three"))).toEqual([true]);
        expect(await drafts(both)).toMatchObject([{ id, text: "three" }]);
      }),
  );

  it("[DFT-5] that are deleted there go, unless they have changed here since, or are on their way out", () =>
    withBoth(async (both) => {
      const [gone, changed, leaving] = [newId(), newId(), newId()];
      for (const id of [gone, changed, leaving])
        await save(both, id, { subject: "D", to: [{ address: "x@far.example" }] });
      rest();
      await both.settle();
      await both.other.mailboxOpen("Drafts");
      await both.other.messageDelete("1:*", { uid: true });
      await both.other.mailboxClose();
      await save(both, changed, { subject: "Still" });
      await mail.apply(mail.actor("ann"), "mail.send", leaving, { undoSeconds: 60 });
      rest();
      await both.settle();
      expect(await drafts(both)).toMatchObject([{ id: changed, subject: "Still" }]);
      expect((await mail.message(leaving))?.send?.state).toBe("scheduled");
      expect(await subjects(both)).toEqual(["Still"]);
    }));

  it("that the provider refuses are offered again only once they are changed", () =>
    withBoth(async (both) => {
      const id = newId();
      await save(both, id, { subject: "Large" });
      rest();
      let tries = 0;
      const append = () => {
        tries += 1;
        return Promise.reject(new AccountFailure("overQuota"));
      };
      const sync = createAccountSync({ ...both.work, session: { ...both.work.session, append } });
      for (let n = 0; n < 3; n++) await sync.round({ thorough: true });
      expect(tries).toBe(1);
      await save(both, id, { subject: "Smaller" });
      rest();
      await sync.round({ thorough: true });
      expect(tries).toBe(2);
      expect(await drafts(both)).toMatchObject([{ id }]);
    }));
});
