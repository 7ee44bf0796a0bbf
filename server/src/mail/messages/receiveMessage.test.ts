import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  actor,
  applier,
  createDeal,
  folderOf,
  mailboxOf,
  makeMailbox,
  parsedMessage,
  people,
  receive,
  records,
  seedMail,
  storeParsed,
  types,
} from "../mail.fixture.ts";
import type { ParsedMessage } from "../mime/parsedMessage.ts";
import type { ForwardMessage } from "../rules/applyRules.ts";
import { forwardMessage } from "../rules/forwardMessage.ts";
import { ruleIntents } from "../rules/rules.intents.ts";
import { findRuleRun, ruleRunJob, startRuleRun } from "../rules/runOnFolder.ts";
import { messageIntents } from "./messages.intents.ts";
import { findLinksOf, findMessages, findMessagesOf, messageTables } from "./messages.repo.ts";
import { placeMessage } from "./placeMessage.ts";
import { receiveMessage, type Arrival } from "./receiveMessage.ts";
import { storeContent } from "./storeContent.ts";

const apply = applier([...ruleIntents({ records }), ...messageIntents({ records })]);
const at = "2026-03-05T09:00:00.000Z";
let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
});
afterAll(() => test.drop());

const arrive = (
  over: Partial<ParsedMessage>,
  recipients: Arrival["recipients"],
  { forward = forwardMessage, isJunk = false }: { forward?: ForwardMessage; isJunk?: boolean } = {},
) =>
  test.db.transaction().execute(async (trx) => {
    const contentId = await storeParsed(trx, parsedMessage(over));
    return receiveMessage(trx, { types, forward }, { contentId, receivedAt: at, recipients, isJunk });
  });
const saveRule = async (mailboxId: string, rule: JsonObject) => {
  const id = newId();
  const whole = { name: "r", enabled: true, position: 0, match: "all", conditions: [], stop: false, ...rule };
  await apply(test.db, actor("ann"), "rule.save", id, { mailboxId, rule: whole });
  return id;
};
const shared = () =>
  makeMailbox(test.db, {
    kind: "shared",
    members: [
      { userId: people.ann, role: "manager" },
      { userId: people.bob, role: "reader" },
    ],
  });
const only = async (mailboxId: string) => {
  const [row, ...more] = await findMessagesOf(test.db, [mailboxId]);
  if (!row || more.length > 0) throw new Error(`${more.length + 1} messages`);
  return row;
};

