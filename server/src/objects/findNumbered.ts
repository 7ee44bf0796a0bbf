import { sql } from "kysely";
import { numberFieldOf, type TypeDefinition } from "@kontor/shared/objects";
import type { Database, Transaction } from "#kernel";
import { formatNumber } from "./numbering.ts";
import { objectTables } from "./objects.repo.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

export interface NumberedRecord {
  readonly id: string;
  readonly type: string;
  readonly number: string;
}

interface Mention {
  readonly type: string;
  readonly field: string;
  readonly number: string;
}

/** Nobody writes about more matters in one line; what does is a list of guesses. */
const MAX_MENTIONS = 10;

/** Records whose automatic number stands in a text; deleted ones are not named. Asks for no rights. */
export async function findNumbered(
  db: Database | Transaction,
  types: TypeRegistry,
  text: string,
): Promise<readonly NumberedRecord[]> {
  const mentions = numbersIn(text, types.all()).slice(0, MAX_MENTIONS);
  const found: NumberedRecord[] = [];
  for (const { type, field, number } of mentions) {
    const rows = await objectTables(db)
      .selectFrom("record")
      .select("id")
      .where("type", "=", type)
      // The name of a field is letters, digits and _ (type.schema.ts); as a literal, it finds its index.
      .where(sql<string>`fields->>${sql.lit(field)}`, "=", number)
      .where("deleted_at", "is", null)
      .orderBy("id")
      .limit(1)
      .execute();
    found.push(...rows.map(({ id }) => ({ id, type, number })));
  }
  return found;
}

/** As they would be given out: in whatever case and with whatever dash they were written. In the order of the text. */
export function numbersIn(text: string, types: readonly TypeDefinition[]): readonly Mention[] {
  const found = types.flatMap((type) => {
    const field = numberFieldOf(type);
    const definition = field === undefined ? undefined : type.fields[field];
    if (field === undefined || definition?.kind !== "autoNumber") return [];
    return [...text.matchAll(patternOf(definition.pattern))].map((match) => ({
      at: match.index,
      type: type.name,
      field,
      number: formatNumber(definition.pattern, match.groups?.["year"] ?? "", Number(match.groups?.["n"])),
    }));
  });
  const inOrder = found.sort((a, b) => a.at - b.at);
  const isFirst = ({ type, number }: Mention, index: number) =>
    inOrder.findIndex((other) => other.type === type && other.number === number) === index;
  return inOrder.filter(isFirst).map(({ type, field, number }) => ({ type, field, number }));
}

/** Dashes as keyboards, editors and other mail programs make them. */
const DASH = String.raw`[\-\u2010-\u2015\u2212]`;

function patternOf(pattern: string): RegExp {
  const parts = pattern.split(/(\{year\}|\{n:\d\}|-)/u).map((part, at, all) => {
    if (part === "{year}") return all.indexOf(part) === at ? String.raw`(?<year>\d{4})` : String.raw`\k<year>`;
    if (part === "-") return DASH;
    const digits = /^\{n:(\d)\}$/u.exec(part)?.[1];
    // More digits than are filled up come when the thousands are reached; nine are a number, more are something else.
    return digits === undefined ? part.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`) : `(?<n>\\d{${digits},9})`;
  });
  return new RegExp(`(?<![\\p{L}\\p{N}])${parts.join("")}(?![\\p{L}\\p{N}])`, "giu");
}
