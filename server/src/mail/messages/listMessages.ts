import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { MessageDoc } from "@kontor/shared/mail";
import type { Database } from "#kernel";
import { cursorOf, type Place } from "../mail.rest.ts";
import { findMessages } from "./messages.repo.ts";
import { messageToDoc } from "./projectMessage.ts";

export interface MessagePage {
  readonly messages: readonly MessageDoc[];
  readonly nextCursor?: string;
}

/**
 * A page of messages, the newest first. `where` is said of `m` (mail_message) and `c` (mail_content), and holds only messages of
 * mailboxes that the reader was decided for.
 */
export async function listMessages(
  db: Database,
  where: readonly RawBuilder<SqlBool>[],
  { limit, after }: { readonly limit: number; readonly after: Place | undefined },
): Promise<MessagePage> {
  const conditions = after
    ? [
        ...where,
        sql<SqlBool>`m.received_at <= ${after.at} and (m.received_at, m.id) < (${after.at}, ${after.id}::uuid)`,
      ]
    : where;
  const { rows } = await sql<{ id: string; received_at: string }>`
    select m.id, m.received_at from mail_message m join mail_content c on c.id = m.content_id
    where ${sql.join(conditions, sql` and `)}
    order by m.received_at desc, m.id desc limit ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  const found = new Map(
    (
      await findMessages(
        db,
        page.map(({ id }) => id),
      )
    ).map((row) => [row.id, row]),
  );
  const last = page.at(-1);
  return {
    messages: page.flatMap(({ id }) => {
      const row = found.get(id);
      return row ? [messageToDoc(row)] : [];
    }),
    ...(rows.length > limit && last && { nextCursor: cursorOf({ at: last.received_at, id: last.id }) }),
  };
}