describe("a message that comes in", () => {
  it("lies once in every mailbox that it came to, however often it comes", async () => {
    const [one, two] = [await shared(), await shared()];
    const parsed = parsedMessage();
    for (let attempt = 0; attempt < 2; attempt++)
      await test.db.transaction().execute(async (trx) => {
        const contentId = await storeParsed(trx, parsed);
        const recipients = [
          { mailboxId: one, addresses: ["a@kontor.example"] },
          { mailboxId: two, addresses: ["b@kontor.example"] },
          { mailboxId: one, addresses: ["all@kontor.example"] },
        ];
        await receiveMessage(trx, { types, forward: forwardMessage }, { contentId, receivedAt: at, recipients });
      });
    const [first, second] = [await only(one), await only(two)];
    expect(first.content_id).toBe(second.content_id);
    expect(first).toMatchObject({ folder_id: await folderOf(test.db, one, "inbox"), seen: false, received_at: at });
  });

  it("comes also to its author, beside the copy of what was sent", async () => {
    const mailboxId = await shared();
    await test.db.transaction().execute(async (trx) => {
      const contentId = await storeParsed(trx, parsedMessage());
      await placeMessage(trx, {
        mailboxId,
        folder: { role: "sent" },
        contentId,
        receivedAt: at,
        send: { state: "sent", by: people.ann },
      });
      const recipients = [{ mailboxId, addresses: [] }];
      await receiveMessage(trx, { types, forward: forwardMessage }, { contentId, receivedAt: at, recipients });
    });
    expect(await findMessagesOf(test.db, [mailboxId])).toHaveLength(2);
  });

  it("is one content when two transactions bring the same bytes at once", async () => {
    const parsed = parsedMessage();
    const mailboxes = await Promise.all([shared(), shared(), shared(), shared()]);
    await Promise.all(
      mailboxes.map((mailboxId) =>
        test.db.transaction().execute(async (trx) => {
          const contentId = await storeParsed(trx, parsed);
          await placeMessage(trx, { mailboxId, folder: { role: "inbox" }, contentId, receivedAt: at });
        }),
      ),
    );
    const rows = await findMessagesOf(test.db, mailboxes);
    expect(rows).toHaveLength(4);
    expect(new Set(rows.map(({ content_id }) => content_id)).size).toBe(1);
  });

  it("from outside is no other content than the same bytes from inside, except in name", async () => {
    const parsed = parsedMessage();
    const raw = { sha256: "a".repeat(64), size: 10 };
    const store = (internal: boolean) =>
      test.db
        .transaction()
        .execute((trx) =>
          storeContent(
            trx,
            { keepFiles: async () => undefined },
            { parsed, raw, authenticity: { internal, warnings: [] }, receivedAt: at, bodies: [] },
          ),
        );
    const inside = await store(true);
    expect(await store(true)).toBe(inside);
    expect(await store(false)).not.toBe(inside);
  });

  it("is stored whatever characters it has", async () => {
    const mailboxId = await shared();
    await arrive(
      {
        subject: "a\u0000b \uD800",
        text: "\u0000\uDFFF",
        people: { from: [{ address: "x@y.example", name: "\u0000\uD800" }], to: [], cc: [] },
      },
      [{ mailboxId, addresses: [] }],
    );
    expect(await only(mailboxId)).toMatchObject({ subject: "ab \uFFFD", people: { from: [{ name: "\uFFFD" }] } });
  });

  it("is linked to the records whose numbers stand in its subject, and to no others", async () => {
    const mailboxId = await shared();
    const [first, second] = [await createDeal(test.db, "bob"), await createDeal(test.db, "ann")];
    const subject = `Re: ${first.number} and D-2026-9999, ${second.number.toLowerCase()}`;
    const [placed] = await arrive({ subject }, [{ mailboxId, addresses: [] }]);
    const links = await findLinksOf(test.db, { mailboxIds: [mailboxId] });
    expect(links.map(({ record_id }) => record_id).toSorted()).toEqual([first.id, second.id].toSorted());
    for (const link of links)
      expect(link).toMatchObject({ how: "number", thread_id: placed?.threadId, message_id: null });
  });

  it("goes to junk untouched where its verdict says so", async () => {
    const mailboxId = await shared();
    await saveRule(mailboxId, { actions: [{ do: "flag" }, { do: "forward", to: "x@elsewhere.example" }] });
    const { number } = await createDeal(test.db, "ann");
    await arrive({ subject: number }, [{ mailboxId, addresses: [] }], { isJunk: true });
    expect(await only(mailboxId)).toMatchObject({
      folder_id: await folderOf(test.db, mailboxId, "junk"),
      flagged: false,
    });
    expect(await findLinksOf(test.db, { mailboxIds: [mailboxId] })).toEqual([]);
  });
});

