/**
 * Full-text search over one collection: an FTS5 index filled by a lane of its own.
 *
 * The feed never waits for the index. Rows up to a watermark of `rid` are indexed, except those in `search_dirty`; what
 * is above the watermark or dirty waits for the lane. A row that leaves the index (changed, deleted, purged) does so in
 * the transaction that changes it, so the index never finds text that is no longer in the replica (VIS-2, VIS-4).
 *
 * The index keeps its own copy of the words. Refused: `content=''`, whose removals break the index when secure-delete is
 * on (SQLite 3.45: integrity-check fails after the first one), and `contentless_delete=1`, which marks entries as removed
 * and leaves their words in the file.
 */
import { WORDS_VERSION } from "@kontor/shared/text";
import { quoteName, valueAt, type StoredRow } from "./columns.ts";
import type { Database } from "./database.ts";
import { textOfBytes } from "./database.text.ts";
import { indexedText, searchQuery } from "./search.text.ts";
import { DOCUMENT, documentJson, parseDocuments, type PlacedRow, type Table } from "./table.ts";

/** The document paths whose text is found. Lists of text are taken word for word. */
export type SearchIndex = { fields: readonly string[] };
export const defineSearchIndex = (index: SearchIndex): SearchIndex => index;

export type SearchOptions = {
  /** At most this many documents, 50 unless told. */
  limit?: number;
  /** The word being typed counts as a beginning. */
  asYouType?: boolean;
  /** Continue after an earlier answer: its `next`. */
  after?: number;
};
export type SearchResult = {
  /** The newest arrivals first. */
  documents: StoredRow[];
  /** False while rows wait for the index: there may be more to find. */
  complete: boolean;
  /** Give it as `after` for the next page; undefined on the last one. */
  next: number | undefined;
};

const DEFAULT_LIMIT = 50;
/**
 * About 20 ms of work, after which the process answers whoever waits. Each commit closes a segment of the index, so
 * smaller batches cost more (150 rows: 11k rows/s; 1,000 rows: 27k rows/s).
 */
const ROWS_PER_BATCH = 500;

export type Search = ReturnType<typeof openSearch>;

