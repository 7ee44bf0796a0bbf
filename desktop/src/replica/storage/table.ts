/**
 * The rows of one collection: a table with the document as JSON, and a column for each path that an index names.
 *
 *   rid      order of arrival; never used again (AUTOINCREMENT), because the search lane keeps a watermark of it
 *   id, rev, deleted, lwt   what RxDB asks for
 *   x_<path> values of indexed paths (see columnValue)
 *   crc      CRC-32 of data, compared at every read: the cipher has no authentication, and SQLite does not notice a
 *            flipped byte inside text
 *   data     the whole document
 */
import { crc32 } from "node:zlib";
import { getPrimaryFieldOfPrimaryKey, now } from "rxdb";
import {
  columnValue,
  quoteName,
  scalarTypeAt,
  sortableText,
  valueAt,
  type Column,
  type RowSchema,
  type SqlValue,
  type StoredRow,
} from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import { textOfBytes } from "./database.text.ts";
import { ReplicaDamaged } from "./storage.errors.ts";

/** Rows per INSERT: from 64 on, longer statements gain nothing (measured 16: 60k/s, 64: 90k/s, 200: 85k/s). */
const ROWS_PER_INSERT = 64;
/** Rows read at once while rebuilding or verifying, so that a large table is never in memory. */
const ROWS_PER_STEP = 500;

export type Table = ReturnType<typeof openTable>;

/**
 * The columns to read a document by, for `documentJson`. As bytes: libsql aborts the process on text that is not UTF-8,
 * which a flipped byte in the file makes of it.
 */
export const DOCUMENT = "crc, CAST(data AS BLOB)";

/** Throws ReplicaDamaged unless the bytes are those that were written. `at`: where DOCUMENT begins in the row. */
export function documentJson(row: SqlRow, at = 0): string {
  const bytes = row[at + 1];
  if (!(bytes instanceof Uint8Array) || crc32(bytes) !== row[at]) throw damagedDocument();
  return textOfBytes(bytes);
}

/** A stored document and its place in the order of arrival. */
export type PlacedRow = { rid: number; document: StoredRow };

