import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId, systemClock } from "@kontor/shared/base";
import { createFilePlaces, createFileRows, keepFiles } from "#files";
import { createDatabase, createDoorbell, createSeal, migrate, startEmbeddedPostgres, type Database } from "#kernel";
import { createAccountsRunner, createCredentials, createSlots } from "#mail";
import { migrationsDirectory, silentLog } from "#testing";
import { createDiskBlobs } from "../../src/adapters/disk/index.ts";
import { createImapflow } from "../../src/adapters/imap/index.ts";
import { insertAccount } from "../../src/mail/accounts/accounts.repo.ts";
import { createMailboxes } from "../../src/mail/mailboxes/createMailbox.ts";
import { readMail } from "../../src/mail/mime/readMail.ts";
import type { Dovecot } from "./dovecot.ts";

/** What looks after accounts, alone: a database and a blob store that both wait for the disk, and one person. */
export interface PullHouse {
  readonly db: Database;
  /** Adds an account; its worker begins at once. */
  pull(user: string): Promise<string>;
  /** How far it is. */
  look(mailboxId: string): Promise<{ readonly messages: number; readonly isReady: boolean }>;
  /** Takes it away with everything, bodies included, so that the next time begins from nothing. */
  forget(mailboxId: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startPullHouse(dovecot: Dovecot): Promise<PullHouse> {
  const directory = await mkdtemp(join(tmpdir(), "kontor-pull-"));
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({ directory: join(directory, "postgres"), log: silentLog });
  const { db, pool } = createDatabase({ url: postgres.url, poolSize: 10, log: silentLog });
  await migrate({ pool, directory: migrationsDirectory, log: silentLog });
  const doorbell = await createDoorbell({ url: postgres.url, log: silentLog });
  const ownerId = newId();
  await pool.query("insert into app_user (id, login, name) values ($1, 'anna', 'Anna')", [ownerId]);
  const credentials = createCredentials({
    db,
    seal: createSeal(randomBytes(32)),
    clock: systemClock,
    providers: [],
    fetch,
  });
  const rows = createFileRows({ places: { ...createFilePlaces([]), noteRows: async () => undefined } });
  const blobs = await createDiskBlobs({ root: join(directory, "blobs") });
  const runner = createAccountsRunner({
    databaseUrl: postgres.url,
    db,
    blobs,
    read: async (raw) => readMail(raw),
    contents: { keepFiles: (trx, files) => keepFiles(trx, { rows, onStored: async () => undefined }, files) },
    clock: systemClock,
    log: silentLog,
    imap: createImapflow({ allowInnerNetwork: true, ca: dovecot.certificate }),
    credentials,
    doorbell,
    most: 10,
    fillings: createSlots(2),
    hooks: {},
    changed: () => doorbell.ring(),
  });
  await runner.start();

  return {
    db,
    async pull(user) {
      const mailboxId = newId();
      await db.transaction().execute(async (trx) => {
        const address = `${user}@there.example`;
        await createMailboxes(trx, [{ id: mailboxId, kind: "external", name: user, address, ownerId }]);
        await insertAccount(trx, {
          mailbox_id: mailboxId,
          user_name: user,
          auth: "password",
          provider: null,
          imap_host: dovecot.host,
          imap_port: dovecot.imapPort,
          imap_security: "none",
          smtp_host: dovecot.host,
          smtp_port: 1,
          smtp_security: "tls",
          ...credentials.sealPassword(mailboxId, dovecot.password),
        });
      });
      doorbell.ring();
      return mailboxId;
    },
    async look(mailboxId) {
      const { rows: found } = await pool.query<{ messages: number; isReady: boolean }>(
        `select (select count(*)::int from mail_message where mailbox_id = $1) as messages,
           (select state = 'ready' from mail_account where mailbox_id = $1) as "isReady"`,
        [mailboxId],
      );
      return found[0] ?? { messages: 0, isReady: false };
    },
    async forget(mailboxId) {
      await pool.query("delete from mailbox where id = $1", [mailboxId]);
      await pool.query("truncate mail_content, file, blob, change_log cascade");
      doorbell.ring();
      for await (const { sha256 } of blobs.list()) await blobs.delete(sha256);
      await pool.query("vacuum analyze");
    },
    async stop() {
      await runner.stop();
      await doorbell.close();
      await db.destroy();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
