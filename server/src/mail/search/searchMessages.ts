import { sql, type RawBuilder, type SqlBool } from "kysely";
import { parseMailSearch } from "@kontor/shared/mail";
import type { Actor, Database } from "#kernel";
import { predicate, type Place } from "../mail.rest.ts";
import { mailboxResource } from "../mailboxes/mailbox.resource.ts";
import { listInMailboxes, type MessagePage } from "../messages/listMessages.ts";
import { searchToSql } from "./searchToSql.ts";

export interface SearchQuestion {
  /** In the language of `parseMailSearch`. */
  readonly query: string;
  /** Only there. */
  readonly mailboxId?: string | undefined;
  /** Minutes that the reader's time is ahead of UTC: days are theirs. */
  readonly offsetMinutes: number;
  readonly limit: number;
  readonly after: Place | undefined;
}

/** Messages of all mailboxes whose messages the actor sees, the newest first. */
export async function searchMessages(db: Database, question: SearchQuestion, actor: Actor): Promise<MessagePage> {
  const { query, mailboxId, offsetMinutes, limit, after } = question;
  const search = parseMailSearch(query, { now: Date.parse(actor.now), offsetMinutes });
  const visible = await visibleMailboxIds(db, actor);
  const mailboxIds = mailboxId === undefined ? visible : visible.filter((id) => id === mailboxId);
  return listInMailboxes(db, mailboxIds, searchToSql(search, { userId: actor.subject.id }), { limit, after });
}

export async function visibleMailboxIds(db: Database, actor: Actor): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`select mailbox.id from mailbox where ${visibleMailboxes(actor)}`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}

/** Said of `mailbox`: those in which the actor sees the messages. */
export const visibleMailboxes = ({ engine, subject, context }: Actor): RawBuilder<SqlBool> =>
  predicate(engine.filter(subject, "read", mailboxResource.name, context, "messages"));
