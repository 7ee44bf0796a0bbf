import { sql } from "kysely";
import type { TypeDefinition } from "@kontor/shared/objects";
import { numberFieldOf } from "@kontor/shared/objects";
import type { Transaction } from "#kernel";
import { objectTables } from "./objects.repo.ts";

/**
 * The next automatic number. Taken last in a transaction: its row stays locked until the end, so that a number of a
 * transaction that fails is the next one's and none is missing.
 */
export async function nextNumber(
  trx: Transaction,
  type: TypeDefinition,
  day: string,
): Promise<{ readonly field: string; readonly value: string } | undefined> {
  const field = numberFieldOf(type);
  const definition = field === undefined ? undefined : type.fields[field];
  if (field === undefined || definition?.kind !== "autoNumber") return undefined;
  const year = day.slice(0, 4);
  const period = definition.pattern.includes("{year}") ? year : "";
  const { last } = await objectTables(trx)
    .insertInto("record_counter")
    .values({ type: type.name, field, period, last: 1 })
    .onConflict((conflict) =>
      conflict.columns(["type", "field", "period"]).doUpdateSet({ last: sql<number>`record_counter.last + 1` }),
    )
    .returning("last")
    .executeTakeFirstOrThrow();
  return { field, value: formatNumber(definition.pattern, year, last) };
}

export const formatNumber = (pattern: string, year: string, n: number): string =>
  pattern
    .replaceAll("{year}", year)
    .replace(/\{n:(\d)\}/, (_, digits: string) => String(n).padStart(Number(digits), "0"));
