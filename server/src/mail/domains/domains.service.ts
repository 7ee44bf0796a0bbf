import { domainToASCII } from "node:url";
import { sql } from "kysely";
import { DomainError, newId, type Clock } from "@kontor/shared/base";
import { isMailAddress } from "@kontor/shared/mail";
import { recordAudit, type AuditActor, type Database, type Log, type Seal, type Transaction } from "#kernel";
import { checkDomain, type Finding, type OwnServer } from "./checkDomain.ts";
import { keyRecord, makeKeys } from "./dkimKey.ts";
import type { MailDns } from "./dns.port.ts";
import {
  countAddresses,
  domainTables,
  findActiveKeys,
  findDomain,
  findKeys,
  listDomains,
  noteFindings,
  type DomainRow,
  type KeyAlgorithm,
  type KeyRow,
  type KeyState,
} from "./domains.repo.ts";

/** The domains for which this server takes mail, the keys with which it signs theirs, and what the DNS says of them. */
export interface MailDomains {
  list(): Promise<readonly MailDomain[]>;
  add(name: string, by: AuditActor): Promise<MailDomain>;
  remove(name: string, by: AuditActor): Promise<void>;
  /** Looks into the DNS now; a key whose record is seen there signs from then on, in place of the one before. */
  check(name: string, by: AuditActor): Promise<MailDomain>;
  /** A new pair beside the old one, which signs until the DNS has the new one. */
  addKeys(name: string, by: AuditActor): Promise<MailDomain>;
  /** Of one that signs no more, or never did. */
  removeKey(id: string, by: AuditActor): Promise<void>;
  /** Looks at those that were not looked at for long. */
  checkDue(): Promise<void>;
  /** With what mail from this domain is signed. */
  signingKeys(domain: string): Promise<readonly SigningKey[]>;
  /** Domains of which something is wrong, as of the last look. */
  troubled(): Promise<readonly string[]>;
}

export interface MailDomain {
  readonly name: string;
  readonly createdAt: string;
  readonly checkedAt: string | null;
  readonly findings: readonly Finding[];
  readonly keys: readonly MailDomainKey[];
  readonly addresses: number;
}

export interface MailDomainKey {
  readonly id: string;
  readonly selector: string;
  readonly algorithm: KeyAlgorithm;
  readonly state: KeyState;
  readonly createdAt: string;
  readonly record: { readonly name: string; readonly value: string };
}

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  /** PEM. */
  readonly privateKey: string;
}

const SEAL = "mail.dkim";
const DUE_MS = 6 * 3_600_000; // records change rarely, and their time to live is seldom longer
const PENDING_MS = 10 * 60_000; // whoever has just entered a record waits for it
const CACHE_MS = 30_000; // a key that was retired elsewhere signs at most this long
const MAX_DOMAINS = 1_000;
const MAX_KEYS = 10; // of one domain: two pairs during a change, and some that were forgotten

export interface DomainsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly seal: Seal;
  readonly dns: MailDns;
  readonly own: OwnServer;
}

