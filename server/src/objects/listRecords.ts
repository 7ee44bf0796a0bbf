import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { SqlPredicate } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { sortColumnsOf, type RecordDoc, type TypeDefinition } from "@kontor/shared/objects";
import type { Actor, Database } from "#kernel";
import { objectTables, recordColumns, type RecordRow } from "./objects.repo.ts";
import { projectRecord } from "./projectRecord.ts";
import {
  parseFilters,
  parseSort,
  questionOf,
  readCursor,
  writeCursor,
  type FieldFilter,
  type ListQuery,
  type Sorting,
} from "./records.query.ts";
import { refusal } from "./refusals.ts";
import { resourceOf } from "./resource.ts";
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
    records: page.flatMap((row) => present(row, type, actor) ?? []),
    ...(more && { nextCursor: writeCursor(questionOf(query), { key: last.sort_key, id: last.id }) }),
  };
}

/** One row more than the page, to know whether there is another. */
export function pageQuery(db: Database, query: ListQuery, actor: Actor, type: TypeDefinition) {
  const sorting = parseSort(type, query.sort);
  const key = sortExpression(type, sorting, actor);
  const cursor = readCursor(questionOf(query), query.cursor);
  const beyond = sql.raw(sorting.direction === "asc" ? ">" : "<");
  const conditions = parseFilters(type, query.filter).flatMap((filter) => [
    visible(type, filter.field, actor),
    compare(filter),
  ]);
  return objectTables(db)
    .selectFrom("record")
    .select(recordColumns)
    .select(key.text.as("sort_key"))
    .where("type", "=", type.name)
    .where("deleted_at", query.deleted === "true" ? "is not" : "is", null)
    .where(predicate(actor.engine.filter(actor.subject, "read", type.name, actor.context)))
    .where((eb) => eb.and(conditions))
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

export const present = (row: RecordRow, type: TypeDefinition, actor: Actor): RecordDoc | undefined =>
  projectRecord(row, type, actor.engine.accessTo(actor.subject, resourceOf(row), actor.context));

const predicate = ({ strings, params }: SqlPredicate): RawBuilder<SqlBool> =>
  sql<SqlBool>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params);

/** Rows in which the actor sees the field plain; state belongs to no section and is seen by whoever sees the record. */
function visible(type: TypeDefinition, field: string, actor: Actor): RawBuilder<SqlBool> {
  if (field === "state") return sql<SqlBool>`true`;
  return predicate(actor.engine.filter(actor.subject, "read", type.name, actor.context, field));
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

function compare({ field, kind, comparison, value }: FieldFilter): RawBuilder<SqlBool> {
  const text = kind === "state" ? sql<string>`record.state` : sql<string>`(record.fields->>${field})`;
  const asNumber =
    kind === "money"
      ? sql`((record.fields->${field}->>'amount')::numeric)`
      : sql`((record.fields->>${field})::numeric)`;
  const isNumeric = kind === "number" || kind === "money";
  const isList = sql<SqlBool>`jsonb_typeof(record.fields->${field}) = 'array'`;
  switch (comparison) {
    case "eq":
    case "in": {
      const values = (Array.isArray(value) ? value : [value]).map(String);
      if (isNumeric) return sql<SqlBool>`(${asNumber} = any(${values}::numeric[]))`;
      if (kind === "choices" || kind === "relation") {
        return sql<SqlBool>`(case when ${isList} then record.fields->${field} ?| ${values}::text[] else ${text} = any(${values}::text[]) end)`;
      }
      return sql<SqlBool>`(${text} = any(${values}::text[]))`;
    }
    case "contains":
      return sql<SqlBool>`(position(lower(${value}::text) in lower(${text})) > 0)`;
    case "gte":
    case "lte": {
      const operator = sql.raw(comparison === "gte" ? ">=" : "<=");
      return isNumeric
        ? sql<SqlBool>`(${asNumber} ${operator} ${String(value)}::numeric)`
        : sql<SqlBool>`(${text} collate "C" ${operator} ${String(value)}::text)`;
    }
    case "empty":
      return value === true ? sql<SqlBool>`not (record.fields ? ${field})` : sql<SqlBool>`(record.fields ? ${field})`;
  }
}
