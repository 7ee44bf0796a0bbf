import { sql, type Generated } from "kysely";
import type { Database, Transaction } from "#kernel";
import type { Finding } from "./checkDomain.ts";

export const keyAlgorithms = ["rsa", "ed25519"] as const;
export type KeyAlgorithm = (typeof keyAlgorithms)[number];
export type KeyState = "pending" | "active" | "retired";

export interface KeyRow {
  readonly id: string;
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: KeyAlgorithm;
  /** As the DNS record has it. */
  readonly public_key: string;
  readonly key_sealed: Buffer;
  readonly state: KeyState;
  readonly created_at: string;
}

export interface DomainRow {
  readonly name: string;
  readonly created_at: string;
  readonly checked_at: string | null;
  readonly findings: readonly Finding[] | null;
}

type DomainTables = {
  mail_domain: {
    name: string;
    created_at: Generated<string>;
    checked_at: Generated<string | null>;
    findings: Generated<readonly Finding[] | null>;
  };
  mail_dkim_key: { [Key in keyof Omit<KeyRow, "state" | "created_at">]: KeyRow[Key] } & {
    state: Generated<KeyState>;
    created_at: Generated<string>;
  };
};

export const domainTables = (db: Database | Transaction) => db.withTables<DomainTables>();

export const listDomains = (db: Database): Promise<readonly DomainRow[]> =>
  domainTables(db).selectFrom("mail_domain").selectAll().orderBy("created_at").orderBy("name").execute();

export const findDomain = (db: Database | Transaction, name: string): Promise<DomainRow | undefined> =>
  domainTables(db).selectFrom("mail_domain").selectAll().where("name", "=", name).executeTakeFirst();

export const findKeys = (db: Database | Transaction, domains: readonly string[]): Promise<readonly KeyRow[]> =>
  domains.length === 0
    ? Promise.resolve([])
    : domainTables(db)
        .selectFrom("mail_dkim_key")
        .selectAll()
        .where("domain", "in", domains)
        .orderBy("created_at")
        .orderBy("algorithm", "desc")
        .execute();

/** The domain or the nearest above it that is ours: mail from `sales.example.com` is signed by `example.com`, too (RFC 7489 §3.1). */
export async function findActiveKeys(db: Database, domain: string): Promise<readonly KeyRow[]> {
  const labels = domain.split(".");
  const names = labels.map((_label, at) => labels.slice(at).join("."));
  const keys = await domainTables(db)
    .selectFrom("mail_dkim_key")
    .selectAll()
    .where("domain", "in", names)
    .where("state", "=", "active")
    .execute();
  const nearest = names.find((name) => keys.some((key) => key.domain === name));
  return keys.filter((key) => key.domain === nearest);
}

export async function noteFindings(
  trx: Transaction,
  { name, findings, now }: { name: string; findings: readonly Finding[]; now: string },
): Promise<void> {
  await sql`update mail_domain set checked_at = ${now}, findings = ${JSON.stringify(findings)}::jsonb
    where name = ${name}`.execute(trx);
}

/** Mailboxes and groups whose addresses are of the domain. */
export async function countAddresses(db: Database | Transaction, domain: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from mail_address where split_part(address, '@', -1) = ${domain}`.execute(db);
  return rows[0]?.count ?? 0;
}