export function createDomains({ db, clock, log, seal, dns, own }: DomainsDeps): MailDomains {
  const now = () => new Date(clock.now()).toISOString();
  const cached = new Map<string, { readonly until: number; readonly keys: Promise<readonly SigningKey[]> }>();

  async function read(name: string): Promise<MailDomain> {
    const row = await findDomain(db, name);
    if (!row) throw unknownDomain();
    return toDomain(row, await findKeys(db, [name]), await countAddresses(db, name));
  }

  async function insertKeys(trx: Transaction, name: string): Promise<void> {
    for (const { algorithm, selector, publicKey, privateKey } of await makeKeys(new Date(clock.now())))
      await domainTables(trx)
        .insertInto("mail_dkim_key")
        .values({
          id: newId(),
          domain: name,
          selector,
          algorithm,
          public_key: publicKey,
          key_sealed: seal.close(privateKey, SEAL),
          created_at: now(),
        })
        .execute();
  }

  /** Domains that came with the configuration have none yet. */
  async function keysForAll(): Promise<void> {
    const { rows } = await sql<{ name: string }>`
      select name from mail_domain where not exists (select from mail_dkim_key where domain = name)`.execute(db);
    for (const { name } of rows)
      await db.transaction().execute(async (trx) => {
        const { rows: still } = await sql<{ name: string }>`
          select name from mail_domain where name = ${name} and not exists (
            select from mail_dkim_key where domain = ${name}) for update`.execute(trx);
        if (still.length > 0) await insertKeys(trx, name);
      });
  }

  const note = (trx: Transaction, by: AuditActor, action: string, name: string, details = {}) =>
    recordAudit(trx, now(), [
      { action, outcome: "done", by, object: { kind: "mailDomain", id: name, title: name }, details },
    ]);

  /** Outside of a transaction: the DNS takes its time. */
  async function look(name: string): Promise<readonly Finding[]> {
    const keys = await findKeys(db, [name]);
    return checkDomain(name, {
      dns,
      own,
      keys: keys.map((key) => ({ ...key, publicKey: key.public_key })),
    });
  }

  async function keep(trx: Transaction, name: string, findings: readonly Finding[]): Promise<readonly string[]> {
    await noteFindings(trx, { name, findings, now: now() });
    const seen = findings.flatMap(({ what, state, selector }) =>
      what === "dkim" && state === "ok" ? (selector ?? []) : [],
    );
    const { rows } = await sql<{ selector: string }>`
      update mail_dkim_key set state = 'active'
      where domain = ${name} and state = 'pending' and selector = any(${seen}::text[]) returning selector`.execute(trx);
    const begun = rows.map(({ selector }) => selector);
    if (begun.length > 0)
      await sql`update mail_dkim_key old set state = 'retired'
        where domain = ${name} and state = 'active' and selector <> all(${begun}::text[]) and algorithm in (
          select algorithm from mail_dkim_key where domain = ${name} and selector = any(${begun}::text[]))`.execute(
        trx,
      );
    return begun;
  }

  async function loadKeys(domain: string): Promise<readonly SigningKey[]> {
    const rows = await findActiveKeys(db, domain);
    return rows.map((row) => ({
      domain: row.domain,
      selector: row.selector,
      privateKey: seal.open(row.key_sealed, SEAL),
    }));
  }

  return {
    async list() {
      const rows = await listDomains(db);
      const keys = await findKeys(
        db,
        rows.map(({ name }) => name),
      );
      return Promise.all(
        rows.map(async (row) =>
          toDomain(
            row,
            keys.filter(({ domain }) => domain === row.name),
            await countAddresses(db, row.name),
          ),
        ),
      );
    },

    async add(given, by) {
      const name = domainName(given);
      await db.transaction().execute(async (trx) => {
        const { count } = await domainTables(trx)
          .selectFrom("mail_domain")
          .select((e) => e.fn.countAll<number>().as("count"))
          .executeTakeFirstOrThrow();
        if (count >= MAX_DOMAINS)
          throw new DomainError("conflict", `There are ${MAX_DOMAINS} domains already.`, { reason: "mailDomain.many" });
        const added = await domainTables(trx)
          .insertInto("mail_domain")
          .values({ name, created_at: now() })
          .onConflict((conflict) => conflict.column("name").doNothing())
          .returning("name")
          .executeTakeFirst();
        if (!added)
          throw new DomainError("conflict", `${name} is one of this server's domains already.`, {
            reason: "mailDomain.taken",
            problems: [{ field: "name", reason: "mailDomain.taken", message: "It is there already." }],
          });
        await insertKeys(trx, name);
        await note(trx, by, "mail.domainAdded", name);
      });
      return read(name);
    },

    async remove(name, by) {
      await db.transaction().execute(async (trx) => {
        const addresses = await countAddresses(trx, name);
        if (addresses > 0)
          throw new DomainError("conflict", `${addresses} addresses are of this domain; they would get no mail.`, {
            reason: "mailDomain.used",
            params: { addresses },
          });
        const removed = await domainTables(trx)
          .deleteFrom("mail_domain")
          .where("name", "=", name)
          .returning("name")
          .executeTakeFirst();
        if (!removed) throw unknownDomain();
        await note(trx, by, "mail.domainRemoved", name);
      });
    },

    async check(name, by) {
      if (!(await findDomain(db, name))) throw unknownDomain();
      const findings = await look(name);
      await db.transaction().execute(async (trx) => {
        const begun = await keep(trx, name, findings);
        await note(trx, by, "mail.domainChecked", name, {
          states: Object.fromEntries(findings.map(({ what, state }) => [what, state])),
          ...(begun.length > 0 && { signingWith: [...begun] }),
        });
      });
      return read(name);
    },

    async addKeys(name, by) {
      await db.transaction().execute(async (trx) => {
        const row = await domainTables(trx)
          .selectFrom("mail_domain")
          .select("name")
          .where("name", "=", name)
          .forUpdate()
          .executeTakeFirst();
        if (!row) throw unknownDomain();
        if ((await findKeys(trx, [name])).length >= MAX_KEYS)
          throw new DomainError("conflict", `${name} has ${MAX_KEYS} keys. Remove old ones first.`, {
            reason: "mailDomain.keys",
            params: { limit: MAX_KEYS },
          });
        await insertKeys(trx, name);
        await note(trx, by, "mail.keysAdded", name);
      });
      return read(name);
    },

    async removeKey(id, by) {
      await db.transaction().execute(async (trx) => {
        const key = await domainTables(trx)
          .selectFrom("mail_dkim_key")
          .select(["domain", "selector", "state"])
          .where("id", "=", id)
          .forUpdate()
          .executeTakeFirst();
        if (!key) throw new DomainError("notFound", "There is no such key.", { reason: "mailKey.unknown" });
        if (key.state === "active")
          throw new DomainError("conflict", "Mail is signed with this key. Make a new one first.", {
            reason: "mailKey.active",
          });
        await domainTables(trx).deleteFrom("mail_dkim_key").where("id", "=", id).execute();
        await note(trx, by, "mail.keyRemoved", key.domain, { selector: key.selector });
      });
    },

    async checkDue() {
      const at = clock.now();
      await keysForAll();
      const due = await sql<{ name: string }>`
        select name from mail_domain where checked_at is null or checked_at < ${new Date(at - DUE_MS).toISOString()}
          or checked_at < ${new Date(at - PENDING_MS).toISOString()} and exists (
            select from mail_dkim_key where domain = name and state = 'pending')
        order by checked_at nulls first limit 20`.execute(db);
      for (const { name } of due.rows) {
        const findings = await look(name);
        const begun = await db.transaction().execute((trx) => keep(trx, name, findings));
        if (begun.length > 0)
          log.info({ domain: name, selectors: begun }, "mail is signed with keys that the DNS shows now");
      }
    },

    signingKeys(domain) {
      const name = asciiDomain(domain);
      const at = clock.now();
      const known = cached.get(name);
      if (known && known.until > at) return known.keys;
      if (cached.size > MAX_DOMAINS) cached.clear();
      const keys = loadKeys(name);
      cached.set(name, { until: at + CACHE_MS, keys });
      keys.catch(() => cached.delete(name));
      return keys;
    },

    async troubled() {
      const rows = await listDomains(db);
      return rows
        .filter(({ findings }) => findings?.some(({ state }) => state === "missing" || state === "poor"))
        .map(({ name }) => name);
    },
  };
}

