import { sql, type RawBuilder, type SqlBool } from "kysely";
import { parseMailSearch } from "@kontor/shared/mail";
import type { Actor, Database } from "#kernel";
import { predicate, type Place } from "../mail.rest.ts";
import { mailboxResource } from "../mailboxes/mailbox.resource.ts";
import { listMessages, type MessagePage } from "../messages/listMessages.ts";
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
export function searchMessages(db: Database, question: SearchQuestion, actor: Actor): Promise<MessagePage> {
  const { query, mailboxId, offsetMinutes, limit, after } = question;
  const search = parseMailSearch(query, { now: Date.parse(actor.now), offsetMinutes });
  const where = [
    sql<SqlBool>`m.mailbox_id in (select mailbox.id from mailbox where ${visibleMailboxes(actor)})`,
    ...(mailboxId === undefined ? [] : [sql<SqlBool>`m.mailbox_id = ${mailboxId}`]),
    ...searchToSql(search, { userId: actor.subject.id }),
  ];
  return listMessages(db, where, { limit, after });
}

/** Said of `mailbox`: those in which the actor sees the messages. */
export const visibleMailboxes = ({ engine, subject, context }: Actor): RawBuilder<SqlBool> =>
  predicate(engine.filter(subject, "read", mailboxResource.name, context, "messages"));