describe("rules at receipt", () => {
  it("do what they say, with what came by an alias", async () => {
    const mailboxId = await shared();
    const folderId = newId();
    await apply(test.db, actor("ann"), "folder.create", folderId, { mailboxId, name: "Offers" });
    const deal = await createDeal(test.db, "ann");
    await saveRule(mailboxId, {
      conditions: [{ field: "recipient", test: "is", value: "offers@kontor.example" }],
      actions: [
        { do: "move", folderId },
        { do: "label", label: "offer" },
        { do: "markSeen" },
        { do: "assign", userId: people.bob },
        { do: "link", recordId: deal.id },
      ],
    });
    await arrive({}, [{ mailboxId, addresses: ["offers@kontor.example"] }]);
    expect(await only(mailboxId)).toMatchObject({
      folder_id: folderId,
      labels: ["offer"],
      seen: true,
      assignee_id: people.bob,
    });
    expect(await findLinksOf(test.db, { mailboxIds: [mailboxId] })).toMatchObject([
      { record_id: deal.id, how: "rule" },
    ]);
  });

  it("leave out what they name and is no more: the message stays in the inbox", async () => {
    const mailboxId = await shared();
    const folderId = newId();
    await apply(test.db, actor("ann"), "folder.create", folderId, { mailboxId, name: "Gone" });
    await saveRule(mailboxId, {
      actions: [{ do: "move", folderId }, { do: "assign", userId: people.bob }, { do: "flag" }],
    });
    await apply(test.db, actor("ann"), "folder.delete", folderId, {});
    await test.pool.query("delete from mailbox_member where mailbox_id = $1 and user_id = $2", [mailboxId, people.bob]);
    await arrive({}, [{ mailboxId, addresses: [] }]);
    expect(await only(mailboxId)).toMatchObject({
      folder_id: await folderOf(test.db, mailboxId, "inbox"),
      assignee_id: null,
      flagged: true,
    });
  });

  it("send a message on from the outbox, in the name of whoever saved the rule, and never round", async () => {
    const mailboxId = await shared();
    await saveRule(mailboxId, { actions: [{ do: "forward", to: "else@where.example" }] });
    const parsed = { messageId: "round@elsewhere.example", subject: "Round" };
    const [placed] = await arrive(parsed, [{ mailboxId, addresses: [] }]);
    const outgoing = async () =>
      (await findMessagesOf(test.db, [mailboxId])).filter(({ send_state }) => send_state === "scheduled");
    expect(await outgoing()).toMatchObject([
      {
        subject: "Round",
        people: { to: [{ address: "else@where.example" }] },
        send_by: people.ann,
        send_at: at,
        origin: { kind: "redirect", sourceId: placed?.id },
        folder_id: await folderOf(test.db, mailboxId, "outbox"),
      },
    ]);
    // It comes back from there, with fields in front: other bytes, the same Message-ID.
    await arrive({ ...parsed, snippet: "resent" }, [{ mailboxId, addresses: [] }]);
    expect(await outgoing()).toHaveLength(1);
  });
});

describe("rules on what lies there", () => {
  it("run in steps, go on after an interruption, and send nothing on", async () => {
    const mailboxId = await shared();
    const folderId = newId();
    await apply(test.db, actor("ann"), "folder.create", folderId, { mailboxId, name: "Letters" });
    for (let n = 0; n < 250; n++) await receive(test.db, mailboxId, { subject: n % 2 === 0 ? "even" : "odd" });
    const ruleId = await saveRule(mailboxId, {
      enabled: false,
      conditions: [{ field: "subject", test: "is", value: "even" }],
      actions: [
        { do: "move", folderId },
        { do: "forward", to: "else@where.example" },
      ],
    });
    const enqueued: unknown[] = [];
    const queue = { enqueue: async (_trx: unknown, job: unknown, data: unknown) => void enqueued.push([job, data]) };
    const inbox = await folderOf(test.db, mailboxId, "inbox");
    const run = await test.db
      .transaction()
      .execute((trx) => startRuleRun(trx, queue, { mailboxId, folderId: inbox, ruleId }, actor("ann")));
    expect(run).toMatchObject({ total: 250, done: 0 });
    expect(enqueued).toEqual([[{ name: "mail.runRules" }, { runId: run.id }]]);

    const interrupting = new AbortController();
    const job = ruleRunJob({ db: test.db, clock: { now: () => Date.parse(at) }, changed: () => interrupting.abort() });
    const attempt = (signal: AbortSignal) => job.run({ runId: run.id }, { signal } as never);
    await attempt(interrupting.signal);
    expect(await findRuleRun(test.db, actor("ann"), run.id)).toMatchObject({ done: 100, changed: 50 });
    await attempt(new AbortController().signal);
    expect(await findRuleRun(test.db, actor("ann"), run.id)).toMatchObject({ done: 250, changed: 125, finishedAt: at });
    const rows = await findMessagesOf(test.db, [mailboxId]);
    expect(rows.filter(({ folder_id }) => folder_id === folderId)).toHaveLength(125);
    expect(rows.filter(({ send_state }) => send_state !== null)).toEqual([]);
    for (const login of ["bob", "eve"] as const)
      await expect(findRuleRun(test.db, actor(login), run.id)).rejects.toMatchObject({ code: "notFound" });
  });
});

