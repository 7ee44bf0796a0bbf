import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImapFlow, type FetchMessageObject } from "imapflow";
import { sql } from "kysely";
import { newId, systemClock, type JsonObject } from "@kontor/shared/base";
import type { FolderRole, MailIntentName } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import { createSeal, type Database } from "#kernel";
import { createTestDatabase, silentLog, type TestDatabase } from "#testing";
import type { Dovecot } from "../../../test/mail/dovecot.ts";
import { createDiskBlobs } from "../../adapters/disk/index.ts";
import { createImapflow } from "../../adapters/imap/index.ts";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { actor, applier, people, records, seedMail } from "../mail.fixture.ts";
import { messageIntents } from "../messages/messages.intents.ts";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { storeContent } from "../messages/storeContent.ts";
import { readMail } from "../mime/readMail.ts";
import { createAccountSync, type AccountSync, type SyncHooks } from "./account.sync.ts";
import { createTransact, type AccountWork } from "./account.work.ts";
import { insertAccount, takeAccount, type NewAccount } from "./accounts.repo.ts";
import { createCredentials, type Credentials } from "./credentials.ts";
import { marksOf, toMarks, type Flags } from "./marks.ts";
import { readMessage } from "./readMessage.ts";

/** An office with a database, a blob store and accounts at a Dovecot, for the tests of this room. */
export interface House {
  readonly test: TestDatabase;
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly credentials: Credentials;
  /** Whose the accounts are. */
  readonly annId: string;
  stop(): Promise<void>;
}

