import { canonicalJson, DomainError, newId, type Json } from "@kontor/shared/base";
import { contactSchema, type ContactDoc } from "@kontor/shared/mail";
import { recordChanges, type Actor, type Transaction } from "#kernel";
import { jsonb } from "../messages/messages.repo.ts";
import { contactTables, type ContactBody } from "./contacts.repo.ts";
import { accessToContact, emailsOf } from "./saveContact.ts";
import { parseVCards } from "./vcard.ts";

export interface Imported {
  readonly imported: number;
  /** Equal to one that was there already, or to another one of the file. */
  readonly known: number;
  /** Cards that were none, or named nobody. */
  readonly skipped: number;
}

const ROWS = 500; // in one statement

/** Makes contacts of a file of vCards; one that its reader's book has already is not made again. */
export async function importContacts(
  trx: Transaction,
  actor: Actor,
  { text, kind }: { readonly text: string; readonly kind: ContactDoc["kind"] },
): Promise<Imported> {
  const owner = actor.subject.id;
  if (!accessToContact(actor, { id: newId(), kind, owner_id: owner }).may("create"))
    throw new DomainError("forbidden", "You may not make such contacts.", { reason: "contact.forbidden" });
  const { contacts, skipped } = parseVCards(text);
  const fitting = contacts.filter((contact) => contactSchema.safeParse({ kind, ...contact }).success);
  const known = new Set(await ownContacts(trx, owner, kind));
  const fresh = fitting.filter((contact) => {
    const key = keyOf(contact);
    return !known.has(key) && known.add(key);
  });
  for (let from = 0; from < fresh.length; from += ROWS)
    await insertAll(trx, actor, kind, fresh.slice(from, from + ROWS));
  return {
    imported: fresh.length,
    known: fitting.length - fresh.length,
    skipped: skipped + contacts.length - fitting.length,
  };
}

const keyOf = (contact: ContactBody): string => canonicalJson(contact as unknown as Json);

async function ownContacts(trx: Transaction, owner: string, kind: ContactDoc["kind"]): Promise<readonly string[]> {
  const rows = await contactTables(trx)
    .selectFrom("contact")
    .select("contact")
    .where("owner_id", "=", owner)
    .where("kind", "=", kind)
    .execute();
  return rows.map(({ contact }) => keyOf(contact));
}

async function insertAll(
  trx: Transaction,
  actor: Actor,
  kind: ContactDoc["kind"],
  contacts: readonly ContactBody[],
): Promise<void> {
  const rows = contacts.map((contact) => ({
    id: newId(),
    kind,
    owner_id: actor.subject.id,
    contact: jsonb(contact),
    emails: emailsOf(contact),
    updated_at: actor.now,
  }));
  await contactTables(trx).insertInto("contact").values(rows).execute();
  await recordChanges(
    trx,
    rows.map(({ id }) => ({ collection: "contacts", id })),
  );
}
