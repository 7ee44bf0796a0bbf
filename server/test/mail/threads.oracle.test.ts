import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { createTestDatabase, type TestDatabase } from "#testing";
import { assignThreads } from "../../src/mail/threads/assignThread.ts";
import { dovecotMissing, startDovecot, type Dovecot } from "./dovecot.ts";
import { askThreads, fillMaildir, makeMailbox, type HeaderOnly } from "./threadsOf.ts";

/** `KONTOR_SEED` repeats a run, `KONTOR_THREADED` is how many messages. */
const seed = Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const size = Number(process.env.KONTOR_THREADED ?? 10_000);
const missing = dovecotMissing();
/** Of so many threads fewer than one is joined by a contradiction: one in some thousands was seen. */
const MOST_JOINED = 200;

let test: TestDatabase;
let dovecot: Dovecot;
beforeAll(async () => {
  test = await createTestDatabase();
  if (!missing) dovecot = await startDovecot();
});
afterAll(async () => {
  await dovecot?.stop();
  await test.drop();
});

/** mulberry32 */
function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const shuffled = <T>(items: readonly T[], random: (below: number) => number): T[] => {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random(at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
};

/** Into the database, in batches of any size, as first syncs and deliveries come. */
async function threadsHere(messages: readonly HeaderOnly[], random: (below: number) => number) {
  const [owner, mailboxId] = [newId(), newId()];
  await sql`insert into app_user (id, login, name) values (${owner}, ${owner}, 'Anna')`.execute(test.db);
  await sql`insert into mailbox (id, kind, owner_id, name, address) values (${mailboxId}, 'external', ${owner}, 'Anna', ${`${mailboxId}@example.com`})`.execute(
    test.db,
  );
  for (let at = 0; at < messages.length;) {
    const batch = messages.slice(at, (at += 1 + random(400)));
    await test.db.transaction().execute((trx) =>
      assignThreads(
        trx,
        batch.map((message) => ({ mailboxId, ...message })),
      ),
    );
  }
  const { rows } = await sql<{ message_id: string; thread_id: string }>`
    select message_id, thread_id from mail_thread_ref where mailbox_id = ${mailboxId}`.execute(test.db);
  const here = new Set(messages.map((message) => message.messageId));
  const known = rows.filter((row) => here.has(row.message_id));
  return [...Map.groupBy(known, (row) => row.thread_id).values()].map((group) => group.map((row) => row.message_id));
}

/**
 * What Dovecot has together is together here. Here more may be: where messages contradict each other about what one of them answers
 * (References are cut in their middle, and what they left out never arrived), RFC 5256 keeps the link that came first and leaves the other out, and here
 * both count (decision 0021). Returns how many of our threads are such.
 */
function joinedByContradiction(
  ours: readonly (readonly string[])[],
  theirs: readonly (readonly string[])[],
  messages: readonly HeaderOnly[],
): number {
  const byId = new Map(messages.map((message) => [message.messageId, message]));
  const theirsOf = new Map(theirs.flatMap((thread, index) => thread.map((id) => [id, index] as const)));
  const oursOf = new Map(ours.flatMap((thread, index) => thread.map((id) => [id, index] as const)));
  for (const thread of theirs) expect(new Set(thread.map((id) => oursOf.get(id))).size).toBe(1);
  const isContradicted = (before: string, id: string) => {
    const said = byId.get(id);
    const parent = said?.refs.at(-1) ?? said?.inReplyTo[0];
    return parent !== undefined && parent !== before && theirsOf.get(before) !== theirsOf.get(id);
  };
  const joined = ours.filter((thread) => new Set(thread.map((id) => theirsOf.get(id))).size > 1);
  for (const thread of joined) {
    const links = thread.flatMap((id) =>
      byId.get(id)?.refs.map((ref, at, refs) => [refs[at - 1] ?? ref, ref] as const),
    );
    expect(links.some((link) => link && isContradicted(...link))).toBe(true);
  }
  return joined.length;
}

describe.skipIf(missing)(`threads against Dovecot${missing ? `, not run: ${missing}` : ""}`, () => {
  it("are those of THREAD=REFERENCES, where no two messages have one subject", { timeout: 120_000 }, async () => {
    console.info(`threads: KONTOR_SEED=${seed}`);
    const random = randomFrom(seed);
    const messages = makeMailbox({ messages: size, ownSubjects: true }, random);
    await fillMaildir(dovecot, "references", messages);
    const { threads } = await askThreads(dovecot, "references", "REFERENCES");
    expect(threads.flat()).toHaveLength(size);
    expect(threads.length).toBeGreaterThan(size / 50);
    const ours = await threadsHere(shuffled(messages, random), random);
    expect(joinedByContradiction(ours, threads, messages)).toBeLessThan(threads.length / MOST_JOINED);
  });

  it(
    "are those of THREAD=REFS, which does not gather by subject, where subjects repeat",
    { timeout: 120_000 },
    async () => {
      const random = randomFrom(seed + 1);
      const messages = makeMailbox({ messages: Math.ceil(size / 4), ownSubjects: false }, random);
      await fillMaildir(dovecot, "refs", shuffled(messages, random));
      const { threads } = await askThreads(dovecot, "refs", "REFS");
      const ours = await threadsHere(shuffled(messages, random), random);
      expect(joinedByContradiction(ours, threads, messages)).toBeLessThan(threads.length / MOST_JOINED);
      // What decision 0021 refuses: gathered by subject, threads that have nothing to do with each other are one.
      const gathered = await askThreads(dovecot, "refs", "REFERENCES");
      expect(gathered.threads.length).toBeLessThan(ours.length);
    },
  );
});
