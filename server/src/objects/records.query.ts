import { z } from "zod";
import { DomainError, hash64, type FieldProblem, type Json } from "@kontor/shared/base";
import { problemOf, sortColumnsOf, type FieldKind, type TypeDefinition } from "@kontor/shared/objects";

/** What a list may be asked for, as REST takes it; parsed here and turned into SQL in `listRecords.ts`. */
const listLimits = { defaultPage: 50, maxPage: 200, maxFilters: 20, maxValues: 100 } as const;

const scalar = z.union([z.string().max(500), z.number(), z.boolean()]);
const list = z.array(scalar).min(1).max(listLimits.maxValues);
const condition = z.union([
  scalar,
  list,
  z
    .strictObject({
      in: list,
      contains: z.string().min(1).max(200),
      gte: scalar,
      lte: scalar,
      empty: z.boolean(),
    })
    .partial(),
]);
const filters = z.record(z.string(), condition).refine((value) => Object.keys(value).length <= listLimits.maxFilters);

/** Words before the address is parsed: they end up in the OpenAPI description. */
export const listQuerySchema = z.object({
  type: z.string().describe("The type's name, for example `contract`"),
  filter: z
    .string()
    .max(20_000)
    .optional()
    .describe(
      'JSON: {"state": ["draft"], "amount": {"gte": 1000}, "subject": {"contains": "paper"}}; also `lte` and `empty`',
    ),
  sort: z
    .string()
    .max(80)
    .optional()
    .describe("A sortable list column, `-` before it for descending; also `createdAt`"),
  cursor: z.string().max(2_000).optional().describe("`nextCursor` of the page before"),
  limit: z.coerce.number().int().min(1).max(listLimits.maxPage).default(listLimits.defaultPage),
  deleted: z.enum(["true", "false"]).default("false").describe("The trash instead"),
});
export type ListQuery = z.output<typeof listQuerySchema>;

export type Comparison = "eq" | "in" | "contains" | "gte" | "lte" | "empty";
export interface FieldFilter {
  readonly field: string;
  readonly kind: FieldKind | "state";
  readonly comparison: Comparison;
  readonly value: Json;
}

export interface Sorting {
  /** `createdAt`, or a column of `sortColumnsOf`. */
  readonly field: string;
  readonly direction: "asc" | "desc";
}

export interface Cursor {
  readonly key: string;
  readonly id: string;
}

const wrong = (reason: string, message: string, problems?: readonly FieldProblem[]) =>
  new DomainError("invalid", message, { reason, ...(problems && { problems }) });

export function parseFilters(type: TypeDefinition, text: string | undefined): readonly FieldFilter[] {
  if (text === undefined || text === "") return [];
  const parsed = filters.safeParse(parseJson(text));
  if (!parsed.success)
    throw wrong("list.filter", `The filter does not fit: ${parsed.error.issues[0]?.message ?? "not JSON"}.`);
  return Object.entries(parsed.data).flatMap(([field, given]) => {
    const kind = field === "state" ? "state" : type.fields[field]?.kind;
    if (kind === undefined)
      throw wrong("list.filter", `The filter names an unknown field: ${field}.`, [problemOf(field, "field.unknown")]);
    const comparisons = Array.isArray(given) ? { in: given } : typeof given === "object" ? given : { eq: given };
    return Object.entries(comparisons).map(([comparison, value]): FieldFilter => {
      checkComparison(field, kind, comparison as Comparison, value as Json);
      return { field, kind, comparison: comparison as Comparison, value: value as Json };
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const fits: Readonly<Record<Comparison, ReadonlySet<FieldKind | "state">>> = {
  eq: new Set([
    "text",
    "autoNumber",
    "number",
    "date",
    "dateTime",
    "boolean",
    "choice",
    "choices",
    "person",
    "department",
    "relation",
    "state",
  ]),
  in: new Set([
    "text",
    "autoNumber",
    "number",
    "date",
    "choice",
    "choices",
    "person",
    "department",
    "relation",
    "state",
  ]),
  contains: new Set(["text", "longText", "autoNumber"]),
  gte: new Set(["number", "money", "date", "dateTime"]),
  lte: new Set(["number", "money", "date", "dateTime"]),
  empty: new Set([
    "text",
    "longText",
    "number",
    "money",
    "date",
    "dateTime",
    "boolean",
    "choice",
    "choices",
    "person",
    "department",
    "relation",
  ]),
};

function checkComparison(field: string, kind: FieldKind | "state", comparison: Comparison, value: Json): void {
  if (!fits[comparison].has(kind))
    throw wrong("list.filter", `The field ${field} cannot be filtered by ${comparison}.`);
  const wantsNumber = (kind === "number" || kind === "money") && comparison !== "empty";
  const values = Array.isArray(value) ? (value as readonly Json[]) : [value];
  if (
    wantsNumber &&
    !values.every(
      (each) => typeof each === "number" || (typeof each === "string" && /^-?\d{1,18}(\.\d{1,10})?$/.test(each)),
    )
  ) {
    throw wrong("list.filter", `The field ${field} is compared with a number.`, [problemOf(field, "field.notNumber")]);
  }
}

export function parseSort(type: TypeDefinition, text: string | undefined): Sorting {
  if (text === undefined || text === "") return type.list.sort;
  const field = text.replace(/^-/, "");
  const known = [...sortColumnsOf(type), "createdAt"];
  if (!known.includes(field))
    throw wrong("list.sort", `Lists of ${type.name} cannot be sorted by ${field}; choose of: ${known.join(", ")}.`);
  return { field, direction: text.startsWith("-") ? "desc" : "asc" };
}

/** A cursor belongs to one question: after another filter or sort it would skip or repeat. */
export const questionOf = ({ type, filter, sort, deleted }: ListQuery): string =>
  hash64(JSON.stringify([type, filter ?? "", sort ?? "", deleted]));

export const writeCursor = (question: string, cursor: Cursor): string =>
  Buffer.from(JSON.stringify([question, cursor.key, cursor.id])).toString("base64url");

const cursorSchema = z.tuple([z.string(), z.string(), z.uuid()]);

export function readCursor(question: string, text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const parsed = cursorSchema.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
  if (!parsed.success || parsed.data[0] !== question) {
    throw wrong("list.cursor", "This cursor does not belong to this list. Begin again without one.");
  }
  return { key: parsed.data[1], id: parsed.data[2] };
}