export async function startHouse(): Promise<House> {
  const test = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), "kontor-accounts-"));
  await seedMail(test.db);
  const seal = createSeal(randomBytes(32));
  return {
    test,
    db: test.db,
    annId: people.ann,
    blobs: await createDiskBlobs({ root: join(directory, "blobs") }),
    credentials: createCredentials({ db: test.db, seal, clock: systemClock, providers: [], fetch }),
    async stop() {
      await test.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** An account of Ann's, and the name under which it signs in. */
export interface TestAccount {
  readonly mailboxId: string;
  readonly user: string;
}

export async function addAccount(
  { db, credentials, annId }: House,
  dovecot: Pick<Dovecot, "host" | "imapsPort" | "password">,
  over: Partial<NewAccount> = {},
): Promise<TestAccount> {
  const mailboxId = newId();
  const user = over.user_name ?? `user-${randomUUID().slice(0, 8)}`;
  await db.transaction().execute(async (trx) => {
    const address = `${user}@elsewhere.example`;
    await createMailboxes(trx, [{ id: mailboxId, kind: "external", name: "Mine", address, ownerId: annId }]);
    await insertAccount(trx, {
      mailbox_id: mailboxId,
      user_name: user,
      auth: "password",
      provider: null,
      imap_host: dovecot.host,
      imap_port: dovecot.imapsPort,
      imap_security: "tls",
      smtp_host: dovecot.host,
      smtp_port: 1,
      smtp_security: "tls",
      ...credentials.sealPassword(mailboxId, dovecot.password),
      ...over,
    });
  });
  return { mailboxId, user };
}

/** Both sides of an account, driven by hand. */
export interface Both extends TestAccount {
  readonly work: AccountWork;
  readonly sync: AccountSync;
  /** Another client of the same mailbox. */
  readonly other: ImapFlow;
  /** A round with everything that is still to be fetched. */
  round(options?: Parameters<AccountSync["round"]>[0]): Promise<void>;
  /** Rounds until both sides have told each other everything. */
  settle(): Promise<void>;
  /** New connections, as a worker makes one after a broken one. */
  reopen(): Promise<void>;
  reopenOther(): Promise<void>;
  /** One of Ann's changes, as the gateway applies it. */
  change(name: MailIntentName, id: string, args: JsonObject): Promise<void>;
  close(): Promise<void>;
}

const apply = applier(messageIntents({ records }));

const QUIET_ROUNDS = 3;
/** A move that a broken connection cut in two may need one more than the others. */
const MAX_ROUNDS = 6;

/** Whether something is still to be done at the provider, or to be found there. */
async function isWaiting({ test }: House, mailboxId: string): Promise<boolean> {
  const { rows } = await test.pool.query<{ waits: boolean }>(
    `select exists (select from mail_remote_change where mailbox_id = $1)
       or exists (select from mail_remote_message where mailbox_id = $1 and folder_id is null) as waits`,
    [mailboxId],
  );
  return rows[0]?.waits === true;
}

export async function actAsAnn({ db }: House, name: MailIntentName, id: string, args: JsonObject): Promise<void> {
  await apply(db, actor("ann"), name, id, args);
}

export async function openBoth(
  house: House,
  dovecot: Dovecot,
  {
    account,
    hooks = {},
    savesSent = false,
    through,
    over = {},
  }: {
    readonly account?: TestAccount;
    readonly hooks?: SyncHooks;
    readonly savesSent?: boolean;
    /** A port that leads to Dovecot's plain one. */
    readonly through?: number;
    readonly over?: Partial<AccountWork>;
  } = {},
): Promise<Both> {
  const { db, blobs, credentials } = house;
  const { mailboxId, user } = account ?? (await addAccount(house, dovecot));
  const imap = createImapflow({ allowInnerNetwork: true, ca: dovecot.certificate });

  async function openWork(): Promise<AccountWork> {
    const taken = await takeAccount(db, mailboxId);
    if (!taken) throw new Error("the account is off");
    const session = await imap.connect({
      host: dovecot.host,
      port: through ?? dovecot.imapPort,
      security: "none",
      ...(await credentials.of(mailboxId)),
    });
    return {
      db,
      blobs,
      contents: { keepFiles: async () => undefined },
      read: async (raw) => readMail(raw),
      clock: systemClock,
      log: silentLog,
      mailboxId,
      savesSent,
      session,
      transact: createTransact({ db, mailboxId, epoch: taken.epoch, changed: () => undefined }),
      ...over,
    };
  }

  let work = await openWork();
  let sync = createAccountSync(work, hooks);
  let other = await connectOther(dovecot, user);

  async function round(options: Parameters<AccountSync["round"]>[0] = {}): Promise<void> {
    await sync.round(options);
    while (!(await sync.bringRest({ goOn: () => true }))) await sync.round(options);
  }
  async function close(): Promise<void> {
    await work.session.close();
    if (other.usable) await other.logout();
  }

  return {
    mailboxId,
    user,
    get work() {
      return work;
    },
    get sync() {
      return sync;
    },
    get other() {
      return other;
    },
    round,
    async settle() {
      for (let turn = 1; turn <= MAX_ROUNDS; turn++) {
        await round({ thorough: true });
        if (turn >= QUIET_ROUNDS && !(await isWaiting(house, mailboxId))) return;
      }
    },
    async reopen() {
      await close();
      work = await openWork();
      sync = createAccountSync(work, hooks);
      other = await connectOther(dovecot, user);
    },
    async reopenOther() {
      other.close();
      other = await connectOther(dovecot, user);
    },
    change: (name, id, args) => actAsAnn(house, name, id, args),
    close,
  };
}

export async function connectOther(
  dovecot: Pick<Dovecot, "host" | "imapPort" | "password">,
  user: string,
): Promise<ImapFlow> {
  const other = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: dovecot.password },
    logger: false,
  });
  other.on("error", () => undefined);
  await other.connect();
  return other;
}

/* ---------- what is so on both sides ---------- */

/** Folders by path, and in each its messages as `Message-ID marks`, and their labels, sorted; `bytes`: by the SHA-256 of all they say. */
export type Picture = Readonly<Record<string, readonly string[]>>;

const ROLE_PATHS: Readonly<Partial<Record<FolderRole, string>>> = {
  inbox: "INBOX",
  drafts: "Drafts",
  sent: "Sent",
  archive: "Archive",
  junk: "Junk",
  trash: "Trash",
};

type TellBy = "id" | "bytes";

export async function picture({ db }: House, mailboxId: string, by: TellBy = "id"): Promise<Picture> {
  const folders = await sql<{ id: string; parent_id: string | null; name: string; role: FolderRole | null }>`
    select id, parent_id, name, role from mail_folder where mailbox_id = ${mailboxId}`.execute(db);
  const pathOf = (id: string | null): string => {
    const folder = folders.rows.find((each) => each.id === id);
    if (!folder) return "";
    const name = folder.role ? (ROLE_PATHS[folder.role] ?? folder.role) : folder.name;
    return folder.parent_id === null ? name : `${pathOf(folder.parent_id)}/${name}`;
  };
  const messages = await sql<{
    folder_id: string;
    message_id: string;
    raw_sha256: string;
    seen: boolean;
    flagged: boolean;
    answered: boolean;
    forwarded: boolean;
    labels: readonly string[];
  }>`select message.folder_id, content.message_id, content.raw_sha256, message.seen, message.flagged, message.answered, message.forwarded,
       message.labels
     from mail_message message join mail_content content on content.id = message.content_id
     where message.mailbox_id = ${mailboxId}`.execute(db);
  const seen: Record<string, string[]> = {};
  for (const { id, role } of folders.rows) if (role !== "outbox") seen[pathOf(id)] = [];
  for (const row of messages.rows)
    (seen[pathOf(row.folder_id)] ??= []).push(
      lineOf(by === "id" ? row.message_id : row.raw_sha256, { marks: toMarks(row), labels: row.labels }),
    );
  return sorted(seen);
}

