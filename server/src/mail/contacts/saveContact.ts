import { sql } from "kysely";
import type { Access } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { addressKey, type MailIntentArgs } from "@kontor/shared/mail";
import { recordChanges, type Actor, type Database, type IntentOutcome, type Transaction } from "#kernel";
import { jsonb } from "../messages/messages.repo.ts";
import { resourceOfContact } from "./contacts.resource.ts";
import { contactTables, type ContactBody, type ContactRow } from "./contacts.repo.ts";

type Saved = MailIntentArgs<"contact.save">["contact"];
type Asker = Pick<Actor, "engine" | "subject" | "context">;

export const accessToContact = (
  { engine, subject, context }: Asker,
  contact: Pick<ContactRow, "id" | "kind" | "owner_id">,
): Access => engine.accessTo(subject, resourceOfContact(contact), context);

/** Makes a contact, whose owner is whoever makes it, or writes it anew. What of it its writer does not see stays (POL-7). */
export async function saveContact(
  trx: Transaction,
  { id, args }: { readonly id: string; readonly args: MailIntentArgs<"contact.save"> },
  actor: Actor,
): Promise<IntentOutcome> {
  const { kind, ...given } = args.contact;
  const known = await holdContact(trx, id);
  if (!known) {
    const made = { id, kind, owner_id: actor.subject.id };
    if (!accessToContact(actor, made).may("create")) throw forbidden();
    await insertContact(trx, { ...made, contact: bodyOf(given), updated_at: actor.now });
    return { status: "applied" };
  }
  const access = accessToContact(actor, known);
  if (!access.readable) throw contactNotFound();
  if (!access.may("edit")) throw forbidden();
  // Whoever could take a shared contact for themselves, or show everybody somebody's own, would be its owner.
  if (kind !== known.kind && known.owner_id !== actor.subject.id) throw forbidden();
  const contact = kept(access, known.contact, bodyOf(given));
  await contactTables(trx)
    .updateTable("contact")
    .set({ kind, contact: jsonb(contact), emails: emailsOf(contact), updated_at: actor.now, rev: sql<number>`rev + 1` })
    .where("id", "=", id)
    .execute();
  await recordChanges(trx, [{ collection: "contacts", id }]);
  return { status: "applied" };
}

export async function deleteContact(
  trx: Transaction,
  { id }: { readonly id: string },
  actor: Actor,
): Promise<IntentOutcome> {
  const known = await holdContact(trx, id);
  if (!known) return { status: "applied" };
  const access = accessToContact(actor, known);
  if (!access.readable) throw contactNotFound();
  if (!access.may("delete")) throw forbidden();
  await contactTables(trx).deleteFrom("contact").where("id", "=", id).execute();
  await recordChanges(trx, [{ collection: "contacts", id }]);
  return { status: "applied" };
}

export async function insertContact(trx: Transaction, row: ContactRow): Promise<void> {
  const made = await contactTables(trx)
    .insertInto("contact")
    .values({ ...row, contact: jsonb(row.contact), emails: emailsOf(row.contact) })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!made) throw new DomainError("conflict", "A contact with this id exists already.", { reason: "contact.exists" });
  await recordChanges(trx, [{ collection: "contacts", id: row.id }]);
}

const holdContact = (trx: Database | Transaction, id: string): Promise<ContactRow | undefined> =>
  contactTables(trx)
    .selectFrom("contact")
    .select(["id", "kind", "owner_id", "contact", "updated_at"])
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();

const bodyOf = ({ organisation, title, note, members, ...given }: Omit<Saved, "kind">): ContactBody => ({
  name: given.name,
  ...(organisation !== undefined && { organisation }),
  ...(title !== undefined && { title }),
  emails: given.emails.map(({ address, label }) => ({ address, ...(label !== undefined && { label }) })),
  phones: given.phones.map(({ number, label }) => ({ number, ...(label !== undefined && { label }) })),
  ...(note !== undefined && { note }),
  ...(members && { members: members.map(({ address, name }) => ({ address, ...(name !== undefined && { name }) })) }),
});

function kept(access: Access, before: ContactBody, after: ContactBody): ContactBody {
  const hidden = Object.entries(before).filter(([field]) => !access.editable(field));
  const written = Object.entries(after).filter(([field]) => access.editable(field));
  return { ...before, ...noneOf(before, access), ...Object.fromEntries([...written, ...hidden]) } as ContactBody;
}

/** What can be edited and was not given is taken away. */
const noneOf = (before: ContactBody, access: Access): Partial<ContactBody> =>
  Object.fromEntries(
    Object.keys(before)
      .filter((field) => access.editable(field))
      .map((field) => [field, undefined]),
  );

export const emailsOf = ({ emails, members = [] }: ContactBody): string[] => [
  ...new Set([...emails, ...members].map(({ address }) => addressKey(address))),
];

export const contactNotFound = () =>
  new DomainError("notFound", "There is no such contact.", { reason: "contact.notFound" });

const forbidden = () =>
  new DomainError("forbidden", "You may not change this contact.", { reason: "contact.forbidden" });
