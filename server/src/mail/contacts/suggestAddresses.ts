import { sql } from "kysely";
import type { MailAddress } from "@kontor/shared/mail";
import type { Actor, Database } from "#kernel";
import { predicate } from "../mail.rest.ts";
import { visibleMailboxes } from "../search/searchMessages.ts";
import { contactResource } from "./contacts.resource.ts";

export interface Suggestion extends MailAddress {
  readonly from: "sent" | "contact";
}

/** Whom one wrote to longer ago is not who one means. */
const SENT_DAYS = 365;

/**
 * Addresses that begin to be typed: those that the actor writes to, the most frequent and most recent first (each message counts half
 * as much after 30 days), and then their contacts. Computed when it is asked for: it stands nowhere, so nothing has to be kept right.
 */
export async function suggestAddresses(
  db: Database,
  { query, limit }: { readonly query: string; readonly limit: number },
  actor: Actor,
): Promise<readonly Suggestion[]> {
  const typed = query.trim().toLowerCase();
  const { engine, subject, context } = actor;
  const visibleContacts = predicate(engine.filter(subject, "read", contactResource.name, context, "emails"));
  const { rows } = await sql<{ address: string; name: string | null; from: Suggestion["from"] }>`
    with sent as (
      select lower(person->>'address') as address,
        (array_agg(person->>'name' order by m.received_at desc) filter (where person->>'name' is not null))[1] as name,
        sum(power(0.5, extract(epoch from ${actor.now}::timestamptz - m.received_at) / 86400 / 30)) as weight
      from mail_message m join mail_content c on c.id = m.content_id,
        jsonb_array_elements((c.people->'to') || (c.people->'cc') || coalesce(m.bcc, '[]')) as person
      where m.send_by = ${subject.id} and m.send_state = 'sent'
        and m.received_at > ${actor.now}::timestamptz - make_interval(days => ${SENT_DAYS})
        and m.mailbox_id in (select mailbox.id from mailbox where ${visibleMailboxes(actor)})
      group by 1
    ), known as (
      select lower(email->>'address') as address, contact.contact->>'name' as name
      from contact, jsonb_array_elements(contact.contact->'emails') as email where ${visibleContacts}
    ), everybody as (
      select address, name, weight, 'sent' as "from" from sent
      union all select address, name, 0, 'contact' from known where address not in (select address from sent)
    )
    select distinct on (weight, address) address, name, "from" from everybody
    where starts_with(address, ${typed}) or strpos(' ' || lower(coalesce(name, '')), ' ' || ${typed}) > 0
      or strpos(address, '@' || ${typed}) > 0
    order by weight desc, address, name limit ${limit}`.execute(db);
  return rows.map(({ address, name, from }) => ({ address, ...(name !== null && { name }), from }));
}