export async function pictureThere(other: ImapFlow, by: TellBy = "id"): Promise<Picture> {
  const seen: Record<string, string[]> = {};
  for (const { path, status } of await other.list({ statusQuery: { messages: true } })) {
    seen[path] = [];
    if (status?.messages === undefined) continue; // it only has folders in it
    await other.mailboxOpen(path);
    for await (const row of other.fetch("1:*", { envelope: true, flags: true, source: true }, { uid: true })) {
      const { isDeleted, ...flags } = marksOf(row.flags ?? []);
      if (!isDeleted) seen[path].push(lineOf(by === "id" ? idThere(row) : sha256(row.source ?? ""), flags));
    }
  }
  return sorted(seen);
}

/** As it is known here: one that has no Message-ID has one of its bytes. */
export const idThere = ({ envelope, source }: Pick<FetchMessageObject, "envelope" | "source">): string =>
  envelope?.messageId?.replaceAll(/[<>]/g, "") || `${sha256(source ?? "")}@missing.invalid`;

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

const lineOf = (id: string, { marks, labels }: Flags): string => [id, marks, ...labels.toSorted()].join(" ");

const sorted = (seen: Record<string, string[]>): Picture =>
  Object.fromEntries(Object.entries(seen).map(([path, lines]) => [path, lines.toSorted()]));

/* ---------- messages ---------- */

/** As dispatch leaves it: the copy of what was sent, here already, and still to be put there. */
export async function placeOurs({ db, blobs }: House, { mailboxId, work }: Both, messageId: string): Promise<void> {
  const source = Buffer.from(letter(messageId));
  const receivedAt = new Date().toISOString();
  await blobs.putMany([source]);
  const { content } = await readMessage(work.read, {
    uid: 1,
    marks: 0,
    labels: [],
    isDeleted: false,
    source,
    receivedAt,
  });
  await db.transaction().execute(async (trx) => {
    const { id, folderId } = await placeMessage(trx, {
      mailboxId,
      folder: { role: "sent" },
      contentId: await storeContent(trx, work.contents, content),
      receivedAt,
      seen: true,
      send: { state: "sent", by: people.ann },
    });
    await noteRemoteChanges(trx, [{ mailboxId, kind: "append", messageId: id, folderId, args: {} }]);
  });
}

let made = 0;

/** The text of a message; `id` without brackets. */
export function letter(id = `l${++made}@example.org`, body = "Hello"): string {
  return [
    "From: Olga <olga@example.org>",
    "To: ann@elsewhere.example",
    `Subject: About ${id}`,
    `Message-ID: <${id}>`,
    "Date: Mon, 1 Jun 2026 10:00:00 +0000",
    "",
    body,
    "",
  ].join("\r\n");
}

export async function folderIdOf(
  { db }: House,
  mailboxId: string,
  which: FolderRole | { name: string },
): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from mail_folder where mailbox_id = ${mailboxId}
    and ${typeof which === "string" ? sql`role = ${which}` : sql`name = ${which.name}`}`.execute(db);
  const [row] = rows;
  if (!row) throw new Error(`there is no folder ${JSON.stringify(which)}`);
  return row.id;
}

/** Our row of a message, by its Message-ID. */
export async function rowOf({ db }: House, mailboxId: string, messageId: string) {
  const { rows } = await sql<{ id: string; folder_id: string; seen: boolean; labels: string[] }>`
    select message.id, message.folder_id, message.seen, message.labels from mail_message message
      join mail_content content on content.id = message.content_id
    where message.mailbox_id = ${mailboxId} and content.message_id = ${messageId}`.execute(db);
  if (rows.length > 1) throw new Error(`${messageId} is here ${rows.length} times`);
  return rows[0];
}