describe("rule.save", () => {
  const rule = { name: "r", enabled: true, position: 0, match: "all", conditions: [], stop: false };
  const save = (who: "ann" | "bob" | "eve" | "root", id: string, mailboxId: string, actions: JsonObject[]) =>
    apply(test.db, actor(who), "rule.save", id, { mailboxId, rule: { ...rule, actions } });

  it("is for those who may edit and see rules", async () => {
    const mailboxId = await shared();
    const id = newId();
    await save("ann", id, mailboxId, [{ do: "flag" }]);
    await expect(save("bob", newId(), mailboxId, [{ do: "flag" }])).rejects.toMatchObject({ code: "forbidden" });
    for (const who of ["eve"] as const)
      await expect(save(who, newId(), mailboxId, [{ do: "flag" }])).rejects.toMatchObject({ code: "notFound" });
    await expect(save("root", newId(), mailboxId, [{ do: "flag" }])).rejects.toMatchObject({ code: "forbidden" });
    // Of a rule that is there, those who do not see it learn nothing.
    for (const who of ["bob", "eve", "root"] as const) {
      await expect(save(who, id, mailboxId, [{ do: "flag" }])).rejects.toMatchObject({ code: "notFound" });
      await expect(apply(test.db, actor(who), "rule.delete", id, {})).rejects.toMatchObject({ code: "notFound" });
    }
    await apply(test.db, actor("ann"), "rule.delete", id, {});
  });

  it("takes only what its author may do: folders of the mailbox, records that they see, forwarding with the right to send", async () => {
    const mailboxId = await makeMailbox(test.db, { kind: "shared", members: [{ userId: people.ann, role: "editor" }] });
    const elsewhere = await folderOf(test.db, await mailboxOf(test.db, "ann"), "archive");
    const hidden = await createDeal(test.db, "bob");
    for (const [action, reason] of [
      [{ do: "move", folderId: elsewhere }, "folder.notFound"],
      [{ do: "move", folderId: await folderOf(test.db, mailboxId, "outbox") }, "rule.folder"],
      [{ do: "link", recordId: hidden.id }, "record.notFound"],
      [{ do: "assign", userId: people.eve }, "message.assignee"],
      [{ do: "forward", to: "x@elsewhere.example" }, "mailbox.forbidden"],
    ] as const)
      await expect(save("ann", newId(), mailboxId, [action])).rejects.toMatchObject({ details: { reason } });
    await expect(
      save("ann", newId(), await mailboxOf(test.db, "ann"), [{ do: "forward", to: "nonsense" }]),
    ).rejects.toMatchObject({ details: { reason: "rule.address" } });
  });

  it("keeps a rule in its mailbox", async () => {
    const [one, two] = [await shared(), await shared()];
    const id = newId();
    await save("ann", id, one, [{ do: "flag" }]);
    await save("ann", id, two, [{ do: "markSeen" }]);
    const rows = await test.pool.query("select mailbox_id, rule from mail_rule where id = $1", [id]);
    expect(rows.rows).toMatchObject([{ mailbox_id: one, rule: { actions: [{ do: "markSeen" }] } }]);
  });
});

it("what a rule moved is known to replicas as one message in its place", async () => {
  const mailboxId = await shared();
  await saveRule(mailboxId, { actions: [{ do: "archive" }] });
  const [placed] = await arrive({}, [{ mailboxId, addresses: [] }]);
  const [row] = await findMessages(test.db, [placed?.id ?? ""]);
  expect(row?.folder_id).toBe(await folderOf(test.db, mailboxId, "archive"));
  expect(await messageTables(test.db).selectFrom("mail_remote_change").selectAll().execute()).toEqual([]);
});
