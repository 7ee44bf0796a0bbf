import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { folderOf, mailboxOf, parsedMessage, people, seedMail, storeParsed } from "../mail.fixture.ts";
import type { ParsedMessage } from "../mime/parsedMessage.ts";
import { findMessages, messageTables } from "./messages.repo.ts";
import { placeMessage, type Placement } from "./placeMessage.ts";
import { returnDue } from "./returnDue.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
});
afterAll(() => test.drop());

const DUE = "2026-03-05T09:00:00.000Z";
const come = async (at: string) => {
  let changes = 0;
  const clock = { now: () => Date.parse(at) };
  const more = await returnDue({ db: test.db, clock, changed: () => void changes++ });
  return { changes, more };
};

async function place(over: Partial<ParsedMessage>, placement: Partial<Placement> = {}): Promise<string> {
  const mailboxId = await mailboxOf(test.db, "ann");
  return await test.db.transaction().execute(async (trx) => {
    const contentId = await storeParsed(trx, parsedMessage(over));
    const folder = { role: "archive" } as const;
    const receivedAt = "2026-03-02T10:00:00.000Z";
    return (await placeMessage(trx, { mailboxId, folder, contentId, receivedAt, seen: true, ...placement })).id;
  });
}
const set = (id: string, moments: { snoozed_until?: string; follow_up_at?: string }) =>
  messageTables(test.db).updateTable("mail_message").set(moments).where("id", "=", id).execute();
const state = async (id: string) => {
  const [message] = await findMessages(test.db, [id]);
  const inbox = await folderOf(test.db, message?.mailbox_id ?? "", "inbox");
  return {
    seen: message?.seen,
    flagged: message?.flagged,
    inInbox: message?.folder_id === inbox,
    waits: (message?.snoozed_until ?? message?.follow_up_at) !== null,
  };
};
const sent = { folder: { role: "sent" }, send: { state: "sent", by: people.ann } } as const;

it("what was snoozed is unread again when its time has come, where it lay", async () => {
  const id = await place({});
  await set(id, { snoozed_until: DUE });
  expect(await come("2026-03-05T08:59:59.999Z")).toEqual({ changes: 0, more: false });
  expect(await state(id)).toEqual({ seen: true, flagged: false, inInbox: false, waits: true });
  expect(await come(DUE)).toEqual({ changes: 1, more: false });
  expect(await state(id)).toEqual({ seen: false, flagged: false, inInbox: false, waits: false });
  expect(await come(DUE)).toEqual({ changes: 0, more: false });
});

it("what nobody answered comes back to the inbox, marked, and what was answered is left alone", async () => {
  const ask = (messageId: string) => place({ messageId }, sent);
  const [silent, answered, byMachine, own] = [
    await ask("silent@x"),
    await ask("answered@x"),
    await ask("machine@x"),
    await ask("own@x"),
  ];
  const answer = { receivedAt: "2026-03-03T10:00:00.000Z", folder: { role: "inbox" } } as const;
  await place({ messageId: "a@y", inReplyTo: ["answered@x"] }, answer);
  await place({ messageId: "b@y", inReplyTo: ["machine@x"], extras: { autoSubmitted: true } }, answer);
  const [row] = await findMessages(test.db, [own]);
  const mailboxId = await mailboxOf(test.db, "ann");
  // Its sender was among its recipients.
  await test.db
    .transaction()
    .execute((trx) => placeMessage(trx, { mailboxId, contentId: row?.content_id ?? "", ...answer }));
  for (const id of [silent, answered, byMachine, own]) await set(id, { follow_up_at: DUE });
  expect(await come(DUE)).toEqual({ changes: 1, more: false });
  const back = { seen: false, flagged: true, inInbox: true, waits: false };
  const left = { seen: true, flagged: false, inInbox: false, waits: false };
  expect([await state(silent), await state(answered), await state(byMachine), await state(own)]).toEqual([
    back,
    left,
    back,
    back,
  ]);
});

it("one that came in is followed up until it is answered; one that has not left or lies in the trash is not", async () => {
  const asked = await place({ messageId: "in@y" });
  const done = await place({ messageId: "done@y" }, { answered: true });
  const leaving = await place({}, { folder: { role: "outbox" }, send: { state: "scheduled", by: people.ann } });
  const thrown = await place({}, { folder: { role: "trash" } });
  for (const id of [asked, done, leaving, thrown]) await set(id, { follow_up_at: DUE });
  await come(DUE);
  expect(await state(asked)).toMatchObject({ flagged: true, inInbox: true });
  expect(await state(done)).toMatchObject({ flagged: false, inInbox: false, waits: false });
  expect(await state(leaving)).toMatchObject({ flagged: false, waits: true });
  expect(await state(thrown)).toMatchObject({ flagged: false, inInbox: false, waits: false });
});

it("several nodes at once give each back once, and all of a crowd", async () => {
  const ids = [];
  for (let n = 0; n < 60; n++) ids.push(await place({}));
  for (const id of ids) await set(id, { snoozed_until: DUE });
  const turns = await Promise.all([come(DUE), come(DUE), come(DUE)]);
  const rest = await come(DUE);
  expect([...turns, rest].some(({ more }) => more)).toBe(true);
  const states = await Promise.all(ids.map(state));
  expect(states.filter(({ waits }) => waits)).toEqual([]);
});
