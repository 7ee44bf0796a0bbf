import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { Response } from "express";
import { z } from "zod";
import type { Json } from "@kontor/shared/base";
import type { RecordDoc, TypeDefinition } from "@kontor/shared/objects";
import { recordAudit, type Actor, type Database } from "#kernel";
import { listRecords, readableType } from "./listRecords.ts";
import { listQuerySchema, parseFilters, parseSort } from "./records.query.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

const PAGE = 200;

export const exportQuerySchema = listQuerySchema
  .pick({ type: true, filter: true, sort: true, deleted: true })
  .extend({ format: z.enum(["csv", "jsonl"]).default("csv") });
export type ExportQuery = z.output<typeof exportQuerySchema>;

export interface ExportDeps {
  readonly db: Database;
  readonly types: TypeRegistry;
  readonly ip: string;
  /** Asked anew for every page: rights may change while a long export runs (VIS-5). */
  actor(): Promise<Actor>;
  /** Before a page is sent: what of it is sensitive. */
  note(records: readonly RecordDoc[]): Promise<void>;
}

/**
 * Everything of a list, as one file: the same pages that the list has, so that it holds exactly what its reader may see.
 * That somebody took it out is in the audit log before the first byte leaves (POL-12).
 */
export async function exportRecords(response: Response, query: ExportQuery, deps: ExportDeps): Promise<void> {
  const actor = await deps.actor();
  const type = readableType(deps.types, query.type, actor);
  const filters = parseFilters(type, query.filter);
  parseSort(type, query.sort);
  await recordAudit(deps.db, actor.now, [
    {
      action: "record.exported",
      outcome: "done",
      by: { ...actor.principal, ip: deps.ip },
      object: { kind: type.name },
      details: { format: query.format, fields: filters.map(({ field }) => field), trash: query.deleted === "true" },
    },
  ]);
  response.setHeader("content-disposition", `attachment; filename="${type.name}.${query.format}"`);
  response.setHeader("cache-control", "no-store");
  const isCsv = query.format === "csv";
  response.setHeader("content-type", isCsv ? "text/csv; charset=utf-8" : "application/x-ndjson");
  const records = recordsOf(query, deps);
  const source = Readable.from(isCsv ? rowsOf(records, type) : linesOf(records));
  // A reader who leaves in the middle is no fault of ours; the pipeline lets go of the database either way.
  await (isCsv ? pipeline(source, csvOf(type), response) : pipeline(source, response)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    },
  );
}

async function* recordsOf(query: ExportQuery, deps: ExportDeps): AsyncGenerator<RecordDoc> {
  let cursor: string | undefined;
  do {
    const page = await listRecords(deps.db, { ...query, cursor, limit: PAGE }, await deps.actor(), deps.types);
    await deps.note(page.records);
    yield* page.records;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function* linesOf(records: AsyncIterable<RecordDoc>): AsyncGenerator<string> {
  for await (const record of records) yield `${JSON.stringify(record)}\n`;
}

async function* rowsOf(records: AsyncIterable<RecordDoc>, type: TypeDefinition): AsyncGenerator<readonly string[]> {
  for await (const record of records) yield rowOf(record, type);
}

const heads = ["id", "number", "state", "createdAt", "updatedAt"] as const;

/** RFC 4180, with a mark so that spreadsheets read Cyrillic. */
function csvOf(type: TypeDefinition) {
  const keys = Object.entries(type.fields).flatMap(([key, { kind }]) => (kind === "files" ? [] : [key]));
  const isHead = (key: string) => (heads as readonly string[]).includes(key);
  return stringify({
    bom: true,
    record_delimiter: "windows",
    header: true,
    columns: [...heads, ...keys.map((key) => (isHead(key) ? `${type.name}.${key}` : key))],
  });
}

/** A record as a row: what its reader does not see is an empty cell, as an empty field is. */
const rowOf = (record: RecordDoc, type: TypeDefinition): readonly string[] => [
  record.id,
  record.number ?? "",
  record.state ?? "",
  record.createdAt,
  record.updatedAt,
  ...Object.entries(type.fields).flatMap(([key, { kind }]) => (kind === "files" ? [] : [cellOf(record.fields[key])])),
];

function cellOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((each) => cellOf(each as Json)).join("; ");
  if (typeof value === "object" && "amount" in value) return `${String(value["amount"])} ${String(value["currency"])}`;
  if (typeof value === "string") return asText(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** No text that a spreadsheet would run as a formula (OWASP, CSV injection); numbers below zero stay numbers. */
const asText = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
