import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { SqlPredicate } from "@kontor/shared/access";
import type { TypeDefinition } from "@kontor/shared/objects";
import type { Actor } from "#kernel";
import { parseFilters, type FieldFilter, type ListQuery } from "./records.query.ts";

/**
 * Which rows of `record` a question is about: of the type, readable for the actor, and fitting the filters, each of which
 * selects only rows in which the actor sees the field plain (POL-7). Lists, summaries and exports all stand on it.
 */
export function asked(
  { filter, deleted }: Pick<ListQuery, "filter" | "deleted">,
  actor: Actor,
  type: TypeDefinition,
): RawBuilder<SqlBool> {
  const conditions = [
    sql<SqlBool>`record.type = ${type.name}`,
    deleted === "true" ? sql<SqlBool>`record.deleted_at is not null` : sql<SqlBool>`record.deleted_at is null`,
    predicate(actor.engine.filter(actor.subject, "read", type.name, actor.context)),
    ...parseFilters(type, filter).flatMap((each) => [visible(type, each.field, actor), compare(each)]),
  ];
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
}

const predicate = ({ strings, params }: SqlPredicate): RawBuilder<SqlBool> =>
  sql<SqlBool>(Object.assign([...strings], { raw: strings }) as unknown as TemplateStringsArray, ...params);

/** Rows in which the actor sees the field plain; state belongs to no section and is seen by whoever sees the record. */
export function visible(type: TypeDefinition, field: string, actor: Actor): RawBuilder<SqlBool> {
  if (field === "state") return sql<SqlBool>`true`;
  return predicate(actor.engine.filter(actor.subject, "read", type.name, actor.context, field));
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
