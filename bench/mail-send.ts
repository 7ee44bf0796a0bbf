/**
 * Messages sent inside per second, each to 100 mailboxes and with an attachment of 100 kB: decided once more, built, stored, and put
 * into 100 inboxes and their threads in one transaction. The peer is the limit: the same rows by plain INSERTs, one statement a
 * table, and the same bytes in a synced file, by as many connections. Neither side's database waits for the disk.
 */
import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "@kontor/shared/base";
import { createMailboxes } from "../server/src/mail/mailboxes/createMailbox.ts";
import { createDispatcher } from "../server/src/mail/send/dispatcher.ts";
import { draftOf, mailboxes, openMailHouse } from "../server/src/mail/send/send.fixture.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const MESSAGES = Number(process.env["ROWS"] ?? 100);
const RECIPIENTS = 100;
const ATTACHMENT_BYTES = 100_000;
const AT_ONCE = 2; // as the dispatcher does

const house = await openMailHouse();
const { db, pool } = house.test;
const desks = Array.from({ length: RECIPIENTS }, (_, n) => ({
  id: newId(),
  kind: "shared" as const,
  name: `Desk ${n}`,
  address: `desk${n}@house.example`,
}));
await db.transaction().execute((trx) => createMailboxes(trx, desks));
const inboxes = await pool.query<{ id: string; mailbox_id: string }>(
  "select id, mailbox_id from mail_folder where role = 'inbox' and mailbox_id = any($1)",
  [desks.map(({ id }) => id)],
);
const html = `<p>${"We offer what was asked for, on the terms that were agreed. ".repeat(35)}</p>`;

async function ours(): Promise<number> {
  const ids: string[] = [];
  for (let n = 0; n < MESSAGES; n++) ids.push(await schedule(n));
  let left = 0;
  const allLeft = Promise.withResolvers<void>();
  // Told after the commit of each; asking the database would be work that nobody else has.
  const changed = () => (++left === MESSAGES ? allLeft.resolve() : undefined);
  const dispatcher = createDispatcher({ ...house.dispatch(), changed });
  const started = performance.now();
  dispatcher.start();
  await allLeft.promise;
  const rate = perSecond(started);
  await dispatcher.stop();
  const { rows } = await pool.query<{ there: number }>(
    `select count(*)::int as there from mail_message where send_state is null and content_id in
       (select content_id from mail_message where id = any($1))`,
    [ids],
  );
  if (rows[0]?.there !== MESSAGES * RECIPIENTS) throw new Error(`${rows[0]?.there} of them came in`);
  return rate;
}

async function schedule(n: number): Promise<string> {
  const [id, fileId] = [newId(), newId()];
  const act = (name: string, args: object) =>
    house.apply(house.actor("ann"), name, id, JSON.parse(JSON.stringify(args)) as never);
  const draft = draftOf("ann", { subject: `Offer ${n}`, html, to: desks.map(({ address }) => ({ address })) });
  await act("mail.saveDraft", { mailboxId: mailboxes.ann, draft, base: 0 });
  const body = randomBytes(ATTACHMENT_BYTES);
  const sha256 = createHash("sha256").update(body).digest("hex");
  await act("mail.attach", { fileId, name: "offer.pdf", size: body.length, sha256, mime: "application/pdf" });
  await house.store(fileId, body);
  await act("mail.send", { undoSeconds: 0 });
  return id;
}

async function plainInserts(): Promise<number> {
  const contents = await pool.query<{ content_id: string; message_id: string; raw_size: number }>(
    `select m.content_id, c.message_id, c.raw_size from mail_message m join mail_content c on c.id = m.content_id
     where send_state = 'sent' order by m.id desc limit $1`,
    [MESSAGES],
  );
  const raws = contents.rows.map((content) => ({ ...content, raw: randomBytes(Number(content.raw_size)) }));
  const started = performance.now();
  const work = async () => {
    for (let next = raws.shift(); next; next = raws.shift()) await insertOne(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return perSecond(started);
}

async function insertOne({ content_id, raw }: { content_id: string; raw: Buffer }): Promise<void> {
  const file = await open(join(house.blobRoot, newId()), "wx");
  await file.write(raw);
  await file.sync();
  await file.close();
  const threads = inboxes.rows.map(() => newId());
  const messages = inboxes.rows.map(() => newId());
  const boxes = inboxes.rows.map(({ mailbox_id }) => mailbox_id);
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("insert into mail_thread (id, mailbox_id) select * from unnest($1::uuid[], $2::uuid[])", [
      threads,
      boxes,
    ]);
    await client.query(
      "insert into mail_thread_ref (mailbox_id, message_id, thread_id) select box, $3, thread from unnest($1::uuid[], $2::uuid[]) as t (box, thread)",
      [boxes, threads, newId()],
    );
    await client.query(
      `insert into mail_message (id, mailbox_id, folder_id, content_id, thread_id, received_at)
       select id, box, folder, $5, thread, now() from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as t (id, box, folder, thread)`,
      [messages, boxes, inboxes.rows.map(({ id }) => id), threads, content_id],
    );
    await client.query(
      `insert into change_log (collection, row_id) select collection, id from unnest($1::uuid[]) as t (id),
       unnest(array['messages', 'mailBodies']) as collection`,
      [messages],
    );
    await client.query("update mail_content set raw_size = raw_size where id = $1", [content_id]);
    await client.query("commit");
  } finally {
    client.release();
  }
}

const perSecond = (started: number) => (MESSAGES / (performance.now() - started)) * 1_000;

try {
  const rounds = await inTurns(roundsOf(5), { ours, plainInserts });
  report("mail-send", [
    figureOf({
      name: "mail-send",
      metric: `messages inside, each to ${RECIPIENTS} mailboxes with an attachment of 100 kB`,
      unit: "messages/s",
      better: "higher",
      ours: rounds.ours,
      peers: { "the same rows by plain INSERTs, the same bytes synced (limit)": rounds.plainInserts },
    }),
  ]);
} finally {
  await house.close();
}
