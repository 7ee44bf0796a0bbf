import { sql, type RawBuilder } from "kysely";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import type { FieldKind, TypeDefinition } from "@kontor/shared/objects";
import type { Actor, Database } from "#kernel";
import { readableType } from "./listRecords.ts";
import { listQuerySchema } from "./records.query.ts";
import { asked, visible } from "./records.where.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

const MAX_GROUPS = 1_000; // more bars than any chart has; the largest are given

export const summaryQuerySchema = listQuerySchema.pick({ type: true, filter: true, deleted: true }).extend({
  groupBy: z
    .string()
    .max(80)
    .optional()
    .describe("`state`, or a field that is a choice, yes or no, a person, a department or a relation to one"),
  measure: z.string().max(80).optional().describe("A field that is a number or an amount: added up, by currency"),
});
export type SummaryQuery = z.output<typeof summaryQuerySchema>;

const measureSchema = z.object({
  /** Of amounts only. */
  currency: z.string().optional(),
  /** Records in which the caller sees the field and it has a value. */
  count: z.int(),
  /** Decimal digits: sums of amounts do not fit into binary fractions. */
  sum: z.string(),
  min: z.string(),
  max: z.string(),
});
export const summarySchema = z.object({
  count: z.int(),
  /** Largest first. Where the caller does not see the field, a record counts like one in which it is empty. */
  groups: z.array(z.object({ value: z.string().nullable(), count: z.int(), measures: z.array(measureSchema) })),
  /** True when there are further groups. */
  more: z.boolean(),
});
export type Summary = z.output<typeof summarySchema>;

const GROUPED: ReadonlySet<FieldKind> = new Set(["choice", "boolean", "person", "department", "relation"]);

/**
 * How many records of a type the actor may read, by group, with sums. The policy set is part of the statement, and a field
 * counts only in rows in which the actor sees it plain: neither a count nor a sum tells what is hidden (POL-7, VIS-3).
 */
export async function summariseRecords(
  db: Database,
  query: SummaryQuery,
  actor: Actor,
  types: TypeRegistry,
): Promise<Summary> {
  const type = readableType(types, query.type, actor);
  const group = query.groupBy === undefined ? sql<string | null>`null::text` : groupOf(type, query.groupBy, actor);
  const measure = query.measure === undefined ? undefined : measureOf(type, query.measure, actor);
  const rows = sql`select ${group} as value${measure ? sql`, ${measure.amount} as amount, ${measure.currency} as currency` : sql``}
    from record where ${asked(query, actor, type)}`;
  const counted = await sql<{ value: string | null; count: string; total: string }>`
    select value, count(*)::text as count, (sum(count(*)) over ())::text as total from (${rows}) as asked
    group by value order by count(*) desc, value collate "C" limit ${MAX_GROUPS + 1}`.execute(db);
  const measures = measure ? await measuresBy(db, rows) : new Map<string | null, Measure[]>();
  return {
    count: Number(counted.rows[0]?.total ?? 0),
    groups: counted.rows.slice(0, MAX_GROUPS).map(({ value, count }) => ({
      value,
      count: Number(count),
      measures: measures.get(value) ?? [],
    })),
    more: counted.rows.length > MAX_GROUPS,
  };
}

type Measure = z.output<typeof measureSchema>;

async function measuresBy(db: Database, rows: RawBuilder<unknown>): Promise<Map<string | null, Measure[]>> {
  const found = await sql<
    Record<"count" | "sum" | "min" | "max", string> & Record<"value" | "currency", string | null>
  >`
    select value, currency, count(*)::text as count, sum(amount)::text as sum, min(amount)::text as min, max(amount)::text as max
    from (${rows}) as asked where amount is not null group by value, currency order by currency`.execute(db);
  const byValue = new Map<string | null, Measure[]>();
  for (const { value, currency, count, sum, min, max } of found.rows) {
    const measure = { ...(currency !== null && { currency }), count: Number(count), sum, min, max };
    byValue.set(value, [...(byValue.get(value) ?? []), measure]);
  }
  return byValue;
}

function groupOf(type: TypeDefinition, key: string, actor: Actor): RawBuilder<string | null> {
  if (key === "state") return sql<string | null>`record.state`;
  const field = type.fields[key];
  const isMany = field?.kind === "relation" && field.many === true;
  if (field === undefined || !GROUPED.has(field.kind) || isMany) {
    const possible = Object.entries(type.fields).flatMap(([name, each]) => (GROUPED.has(each.kind) ? [name] : []));
    throw notPossible("groupBy", `Records of ${type.name} cannot be grouped by ${key}`, ["state", ...possible]);
  }
  return sql<string | null>`case when ${visible(type, key, actor)} then record.fields->>${key} end`;
}

function measureOf(type: TypeDefinition, key: string, actor: Actor) {
  const kind = type.fields[key]?.kind;
  const isSeen = visible(type, key, actor);
  if (kind === "number")
    return {
      amount: sql`case when ${isSeen} then (record.fields->>${key})::numeric end`,
      currency: sql`null::text`,
    };
  if (kind === "money")
    return {
      amount: sql`case when ${isSeen} then (record.fields->${key}->>'amount')::numeric end`,
      currency: sql`case when ${isSeen} then record.fields->${key}->>'currency' end`,
    };
  const possible = Object.entries(type.fields).flatMap(([name, each]) =>
    each.kind === "number" || each.kind === "money" ? [name] : [],
  );
  throw notPossible("measure", `${key} cannot be added up`, possible);
}

function notPossible(field: string, message: string, possible: readonly string[]): DomainError {
  const words = `${message}; choose of: ${possible.join(", ")}.`;
  return new DomainError("invalid", words, {
    reason: `list.${field}`,
    problems: [{ field, reason: `list.${field}`, message: words }],
  });
}
