import { sql } from "kysely";
import { newId } from "@kontor/shared/base";
import { addressKey, domainOf, isMailAddress } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { peopleTables } from "#people";
import { createMailboxes, type NewMailbox } from "./createMailbox.ts";
import { mailboxTables, touchMailboxes } from "./mailboxes.repo.ts";

/** Everybody has a mailbox, without anybody doing anything for it. */
export interface Provisioning {
  /** Makes the rows of the configured domains; `fallback` where there would be none at all. */
  ensureDomains(trx: Transaction, fallback: string): Promise<void>;
  /** Makes the mailboxes that active people lack, and gives those there are the people's present names. Absent: of everybody. */
  ensureMailboxes(trx: Transaction, userIds?: readonly string[]): Promise<void>;
  /** After a change of a person: their mailbox is there and has their name, and who may do what with it is decided anew. */
  settle(trx: Transaction, userId: string): Promise<void>;
}

interface Person {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly email: string | null;
}

/** One at a time, on all nodes: two that start together would both want the same addresses. "mbox" in ASCII. */
const LOCK = 0x6d626f78;
const AT_ONCE = 200; // people whose rows go in one statement

/** `domains`: as configured, the main one first. */
export function createProvisioning({ domains }: { readonly domains: readonly string[] }): Provisioning {
  async function ownDomains(trx: Transaction): Promise<readonly string[]> {
    const rows = await mailboxTables(trx)
      .selectFrom("mail_domain")
      .select("name")
      .orderBy("created_at")
      .orderBy("name")
      .execute();
    return [...new Set([...domains, ...rows.map(({ name }) => name)])];
  }

  async function ensureMailboxes(trx: Transaction, userIds?: readonly string[]): Promise<void> {
    const own = await ownDomains(trx);
    if (own.length === 0) return;
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
    const lacking = await peopleWithout(trx, userIds);
    for (let from = 0; from < lacking.length; from += AT_ONCE)
      await createMailboxes(trx, await newMailboxes(trx, lacking.slice(from, from + AT_ONCE), own));
    await renameMailboxes(trx, userIds);
  }

  return {
    async ensureDomains(trx, fallback) {
      const [known] = await ownDomains(trx);
      const names = domains.length > 0 || known !== undefined ? domains : [fallback];
      if (names.length === 0) return;
      await mailboxTables(trx)
        .insertInto("mail_domain")
        .values(names.map((name) => ({ name })))
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
    },
    ensureMailboxes,
    async settle(trx, userId) {
      await ensureMailboxes(trx, [userId]);
      // Policies ask whether a mailbox's owner is switched on.
      const owned = await mailboxTables(trx)
        .selectFrom("mailbox")
        .select("id")
        .where("owner_id", "=", userId)
        .execute();
      await touchMailboxes(
        trx,
        owned.map(({ id }) => id),
      );
    },
  };
}

const peopleWithout = (trx: Transaction, userIds: readonly string[] | undefined): Promise<readonly Person[]> =>
  peopleTables(trx)
    .selectFrom("app_user")
    .select(["id", "login", "name", "email"])
    .where("state", "=", "active")
    .where(sql<boolean>`not exists (select from mailbox where owner_id = app_user.id and kind = 'personal')`)
    .$if(userIds !== undefined, (query) => query.where("id", "in", userIds ?? []))
    .orderBy("created_at")
    .orderBy("id")
    .execute();

/**
 * The address is the person's own e-mail where its domain is ours, and otherwise the sign-in name at the main domain. Whoever comes
 * second gets a number.
 */
async function newMailboxes(
  trx: Transaction,
  people: readonly Person[],
  own: readonly string[],
): Promise<readonly NewMailbox[]> {
  const [main = ""] = own;
  const wanted = people.map((person) => {
    const email = addressKey(person.email ?? "");
    const byLogin = `${localPartOf(person.login)}@${main}`;
    const address = isMailAddress(email) && own.includes(domainOf(email)) ? email : byLogin;
    return { person, address, alias: address === byLogin ? undefined : byLogin };
  });
  const taken = new Set(await takenAmong(trx, wanted));
  return wanted.map(({ person, address, alias }) => {
    const free = firstFree(address, taken);
    taken.add(free);
    const isAliasFree = alias !== undefined && !taken.has(alias);
    if (isAliasFree) taken.add(alias);
    return {
      id: newId(),
      kind: "personal",
      name: person.name,
      ownerId: person.id,
      address: free,
      ...(isAliasFree && { aliases: [alias] }),
    };
  });
}

/** Of the addresses wanted, and of those with a number that would come next. */
async function takenAmong(
  trx: Transaction,
  wanted: readonly { readonly address: string; readonly alias: string | undefined }[],
): Promise<readonly string[]> {
  const addresses = [...new Set(wanted.flatMap(({ address, alias = address }) => [address, alias]))];
  const { rows } = await sql<{ address: string }>`
    select distinct taken.address from unnest(${addresses}::text[]) as wanted (address)
    join mail_address taken on taken.address = wanted.address or (
      starts_with(taken.address, split_part(wanted.address, '@', 1)) and
      regexp_replace(taken.address, '[.][0-9]+@', '@') = wanted.address)`.execute(trx);
  return rows.map(({ address }) => address);
}

function firstFree(address: string, taken: ReadonlySet<string>): string {
  if (!taken.has(address)) return address;
  const at = address.lastIndexOf("@");
  for (let n = 2; ; n++) {
    const numbered = `${address.slice(0, at)}.${n}${address.slice(at)}`;
    if (!taken.has(numbered)) return numbered;
  }
}

/** A sign-in name may hold what no address can (RFC 5321): each such piece becomes a dot. At most 60 of its 64 characters. */
export function localPartOf(login: string): string {
  const local = addressKey(login)
    .split("@", 1)
    .join("")
    .replaceAll(/[^\p{L}\p{N}_+-]+/gu, ".")
    .slice(0, 60)
    .replaceAll(/^\.+|\.+$/g, "");
  return local === "" ? "user" : local;
}

async function renameMailboxes(trx: Transaction, userIds: readonly string[] | undefined): Promise<void> {
  const of = userIds === undefined ? sql`` : sql`and app_user.id = any(${userIds}::uuid[])`;
  const { rows } = await sql<{ id: string }>`
    update mailbox set name = app_user.name from app_user
    where mailbox.owner_id = app_user.id and mailbox.kind = 'personal' and mailbox.name <> app_user.name ${of}
    returning mailbox.id`.execute(trx);
  await touchMailboxes(
    trx,
    rows.map(({ id }) => id),
  );
}