export function openTable(database: Database, collectionName: string, schema: RowSchema) {
  const bareName = `${collectionName}-${schema.version}`;
  const name = quoteName(bareName);
  const primary = String(getPrimaryFieldOfPrimaryKey(schema.primaryKey));
  const indexes = (schema.indexes ?? []).map((index) => (typeof index === "string" ? [index] : [...index]));
  const columns = indexedColumns(schema, primary, indexes);
  const ownColumns = [...columns.values()].filter((column) => column.name.startsWith("x_"));
  const columnNames = ["id", "rev", "deleted", "lwt", ...ownColumns.map((c) => quoteName(c.name)), "crc", "data"];

  const tuple = `(${columnNames.map(() => "?").join(",")})`;
  const insertSql = (rows: number): string =>
    `INSERT INTO ${name}(${columnNames.join(",")}) VALUES ${Array.from({ length: rows }, () => tuple).join(",")}`;
  const insertOneSql = insertSql(1);
  const insertManySql = insertSql(ROWS_PER_INSERT);
  const updateSql = `UPDATE ${name} SET ${columnNames
    .slice(1)
    .map((c) => `${c}=?`)
    .join(",")} WHERE id=?`;

  function create(): void {
    const own = ownColumns.map((c) => `, ${quoteName(c.name)} ${c.type === "string" ? "TEXT" : "NUMERIC"}`).join("");
    database.exec(
      `CREATE TABLE ${name}(rid INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, rev TEXT NOT NULL, ` +
        `deleted INTEGER NOT NULL, lwt REAL NOT NULL${own}, crc INTEGER NOT NULL, data TEXT NOT NULL)`,
    );
    for (const index of indexes) {
      const parts = index.map((path) => quoteName(columns.get(path)?.name ?? path));
      database.exec(`CREATE INDEX ${quoteName(`${bareName}|${index.join(",")}`)} ON ${name}(${parts.join(",")})`);
    }
  }

  function pushValues(values: SqlValue[], document: StoredRow): void {
    const data = JSON.stringify(document);
    values.push(sortableText(String(document[primary])), document._rev, document._deleted ? 1 : 0, document._meta.lwt);
    for (const column of ownColumns) values.push(columnValue(valueAt(document, column.parts), column.type));
    values.push(crc32(data), data);
  }

  function insert(documents: readonly StoredRow[]): void {
    let at = 0;
    for (; at + ROWS_PER_INSERT <= documents.length; at += ROWS_PER_INSERT) {
      const values: SqlValue[] = [];
      for (const document of documents.slice(at, at + ROWS_PER_INSERT)) pushValues(values, document);
      database.run(insertManySql, values);
    }
    for (const document of documents.slice(at)) {
      const values: SqlValue[] = [];
      pushValues(values, document);
      database.run(insertOneSql, values);
    }
  }

  function update(document: StoredRow): void {
    const values: SqlValue[] = [];
    pushValues(values, document);
    const [id = null, ...others] = values;
    database.run(updateSql, [...others, id]);
  }

  const idList = (ids: readonly string[]): string => JSON.stringify(ids.map(sortableText));

  function remove(ids: readonly string[]): void {
    database.run(`DELETE FROM ${name} WHERE id IN (SELECT value FROM json_each(?))`, [idList(ids)]);
  }

  /** Every version of these documents, deleted ones too, by id. */
  function placedById(ids: readonly string[]): Map<string, PlacedRow> {
    const found = new Map<string, PlacedRow>();
    const sql = `SELECT rid, ${DOCUMENT} FROM ${name} WHERE id IN (SELECT value FROM json_each(?))`;
    const rows = database.all(sql, [idList(ids)]);
    const documents = parseDocuments(rows.map((row) => documentJson(row, 1)));
    for (const [at, document] of documents.entries()) {
      const rid = rows[at]?.[0];
      found.set(String(document[primary]), { rid: Number(rid), document });
    }
    return found;
  }

  /** `+deleted` keeps the planner off the indexes that begin with it: 15 ms without, 0.02 ms with. */
  function jsonById(ids: readonly string[], withDeleted: boolean): string[] {
    const alive = withDeleted ? "" : " AND +deleted=0";
    const sql = `SELECT ${DOCUMENT} FROM ${name} WHERE id IN (SELECT value FROM json_each(?))${alive}`;
    return database.all(sql, [idList(ids)]).map((row) => documentJson(row));
  }

  function jsonSince(checkpoint: { id: string; lwt: number }, limit: number): string[] {
    const sql = `SELECT ${DOCUMENT} FROM ${name} WHERE (lwt, id) > (?, ?) ORDER BY lwt, id LIMIT ?`;
    return database.all(sql, [checkpoint.lwt, sortableText(checkpoint.id), limit]).map((row) => documentJson(row));
  }

  function deletedBefore(lwt: number, limit: number): PlacedRow[] {
    const sql = `SELECT rid, ${DOCUMENT} FROM ${name} WHERE deleted=1 AND lwt < ? LIMIT ?`;
    return database
      .all(sql, [lwt, limit])
      .map((row) => ({ rid: Number(row[0]), document: parseDocument(documentJson(row, 1)) }));
  }

  const clear = (): void => database.exec(`DELETE FROM ${name}`);

  /** An upper bound of the number of rows, at no cost. */
  function sizeAtMost(): number {
    const [row] = database.all(`SELECT max(rid) FROM ${name}`);
    return Number(row?.[0] ?? 0);
  }

  let lastWriteTime = 0;
  /** Later than every stored one, whatever the clock did meanwhile: checkpoints are ordered by it. */
  function nextWriteTime(): number {
    if (lastWriteTime === 0) {
      const [row] = database.all(`SELECT max(lwt) FROM ${name}`);
      lastWriteTime = Number(row?.[0] ?? 0);
    }
    // RxDB keeps write times to two decimals.
    lastWriteTime = Math.max(now(), Math.round((lastWriteTime + 0.01) * 100) / 100);
    return lastWriteTime;
  }

  const sameRowSql = `SELECT count(*) FROM ${name} WHERE ${columnNames.map((c) => `${c} IS ?`).join(" AND ")}`;

  /** Throws ReplicaDamaged at the first row that is not what was written, in the document or in a column. */
  function verify(): void {
    for (const documents of documentsFrom(bareName)) {
      for (const document of documents) {
        const values: SqlValue[] = [];
        pushValues(values, document);
        if (Number(database.all(sameRowSql, values)[0]?.[0]) !== 1) throw damagedDocument();
      }
    }
  }

  function* documentsFrom(otherName: string): Generator<StoredRow[]> {
    const sql = `SELECT rid, ${DOCUMENT} FROM ${quoteName(otherName)} WHERE rid > ? ORDER BY rid LIMIT ${ROWS_PER_STEP}`;
    for (let after = 0; ;) {
      const rows = database.all(sql, [after]);
      if (rows.length === 0) return;
      yield parseDocuments(rows.map((row) => documentJson(row, 1)));
      after = Number(rows.at(-1)?.[0]);
    }
  }

  database.transaction(() => {
    const shape = JSON.stringify([primary, columnNames, indexes]);
    const before = knownShape(database, bareName);
    if (before === shape) return;
    if (before === undefined) create();
    else rebuild();
    rememberShape(database, bareName, shape);
  });

  /** The administrators changed what is indexed: the documents stay, columns and indexes are made anew. */
  function rebuild(): void {
    const old = `${bareName}~old`;
    for (const [index] of database.all(
      `SELECT CAST(name AS BLOB) FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql IS NOT NULL`,
      [bareName],
    ))
      database.exec(`DROP INDEX ${quoteName(textOfBytes(index))}`);
    database.exec(`ALTER TABLE ${name} RENAME TO ${quoteName(old)}`);
    create();
    for (const documents of documentsFrom(old)) insert(documents);
    database.exec(`DROP TABLE ${quoteName(old)}`);
  }

  return {
    collectionName,
    bareName,
    name,
    schema,
    primary,
    columns,
    insert,
    update,
    remove,
    placedById,
    jsonById,
    jsonSince,
    deletedBefore,
    clear,
    sizeAtMost,
    nextWriteTime,
    verify,
  };
}

