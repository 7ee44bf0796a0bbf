import { DomainError, newId, type Clock, type JsonObject } from "@kontor/shared/base";
import { addressKey, isMailAddress, type AccountReason } from "@kontor/shared/mail";
import { recordAudit, recordChanges, type AuditActor, type Database, type Doorbell, type Transaction } from "#kernel";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { mailboxTables } from "../mailboxes/mailboxes.repo.ts";
import { accountTables, changeAccount, findAccount, insertAccount } from "./accounts.repo.ts";
import type { Credentials, Sealed } from "./credentials.ts";
import { discover, type Discovery, type DiscoveryDns } from "./discover.ts";
import type { AccountSecret } from "./imap.port.ts";
import type { OAuthFlows } from "./oauth.flow.ts";
import { presets, type AccountServers } from "./presets.ts";
import { testConnection, type ConnectionTest, type TestDeps, type TestOutcome } from "./testConnection.ts";

/** How somebody's own account signs in. */
export type SecretInput = { readonly password: string } | { readonly flow: string };

export interface AccountInput extends AccountServers {
  readonly name: string;
  readonly address: string;
  readonly userName: string;
  readonly secret: SecretInput;
}

export interface AccountChange {
  readonly name?: string | undefined;
  /** Where and as whom it signs in: with the secret, since the one that is kept must not be sent to another server. */
  readonly login?: (AccountServers & { readonly userName: string; readonly secret: SecretInput }) | undefined;
  /** Off: what is here stays, and nobody looks at the provider. */
  readonly isOff?: boolean | undefined;
}

/** External accounts of people; each change is in the audit log of its own transaction. Asks for no rights. */
export interface AccountsService {
  discover(address: string): Promise<Discovery | undefined>;
  test(userId: string, input: Omit<AccountInput, "name" | "address">): Promise<ConnectionTest>;
  /** Signs in first: an account that does not work is not made. */
  create(userId: string, input: AccountInput, by: AuditActor): Promise<{ readonly id: string }>;
  change(userId: string, mailboxId: string, change: AccountChange, by: AuditActor): Promise<void>;
  remove(mailboxId: string, by: AuditActor): Promise<void>;
  /** Its worker looks for new mail now, wherever it is; one that waits after a failure tries again. */
  look(mailboxId: string): Promise<void>;
}

export interface AccountsDeps extends TestDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly doorbell: Pick<Doorbell, "ring">;
  readonly dns: DiscoveryDns;
  readonly credentials: Credentials;
  readonly flows: OAuthFlows;
}

/** Each has a connection of its own to its provider for as long as the server runs. */
const MAX_ACCOUNTS = 20;

export function createAccountsService(deps: AccountsDeps): AccountsService {
  const { db, clock, doorbell, credentials, flows } = deps;

  async function write<Result>(act: (trx: Transaction) => Promise<Result>): Promise<Result> {
    const result = await db.transaction().execute(act);
    doorbell.ring();
    return result;
  }
  const note = (trx: Transaction, by: AuditActor, action: string, id: string, details: JsonObject = {}) =>
    recordAudit(trx, new Date(clock.now()).toISOString(), [
      { action, outcome: "done", by, object: { kind: "mailbox", id }, details },
    ]);

  /** What it signs in with now; tokens stay where they are until the account is written. */
  async function secretOf(userId: string, secret: SecretInput): Promise<AccountSecret> {
    if ("password" in secret) return { kind: "password", password: secret.password };
    const { tokens } = await flows.peek(userId, secret.flow);
    return { kind: "oauth", accessToken: tokens.accessToken };
  }

  async function sealSecret(
    trx: Transaction,
    { userId, mailboxId }: { readonly userId: string; readonly mailboxId: string },
    secret: SecretInput,
  ): Promise<Sealed & { readonly auth: "password" | "oauth" }> {
    if ("password" in secret) return { ...credentials.sealPassword(mailboxId, secret.password), auth: "password" };
    const { tokens } = await flows.take(trx, userId, secret.flow);
    return { ...credentials.sealTokens(mailboxId, tokens), auth: "oauth" };
  }

  async function test(userId: string, input: Omit<AccountInput, "name" | "address">): Promise<ConnectionTest> {
    const { imap, smtp, userName: user, secret } = input;
    return testConnection(deps, { servers: { imap, smtp }, user, secret: await secretOf(userId, secret) });
  }

  async function requireWorking(userId: string, input: Omit<AccountInput, "name" | "address">): Promise<void> {
    const outcome = await test(userId, input);
    refuseFailed("imap", outcome.imap);
    refuseFailed("smtp", outcome.smtp);
  }

  return {
    discover: (address) => discover(address, deps.dns),
    test,

    async create(userId, input, by) {
      if (!isMailAddress(input.address)) throw invalid("address", "account.address", "This is not a mail address.");
      await requireWorking(userId, input);
      const id = newId();
      await write(async (trx) => {
        await requireRoom(trx, userId, input.address);
        const { name, address, userName, secret } = input;
        const [made] = await createMailboxes(trx, [{ id, kind: "external", name, address, ownerId: userId }]);
        if (made === undefined) throw accountExists();
        const sealed = await sealSecret(trx, { userId, mailboxId: id }, secret);
        await insertAccount(trx, { mailbox_id: id, user_name: userName, ...serversOf(input), ...sealed });
        await note(trx, by, "mail.accountAdded", id, { address: addressKey(address), host: input.imap.host });
      });
      return { id };
    },

    async change(userId, mailboxId, { name, login, isOff }, by) {
      if (login) await requireWorking(userId, login);
      await write(async (trx) => {
        if (!(await findAccount(trx, mailboxId))) throw accountNotFound();
        if (name !== undefined)
          await mailboxTables(trx).updateTable("mailbox").set({ name }).where("id", "=", mailboxId).execute();
        const sealed = login && (await sealSecret(trx, { userId, mailboxId }, login.secret));
        const begins = login !== undefined || isOff === false;
        await changeAccount(trx, mailboxId, {
          ...(login && { user_name: login.userName, ...serversOf(login), ...sealed }),
          ...(begins && { state: "connecting", reason: null, message: null, retry_at: null, failures: 0 }),
          ...(isOff === true && { state: "off", reason: null, message: null, retry_at: null }),
        });
        const details = {
          ...(name !== undefined && { name: true }),
          ...(login && { host: login.imap.host }),
          ...(isOff !== undefined && { off: isOff }),
        };
        await note(trx, by, "mail.accountChanged", mailboxId, details);
      });
    },

    async remove(mailboxId, by) {
      await write(async (trx) => {
        const gone = await mailboxTables(trx)
          .deleteFrom("mailbox")
          .where("id", "=", mailboxId)
          .where("kind", "=", "external")
          .returning("address")
          .executeTakeFirst();
        if (!gone) throw accountNotFound();
        await recordChanges(trx, [{ collection: "mailboxes", id: mailboxId }]);
        await note(trx, by, "mail.accountRemoved", mailboxId, { address: gone.address });
      });
    },

    async look(mailboxId) {
      await accountTables(db)
        .updateTable("mail_account")
        .set({ look_wanted: true, retry_at: null })
        .where("mailbox_id", "=", mailboxId)
        .execute();
      doorbell.ring();
    },
  };
}

