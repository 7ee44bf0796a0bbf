import { sql, type RawBuilder } from "kysely";
import { z } from "zod";
import type { Database } from "#kernel";
import { entryColumns, type ChainedEntry } from "./chain.repo.ts";

const word = z.string().trim().min(1);

/** What the log can be asked for; the same for the page and for the export. */
export const filterSchema = z.object({
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional().describe("Entries before this moment"),
  userId: z.uuid().optional().describe("Who did it"),
  login: word.max(200).optional().describe("A part of the sign-in name"),
  action: word.max(100).optional().describe("`people.signedIn`, or its beginning: `people.`"),
  outcome: z.enum(["done", "denied", "failed"]).optional(),
  objectKind: word.max(100).optional(),
  objectId: word.max(200).optional(),
});
export type Filter = z.output<typeof filterSchema>;

/** Entries of the chain, newest first, before a number. */
export async function findEntries(
  db: Database,
  filter: Filter,
  { before, limit }: { before: number | undefined; limit: number },
): Promise<readonly ChainedEntry[]> {
  const { rows } = await sql<ChainedEntry>`
    select ${entryColumns}, number, hash from audit_entry
    where ${conditionOf(filter)} and ${before === undefined ? sql`true` : sql`number < ${before}`}
    order by number desc limit ${limit}`.execute(db);
  return rows;
}

/** Every action that there is, by hopping from one to the next over its index. */
export async function findActions(db: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ action: string }>`
    with recursive hop as (
      (select action from audit_entry order by action limit 1)
      union all
      select (select action from audit_entry where action > hop.action order by action limit 1) from hop
      where hop.action is not null
    )
    select action from hop where action is not null order by action`.execute(db);
  return rows.map(({ action }) => action);
}

function conditionOf(filter: Filter): RawBuilder<unknown> {
  const { from, to, userId, login, action, outcome, objectKind, objectId } = filter;
  const parts = [
    sql`number is not null`,
    from && sql`at >= ${from}::timestamptz`,
    to && sql`at < ${to}::timestamptz`,
    userId && sql`user_id = ${userId}::uuid`,
    login && sql`login ilike ${`%${literal(login)}%`}`,
    action && sql`action like ${`${literal(action)}%`}`,
    outcome && sql`outcome = ${outcome}`,
    objectKind && sql`object_kind = ${objectKind}`,
    // One entry may be about many: then they are named in its details.
    objectId && sql`(object_id = ${objectId} or (details ? 'ids' and details -> 'ids' @> to_jsonb(${objectId}::text)))`,
  ].filter((part) => part !== undefined && part !== "");
  return sql.join(parts, sql` and `);
}

const literal = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);
