/**
 * libsql aborts the process on stored text that is not UTF-8, and a flipped byte in the file makes such text. The tables
 * of this folder read their text as bytes; for the SELECTs of others this does the same behind their back.
 */
import { isUtf8 } from "node:buffer";
import type { Bindable, Database, SqlRow } from "./database.ts";
import { ReplicaDamaged } from "./storage.errors.ts";

/** Text that was read with CAST(… AS BLOB). */
export function textOfBytes(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array)) return "";
  if (!isUtf8(bytes)) throw new ReplicaDamaged("damaged", "A stored text is damaged.");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

export function createTextReader(database: Database) {
  const columnCounts = new Map<string, number>();

  function columnCount(sql: string): number {
    const known = columnCounts.get(sql);
    if (known !== undefined) return known;
    const count = database.columnCount(sql);
    columnCounts.set(sql, count);
    return count;
  }

  /** The rows of any statement; those of a SELECT with every text checked. */
  return function read(sql: string, params?: readonly Bindable[]): SqlRow[] {
    if (!/^\s*SELECT\b/i.test(sql)) return database.all(sql, params);
    const names = Array.from({ length: columnCount(sql) }, (_, at) => `c${at}`);
    const values = names.map(
      (c) => `CASE typeof(${c}) WHEN 'text' THEN CAST(${c} AS BLOB) ELSE ${c} END, typeof(${c})`,
    );
    // MATERIALIZED keeps the order of the inner statement.
    const wrapped = `WITH q(${names.join()}) AS MATERIALIZED (${sql}) SELECT ${values.join()} FROM q`;
    return database
      .all(wrapped, params)
      .map((row) => names.map((_, at) => (row[2 * at + 1] === "text" ? textOfBytes(row[2 * at]) : row[2 * at])));
  };
}