const unknownDomain = () =>
  new DomainError("notFound", "This is none of the server's domains.", { reason: "mailDomain.unknown" });

const asciiDomain = (name: string): string => domainToASCII(name) || name.toLowerCase();

/** As the DNS has it; throws for what is no domain. */
function domainName(given: string): string {
  const name = asciiDomain(given.trim().replace(/\.$/, ""));
  if (!name.includes(".") || name.length > 253 || !isMailAddress(`postmaster@${name}`))
    throw new DomainError("invalid", `“${given}” is not a domain such as example.com.`, {
      reason: "mailDomain.invalid",
      problems: [{ field: "name", reason: "mailDomain.invalid", message: "This is not a domain." }],
    });
  return name;
}

const toDomain = (row: DomainRow, keys: readonly KeyRow[], addresses: number): MailDomain => ({
  name: row.name,
  createdAt: row.created_at,
  checkedAt: row.checked_at,
  findings: row.findings ?? [],
  addresses,
  keys: keys.map((key) => ({
    id: key.id,
    selector: key.selector,
    algorithm: key.algorithm,
    state: key.state,
    createdAt: key.created_at,
    record: {
      name: `${key.selector}._domainkey.${key.domain}`,
      value: keyRecord({ algorithm: key.algorithm, publicKey: key.public_key }),
    },
  })),
});
