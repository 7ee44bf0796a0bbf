import { domainToASCII, domainToUnicode } from "node:url";
import { sql } from "kysely";
import { addressKey, domainOf } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";
import { mailboxTables } from "./mailboxes.repo.ts";

/** Where mail to an address goes. */
export type Destination =
  /** To mailboxes of ours: one, or those of a group's members, who may be none. */
  | { readonly kind: "inside"; readonly mailboxIds: readonly string[] }
  | { readonly kind: "outside" }
  /** Of a domain of ours, and nobody has it, or has it any longer. */
  | { readonly kind: "unknown" };

/**
 * Looks addresses up, aliases and groups with them, under their keys (`addressKey`). What follows a plus is the reader's own
 * business (RFC 5233): `anna+news@` is Anna's unless somebody has that very address. A domain beyond ASCII is the same one in either
 * of its two forms (RFC 5891).
 */
export async function resolveAddresses(
  db: Database | Transaction,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, Destination>> {
  const keys = [...new Set(addresses.map(addressKey))];
  const holders = await findHolders(db, [...new Set(keys.flatMap(formsOf))]);
  const holderOf = (key: string) =>
    formsOf(key)
      .map((form) => holders.get(form))
      .find((found) => found !== undefined);
  const owned = await ownDomainsAmong(
    db,
    keys.filter((key) => !holderOf(key)),
  );
  return new Map(
    keys.map((key): [string, Destination] => {
      const mailboxIds = holderOf(key);
      if (mailboxIds) return [key, { kind: "inside", mailboxIds }];
      return [key, { kind: owned.has(storedDomain(key)) ? "unknown" : "outside" }];
    }),
  );
}

/** Under which somebody may have it, the nearest one first. */
function formsOf(key: string): readonly string[] {
  const at = key.lastIndexOf("@");
  const [local, domain] = [key.slice(0, at), key.slice(at + 1)];
  const domains = [domain, domainToASCII(domain), domainToUnicode(domain)].filter((form) => form !== "");
  const locals = [local, local.replace(/^(?<own>[^+"]+)\+.*$/u, "$<own>")];
  return [...new Set(locals.flatMap((each) => domains.map((form) => `${each}@${form}`)))];
}

/** Domains stand in the database as in the DNS. */
const storedDomain = (address: string): string => domainToASCII(domainOf(address)) || domainOf(address);

/** The mailboxes that each address reaches; an address that is there and reaches nobody any longer is not among them. */
async function findHolders(
  db: Database | Transaction,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (addresses.length === 0) return new Map();
  const { rows } = await sql<{ address: string; isGroup: boolean; mailboxIds: readonly string[] }>`
    select own.address, own.group_id is not null as "isGroup", array(
      select mailbox.id from mailbox where mailbox.id = own.mailbox_id and disabled_at is null
      union select mailbox.id from mail_group_member member
        join mailbox on mailbox.id = member.mailbox_id and disabled_at is null
        where member.group_id = own.group_id
      union select mailbox.id from mail_group
        join group_member member on member.group_id = mail_group.user_group_id
        join app_user on app_user.id = member.user_id and app_user.state = 'active'
        join mailbox on mailbox.owner_id = member.user_id and mailbox.kind = 'personal' and disabled_at is null
        where mail_group.id = own.group_id
      order by 1) as "mailboxIds"
    from mail_address own where own.address = any(${addresses}::text[])`.execute(db);
  const reached = rows.filter(({ isGroup, mailboxIds }) => isGroup || mailboxIds.length > 0);
  return new Map(reached.map(({ address, mailboxIds }) => [address, mailboxIds]));
}

async function ownDomainsAmong(db: Database | Transaction, addresses: readonly string[]): Promise<ReadonlySet<string>> {
  const domains = [...new Set(addresses.map(storedDomain))];
  if (domains.length === 0) return new Set();
  const rows = await mailboxTables(db).selectFrom("mail_domain").select("name").where("name", "in", domains).execute();
  return new Set(rows.map(({ name }) => name));
}
