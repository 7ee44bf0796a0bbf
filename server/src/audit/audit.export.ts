import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { Response } from "express";
import { canonicalJson, type Json } from "@kontor/shared/base";
import type { Database } from "#kernel";
import { findEntries, type Filter } from "./audit.query.ts";
import type { ChainedEntry } from "./chain.repo.ts";

const PAGE = 1_000;

/**
 * What a filter finds, as one file. `mayContinue` is asked before every page: rights can end while a long export runs, and
 * then the transfer breaks off.
 */
export async function sendExport(
  response: Response,
  { filter, format, before }: { filter: Filter; format: "csv" | "jsonl"; before: number },
  { db, mayContinue }: { db: Database; mayContinue(): Promise<void> },
): Promise<void> {
  response.setHeader("content-disposition", `attachment; filename="audit.${format}"`);
  response.setHeader("cache-control", "no-store");
  response.setHeader("content-type", format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson");
  const entries = entriesOf(filter, before, { db, mayContinue });
  const sent =
    format === "csv"
      ? pipeline(Readable.from(rowsOf(entries)), csv(), response)
      : pipeline(Readable.from(linesOf(entries)), response);
  // A reader who leaves in the middle is no fault of ours; the pipeline lets go of the database either way.
  await sent.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

async function* entriesOf(
  filter: Filter,
  from: number,
  { db, mayContinue }: { db: Database; mayContinue(): Promise<void> },
): AsyncGenerator<ChainedEntry> {
  let before: number | undefined = from;
  while (before !== undefined) {
    await mayContinue();
    const page = await findEntries(db, filter, { before, limit: PAGE });
    yield* page;
    before = page.length === PAGE ? page.at(-1)?.number : undefined;
  }
}

async function* linesOf(entries: AsyncIterable<ChainedEntry>): AsyncGenerator<string> {
  for await (const { hash, ...entry } of entries) yield `${JSON.stringify({ ...entry, hash: hash.toString("hex") })}\n`;
}

const columns = [
  "number",
  "at",
  "action",
  "outcome",
  "userId",
  "login",
  "channel",
  "ip",
  "deviceId",
  "objectKind",
  "objectId",
  "objectTitle",
  "details",
  "id",
  "hash",
] as const;

/** RFC 4180, with a mark so that spreadsheets read Cyrillic. */
const csv = () => stringify({ bom: true, record_delimiter: "windows", header: true, columns: [...columns] });

async function* rowsOf(entries: AsyncIterable<ChainedEntry>): AsyncGenerator<readonly string[]> {
  for await (const entry of entries) yield columns.map((column) => cellOf(entry[column]));
}

function cellOf(value: Json | Buffer | undefined): string {
  if (value === null || value === undefined) return "";
  if (Buffer.isBuffer(value)) return value.toString("hex");
  return asText(typeof value === "object" ? canonicalJson(value as Json) : String(value));
}

/** No text that a spreadsheet would run as a formula (OWASP, CSV injection): device names and sign-in names are typed. */
const asText = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