export function openSearch(database: Database, table: Table, index: SearchIndex) {
  const bareName = `${table.bareName}-search`;
  const name = quoteName(bareName);
  const paths = index.fields.map((path) => path.split("."));
  const textOf = (document: StoredRow): [string, string] =>
    indexedText(paths.map((parts) => textIn(valueAt(document, parts))));

  let watermark = 0;
  let lane: Promise<unknown> | undefined;
  let failure: unknown;

  database.transaction(() => {
    createBookkeeping(database);
    const shape = JSON.stringify([index.fields, WORDS_VERSION]);
    const [state] = database.all("SELECT watermark, CAST(shape AS BLOB) FROM search_state WHERE name=?", [bareName]);
    if (state && textOfBytes(state[1]) === shape) watermark = Number(state[0]);
    else begin(shape);
  });

  function begin(shape: string): void {
    dropSearch(database, table);
    // Prefix indexes over 2 and 3 letters: a beginning that most rows contain costs 0.1 ms instead of up to 70.
    database.exec(
      `CREATE VIRTUAL TABLE ${name} USING fts5(words, stems, tokenize='unicode61 remove_diacritics 0', prefix='2 3')`,
    );
    database.exec(`INSERT INTO ${name}(${name}, rank) VALUES('secure-delete', 1)`);
    database.run("INSERT INTO search_state(name, watermark, shape) VALUES (?,0,?)", [bareName, shape]);
    watermark = 0;
  }

  const insertSql = `INSERT INTO ${name}(rowid, words, stems) VALUES (?,?,?)`;
  const removeSql = `DELETE FROM ${name} WHERE rowid IN (SELECT value FROM json_each(?))`;

  /** Within the transaction that writes them: rows that change from `before` to `after`. */
  function changed(pairs: readonly { before: PlacedRow; after: StoredRow }[]): void {
    const rids = pairs
      .filter(({ before, after }) => before.rid <= watermark && isOtherText(before.document, after))
      .map(({ before }) => before.rid);
    if (rids.length === 0) return;
    database.run(removeSql, [JSON.stringify(rids)]);
    for (const rid of rids) database.run("INSERT OR IGNORE INTO search_dirty(name, rid) VALUES (?,?)", [bareName, rid]);
    wake();
  }

  const isOtherText = (before: StoredRow, after: StoredRow): boolean =>
    before._deleted !== after._deleted ||
    paths.some((parts) => textIn(valueAt(before, parts)) !== textIn(valueAt(after, parts)));

  /** Within the transaction that removes them. */
  function removed(rows: readonly PlacedRow[]): void {
    const rids = JSON.stringify(rows.map((row) => row.rid));
    database.run(removeSql, [rids]);
    database.run("DELETE FROM search_dirty WHERE name=? AND rid IN (SELECT value FROM json_each(?))", [bareName, rids]);
  }

  /** Starts the lane after COMMIT, when it is not under way already. */
  function wake(): void {
    database.afterCommit(() => {
      lane ??= work()
        .then(
          () => (failure = undefined),
          (error: unknown) => (failure = error), // nobody waits for the lane; the next write tries again
        )
        .then(() => (lane = undefined));
    });
  }

  async function work(): Promise<void> {
    for (;;) {
      await nextTurn();
      if (!database.isOpen || !indexBatch()) return;
    }
  }

  /** True while there is more to do. */
  function indexBatch(): boolean {
    const reached = database.transaction(() => {
      const above = database.all(
        `SELECT rid, ${DOCUMENT} FROM ${table.name} WHERE rid > ? ORDER BY rid LIMIT ${ROWS_PER_BATCH}`,
        [watermark],
      );
      const dirty = database.all(
        `SELECT d.rid, t.crc, CAST(t.data AS BLOB) FROM search_dirty d LEFT JOIN ${table.name} t ON t.rid = d.rid WHERE d.name=? LIMIT ${ROWS_PER_BATCH - above.length}`,
        [bareName],
      );
      const rows = [...above, ...dirty];
      if (rows.length === 0) return undefined;
      const readable = rows.filter(([, crc]) => crc !== null);
      const documents = parseDocuments(readable.map((row) => documentJson(row, 1)));
      for (const [at, document] of documents.entries())
        if (!document._deleted) database.run(insertSql, [Number(readable[at]?.[0]), ...textOf(document)]);
      const rids = JSON.stringify(dirty.map(([rid]) => rid));
      if (dirty.length > 0)
        database.run("DELETE FROM search_dirty WHERE name=? AND rid IN (SELECT value FROM json_each(?))", [
          bareName,
          rids,
        ]);
      const last = Number(above.at(-1)?.[0] ?? watermark);
      if (last !== watermark) database.run("UPDATE search_state SET watermark=? WHERE name=?", [last, bareName]);
      return last;
    });
    if (reached === undefined) return false;
    watermark = reached;
    return true;
  }

  function isComplete(): boolean {
    const [dirty] = database.all("SELECT 1 FROM search_dirty WHERE name=? LIMIT 1", [bareName]);
    return dirty === undefined && table.sizeAtMost() <= watermark;
  }

  function search(typed: string, options: SearchOptions = {}): SearchResult {
    const query = searchQuery(typed, { asYouType: options.asYouType ?? false });
    const complete = isComplete();
    if (query === undefined) return { documents: [], complete, next: undefined };
    const limit = options.limit ?? DEFAULT_LIMIT;
    const found = database.all(
      `SELECT rowid FROM ${name} WHERE ${name} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
      [query, options.after ?? Number.MAX_SAFE_INTEGER, limit],
    );
    const rids = found.map(([rid]) => Number(rid));
    const rows = database.all(
      `SELECT ${DOCUMENT} FROM ${table.name} WHERE rid IN (SELECT value FROM json_each(?)) AND +deleted=0 ORDER BY rid DESC`,
      [JSON.stringify(rids)],
    );
    const documents = parseDocuments(rows.map((row) => documentJson(row)));
    return { documents, complete, next: rids.length === limit ? rids.at(-1) : undefined };
  }

  /** Within the transaction that empties the table. */
  function clear(): void {
    database.exec(`DELETE FROM ${name}`);
    database.run("DELETE FROM search_dirty WHERE name=?", [bareName]);
  }

  wake();
  return {
    search,
    clear,
    changed,
    removed,
    wake,
    isComplete,
    /** Resolves when everything written so far is in the index, or rejects with what keeps it out. */
    async settled(): Promise<void> {
      while (database.isOpen && !isComplete()) {
        wake();
        await lane;
        if (failure !== undefined) throw failure;
      }
    },
    /** Throws when the index is damaged. */
    verify: () => database.exec(`INSERT INTO ${name}(${name}) VALUES('integrity-check')`),
  };
}

/** Removes a collection's index, when it has one. */
export function dropSearch(database: Database, table: Table): void {
  createBookkeeping(database);
  const name = `${table.bareName}-search`;
  database.exec(`DROP TABLE IF EXISTS ${quoteName(name)}`);
  database.run("DELETE FROM search_state WHERE name=?", [name]);
  database.run("DELETE FROM search_dirty WHERE name=?", [name]);
}

function createBookkeeping(database: Database): void {
  database.exec(
    "CREATE TABLE IF NOT EXISTS search_state(name TEXT PRIMARY KEY, watermark INTEGER NOT NULL, shape TEXT NOT NULL) WITHOUT ROWID",
  );
  database.exec(
    "CREATE TABLE IF NOT EXISTS search_dirty(name TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY(name, rid)) WITHOUT ROWID",
  );
}

function textIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return value.map(textIn).join(" ");
  // An object is searched by all its values: the fields of a record are known only by its type.
  return typeof value === "object" && value !== null ? Object.values(value).map(textIn).join(" ") : "";
}

/** Lets messages, timers and other work of the process go first. */
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
