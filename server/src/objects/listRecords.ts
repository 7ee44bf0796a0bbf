import { sql, type RawBuilder, type SqlBool } from "kysely";
import { DomainError } from "@kontor/shared/base";
import { sortColumnsOf, type RecordDoc, type TypeDefinition } from "@kontor/shared/objects";
import type { Actor, Database, Transaction } from "#kernel";
import { objectTables, recordColumns, type RecordRow } from "./objects.repo.ts";
import { projectRecord } from "./projectRecord.ts";
import { parseSort, questionOf, readCursor, writeCursor, type ListQuery, type Sorting } from "./records.query.ts";
import { asked, visible } from "./records.where.ts";
import { refusal } from "./refusals.ts";
import { resourcesOf } from "./resource.ts";
import { typeOf, type TypeRegistry } from "./typeRegistry.ts";

export interface RecordPage {
  readonly records: readonly RecordDoc[];
  readonly nextCursor?: string;
}

/**
 * One page of the records of a type that the actor may read. The policy set is part of the statement, so a page is full
 * whenever there is enough to fill it. A filter on a field selects only rows in which the actor sees that field plain,
 * and a sort puts the other rows where empty ones are: otherwise the order or the count would tell what is hidden (POL-7).
 */
export async function listRecords(
  db: Database,
  query: ListQuery,
  actor: Actor,
  types: TypeRegistry,
): Promise<RecordPage> {
  const type = readableType(types, query.type, actor);
  const rows = await pageQuery(db, query, actor, type).execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const more = rows.length > page.length && last;
  return {
    records: await present(db, page, actor, types),
    ...(more && { nextCursor: writeCursor(questionOf(query), { key: last.sort_key, id: last.id }) }),
  };
}

/** One row more than the page, to know whether there is another. */
export function pageQuery(db: Database, query: ListQuery, actor: Actor, type: TypeDefinition) {
  const sorting = parseSort(type, query.sort);
  const key = sortExpression(type, sorting, actor);
  const cursor = readCursor(questionOf(query), query.cursor);
  const beyond = sql.raw(sorting.direction === "asc" ? ">" : "<");
  return objectTables(db)
    .selectFrom("record")
    .select(recordColumns)
    .select(key.text.as("sort_key"))
    .where(asked(query, actor, type))
    .$if(cursor !== undefined, (rows) =>
      rows.where(
        sql<SqlBool>`(${key.value}, record.id) ${beyond} (${key.bound(cursor?.key ?? "")}, ${cursor?.id}::uuid)`,
      ),
    )
    .orderBy(key.value, sorting.direction)
    .orderBy("id", sorting.direction)
    .limit(query.limit + 1);
}

/** A type that the actor may not see is answered like one that does not exist. */
export function readableType(types: TypeRegistry, name: string, actor: Actor): TypeDefinition {
  const type = typeOf(types, name);
  const access = actor.engine.accessTo(actor.subject, { type: "objectType", attributes: { name } }, actor.context);
  if (!access.readable) throw refusal("record.noType");
  return type;
}

/** Those of the rows that the actor may see, as they may see them, in the same order. */
export async function present(
  db: Database | Transaction,
  rows: readonly RecordRow[],
  actor: Pick<Actor, "engine" | "subject" | "context">,
  types: TypeRegistry,
): Promise<readonly RecordDoc[]> {
  const resources = await resourcesOf(db, actor.engine, rows);
  const access = actor.engine.accessOf(actor.subject, actor.context);
  return rows.flatMap((row, index) => {
    const [type, resource] = [types.get(row.type), resources[index]];
    if (!type || !resource) return [];
    return projectRecord(row, type, access.to(resource)) ?? [];
  });
}

interface SortExpression {
  readonly value: RawBuilder<string>;
  /** What goes into the cursor. */
  readonly text: RawBuilder<string>;
  bound(text: string): RawBuilder<unknown>;
}

function sortExpression(type: TypeDefinition, { field }: Sorting, actor: Actor): SortExpression {
  if (field === "createdAt") {
    const value = sql<string>`record.created_at`;
    return { value, text: sql<string>`record.created_at::text`, bound: (text) => sql`${text}::timestamptz` };
  }
  const place = sortColumnsOf(type).indexOf(field);
  if (place < 0)
    throw new DomainError("invalid", `Lists of ${type.name} cannot be sorted by ${field}.`, { reason: "list.sort" });
  const column = sql<string>`${sql.ref(`record.sort${place + 1}`)}`;
  const value = isVisibleThroughout(type, field, actor)
    ? column
    : sql<string>`(case when ${visible(type, field, actor)} then ${column} else '' end) collate "C"`;
  return { value, text: value, bound: (text) => sql`${text}` };
}

/** Whether every row that is read shows this field: the plain column has an index. */
function isVisibleThroughout(type: TypeDefinition, field: string, actor: Actor): boolean {
  if (field === "state") return true;
  const rows = actor.engine.filter(actor.subject, "read", type.name, actor.context);
  const shown = actor.engine.filter(actor.subject, "read", type.name, actor.context, field);
  return rows.text === shown.text && JSON.stringify(rows.params) === JSON.stringify(shown.params);
}
