import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { newId } from "@kontor/shared/base";
import { createSeal, secretState } from "#kernel";
import { createTestDatabase, type TestDatabase } from "#testing";
import { letter } from "../../src/mail/accounts/accounts.fixture.ts";
import { insertAccount } from "../../src/mail/accounts/accounts.repo.ts";
import { randomFrom } from "../../src/mail/accounts/accounts.random.ts";
import { createMailboxes } from "../../src/mail/mailboxes/createMailbox.ts";
import { startServer, type ServerProcess, seedPeople } from "../files/serverProcess.ts";
import { startDovecot, type Dovecot } from "./dovecot.ts";
import { fillMaildir } from "./fillMaildir.ts";

/**
 * The whole server is killed in the middle of a first filling, as by a power cut, again and again; what is there in the end is
 * there once. `KONTOR_KILLS` is how often, `KONTOR_SEED` where.
 */
const KILLS = Number(process.env.KONTOR_KILLS ?? 2);
const seed = Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));
const MESSAGES = 400 * (KILLS + 2);

let test: TestDatabase;
let dovecot: Dovecot;
let dataDirectory: string;
beforeAll(async () => {
  test = await createTestDatabase();
  dovecot = await startDovecot();
  dataDirectory = await mkdtemp(join(tmpdir(), "kontor-kill-"));
  await chmod(dataDirectory, 0o755);
  await writeFile(join(dataDirectory, "ca.pem"), dovecot.certificate);
});
afterAll(async () => {
  await test.drop();
  await dovecot.stop();
  await rm(dataDirectory, { recursive: true, force: true });
});

const serve = (): Promise<ServerProcess> =>
  startServer({
    databaseUrl: test.url,
    dataDirectory,
    env: {
      KONTOR_LOG_LEVEL: "silent",
      KONTOR_ACCOUNTS_PRIVATE: "yes",
      KONTOR_ACCOUNTS_CA: join(dataDirectory, "ca.pem"),
    },
  });

const known = async (): Promise<number> => {
  const { rows } = await test.pool.query<{ count: number }>("select count(*)::int as count from mail_remote_message");
  return rows[0]?.count ?? 0;
};

async function addAccount(): Promise<string> {
  const seal = createSeal(await secretState(test.db, "mail.seal"));
  const mailboxId = newId();
  const { rows } = await test.pool.query<{ id: string }>("select id from app_user where login = 'ivan'");
  await test.db.transaction().execute(async (trx) => {
    const ownerId = rows[0]?.id ?? "";
    await createMailboxes(trx, [
      { id: mailboxId, kind: "external", name: "There", address: "i@there.example", ownerId },
    ]);
    await insertAccount(trx, {
      mailbox_id: mailboxId,
      user_name: "ivan-there",
      auth: "password",
      provider: null,
      imap_host: "localhost",
      imap_port: dovecot.imapsPort,
      imap_security: "tls",
      smtp_host: "localhost",
      smtp_port: 465,
      smtp_security: "tls",
      secret_sealed: seal.close(JSON.stringify({ password: dovecot.password }), `mail.account ${mailboxId}`),
      access_expires_at: null,
    });
  });
  return mailboxId;
}

it(
  "[ACC-4] killed in the middle of a first filling: each message is there once, whole, and none is missing",
  async () => {
    const random = randomFrom(seed);
    const ids = Array.from({ length: MESSAGES }, (_, index) => `k${index}@kill`);
    await fillMaildir(
      dovecot,
      "ivan-there",
      ids.map((id, index) => ({ raw: letter(id, `Body of ${id}`), seen: index % 2 === 0 })),
    );
    await seedPeople(test);
    const mailboxId = await addAccount();
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await serve();
      const before = await known();
      await vi.waitFor(async () => expect(await known()).toBeGreaterThan(before), { timeout: 60_000, interval: 10 });
      // Anywhere in the batch that is under way.
      for (let turn = random(40); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      await server.kill();
    }
    const missing = MESSAGES - (await known());
    expect({ seed, isInTheMiddle: missing > 0 }).toEqual({ seed, isInTheMiddle: true });
    const server = await serve();
    await vi.waitFor(
      async () => {
        const { rows } = await test.pool.query<{ state: string }>("select state from mail_account");
        expect(rows).toEqual([{ state: "ready" }]);
      },
      { timeout: 120_000, interval: 100 },
    );
    await server.stop();
    const { rows } = await test.pool.query<{ message_id: string; seen: boolean; raw_sha256: string }>(
      `select content.message_id, message.seen, content.raw_sha256 from mail_message message
         join mail_content content on content.id = message.content_id
       where message.mailbox_id = $1`,
      [mailboxId],
    );
    expect({ seed, ids: rows.map((row) => row.message_id).toSorted() }).toEqual({ seed, ids: ids.toSorted() });
    expect(rows.filter(({ seen }) => seen)).toHaveLength(MESSAGES / 2);
    for (const { raw_sha256: hash } of rows)
      expect((await stat(join(dataDirectory, "blobs", hash.slice(0, 2), hash))).size).toBeGreaterThan(100);
    // Each of them hangs in a thread, and no thread is left of one that was never written.
    const threads = await test.pool.query(
      `select id from mail_thread where mailbox_id = $1 and not exists (select from mail_message where thread_id = mail_thread.id)`,
      [mailboxId],
    );
    expect(threads.rows).toEqual([]);
  },
  60_000 * (KILLS + 3),
);