function serversOf({ imap, smtp }: AccountServers) {
  return {
    provider: presets.find((preset) => preset.imap.host === imap.host)?.key ?? null,
    imap_host: imap.host,
    imap_port: imap.port,
    imap_security: imap.security,
    smtp_host: smtp.host,
    smtp_port: smtp.port,
    smtp_security: smtp.security,
  };
}

/** The same account twice would be two workers that move each other's messages. */
async function requireRoom(trx: Transaction, userId: string, address: string): Promise<void> {
  const rows = await mailboxTables(trx)
    .selectFrom("mailbox")
    .select("address")
    .where("owner_id", "=", userId)
    .where("kind", "=", "external")
    .execute();
  if (rows.some((row) => row.address === addressKey(address))) throw accountExists();
  if (rows.length >= MAX_ACCOUNTS)
    throw invalid("address", "account.tooMany", `Each person has at most ${MAX_ACCOUNTS} accounts.`);
}

function refuseFailed(field: "imap" | "smtp", outcome: TestOutcome): void {
  if (outcome.ok) return;
  const words = outcome.message ?? WORDS[outcome.reason];
  throw new DomainError("invalid", `${field === "imap" ? "Reading" : "Sending"} mail does not work: ${words}`, {
    reason: `account.${outcome.reason}`,
    problems: [{ field, reason: `account.${outcome.reason}`, message: words }],
  });
}

const WORDS = {
  dns: "No host has this name.",
  refused: "Nothing answers at this port.",
  unreachable: "The host cannot be reached.",
  timeout: "The host does not answer.",
  innerNetwork: "Accounts inside our own network are not let.",
  "tls.certificate": "Nobody vouches for the server's certificate, or it is for another name.",
  "tls.missing": "The server offers no encryption here.",
  "tls.failed": "No agreement on encryption.",
  protocol: "Something else answers there.",
  auth: "The name or the password is wrong.",
  "auth.appPassword": "This provider wants a password made for one application.",
  "auth.imapDisabled": "The account does not let mail applications in.",
  "auth.expired": "The leave to sign in has ended.",
  "auth.method": "This server signs nobody in with a password.",
  busy: "The server is busy; try again later.",
  overQuota: "The account is full.",
  server: "The server refused.",
  closed: "The connection ended.",
  internal: "Something went wrong here.",
} as const satisfies Record<AccountReason, string>;

const invalid = (field: string, reason: string, message: string) =>
  new DomainError("invalid", message, { reason, problems: [{ field, reason, message }] });

const accountExists = () => new DomainError("conflict", "You have this account already.", { reason: "account.exists" });

export const accountNotFound = () =>
  new DomainError("notFound", "There is no such account.", { reason: "account.notFound" });