const damagedDocument = (): ReplicaDamaged => new ReplicaDamaged("damaged", "A stored document is damaged.");

export const parseDocument = (json: string): StoredRow => parseDocuments([json])[0] as StoredRow;

/** One parse for many documents is a third faster than one each. */
export function parseDocuments(json: readonly string[]): StoredRow[] {
  if (json.length === 0) return [];
  return JSON.parse(`[${json.join(",")}]`) as StoredRow[];
}

function indexedColumns(schema: RowSchema, primary: string, indexes: string[][]): Map<string, Column> {
  const columns = new Map<string, Column>();
  const add = (path: string, name: string, type: Column["type"]): void =>
    void columns.set(path, { path, parts: path.split("."), name, type });
  add(primary, "id", "string");
  add("_deleted", "deleted", "boolean");
  add("_meta.lwt", "lwt", "number");
  add("_rev", "rev", "string");
  for (const path of indexes.flat()) {
    const type = columns.has(path) ? undefined : scalarTypeAt(schema, path);
    if (type) add(path, `x_${path}`, type);
    else if (!columns.has(path)) throw new Error(`The index over "${path}" needs a text, number or boolean there.`);
  }
  return columns;
}

function knownShape(database: Database, table: string): string | undefined {
  database.exec("CREATE TABLE IF NOT EXISTS storage_tables(name TEXT PRIMARY KEY, shape TEXT NOT NULL) WITHOUT ROWID");
  const [row] = database.all("SELECT CAST(shape AS BLOB) FROM storage_tables WHERE name=?", [table]);
  return row === undefined ? undefined : textOfBytes(row[0]);
}

function rememberShape(database: Database, table: string, shape: string): void {
  database.run(
    "INSERT INTO storage_tables(name, shape) VALUES (?,?) ON CONFLICT(name) DO UPDATE SET shape=excluded.shape",
    [table, shape],
  );
}
