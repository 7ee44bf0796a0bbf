import { sql, type RawBuilder, type SqlBool } from "kysely";
import { z } from "zod";
import type { MessageDoc } from "@kontor/shared/mail";
import type { Database } from "#kernel";
import { cursorOf, type Place } from "../mail.rest.ts";
import { findMessages } from "./messages.repo.ts";
import { messageToDoc } from "./projectMessage.ts";

export interface MessagePage {
  readonly messages: readonly MessageDoc[];
  readonly nextCursor?: string;
}

export const messagePageReply = z.object({
  messages: z.array(z.custom<MessageDoc>(() => true)).readonly(),
  nextCursor: z.string().optional(),
});

interface Page {
  readonly limit: number;
  readonly after: Place | undefined;
}

/**
 * A page of messages, the newest first. `where` is said of `m` (mail_message) and `c` (mail_content), and holds only messages of
 * mailboxes that the reader was decided for.
 */
export async function listMessages(
  db: Database,
  where: readonly RawBuilder<SqlBool>[],
  page: Page,
): Promise<MessagePage> {
  const { rows } = await newest(where, page).execute(db);
  return pageOf(db, rows, page);
}

/**
 * The same of several mailboxes. Each gives its newest by its own index, and the page is made of those: over all of them together,
 * everything that fits would have to be read and sorted (a word of every letter among 60,000: 111 ms, and 4 so).
 */
export async function listInMailboxes(
  db: Database,
  mailboxIds: readonly string[],
  where: readonly RawBuilder<SqlBool>[],
  page: Page,
): Promise<MessagePage> {
  const { rows } = await sql<Placed>`
    select found.id, found.received_at from unnest(${mailboxIds}::uuid[]) as box (id),
      lateral (${newest([sql<SqlBool>`m.mailbox_id = box.id`, ...where], page)}) as found
    order by found.received_at desc, found.id desc limit ${page.limit + 1}`.execute(db);
  return pageOf(db, rows, page);
}

interface Placed {
  readonly id: string;
  readonly received_at: string;
}

function newest(where: readonly RawBuilder<SqlBool>[], { limit, after }: Page): RawBuilder<Placed> {
  const conditions = after
    ? [
        ...where,
        sql<SqlBool>`m.received_at <= ${after.at} and (m.received_at, m.id) < (${after.at}, ${after.id}::uuid)`,
      ]
    : where;
  return sql<Placed>`
    select m.id, m.received_at from mail_message m join mail_content c on c.id = m.content_id
    where ${sql.join(conditions, sql` and `)}
    order by m.received_at desc, m.id desc limit ${limit + 1}`;
}

async function pageOf(db: Database, rows: readonly Placed[], { limit }: Page): Promise<MessagePage> {
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
