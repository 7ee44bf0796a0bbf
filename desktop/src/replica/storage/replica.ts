/** The door to one replica file: collections, a small key-value store and plain SQL, all in one transaction. */
import { fillWithDefaultSettings, type RxJsonSchema } from "rxdb";
import { ReplicaCollection, createCollectionStore, type CollectionStore, type RowsHook } from "./collection.ts";
import type { Row, RowSchema } from "./columns.ts";
import { openDatabase, type Bindable, type Database, type DatabaseOptions, type SqlRow } from "./database.ts";
import { createTextReader, textOfBytes } from "./database.text.ts";
import { dropSearch, openSearch, type SearchIndex } from "./search.ts";
import { blamingTheFile, ReplicaDamaged, StorageError } from "./storage.errors.ts";
import { openTable } from "./table.ts";

export type CollectionOptions = { search?: SearchIndex; onRows?: RowsHook };

export type ReplicaFile = {
  readonly filename: string;
  /**
   * Runs synchronous work in one transaction over rows, `meta` and own tables; nestable. Events of the collections are
   * told after the outermost COMMIT. When the work throws, nothing of it remains.
   */
  transaction<T>(work: () => T): T;
  /** After the outermost COMMIT; at once outside of a transaction; never when it is undone. */
  afterCommit(notify: () => void): void;
  /** Opens a collection, making or remaking its table, indexes and search index as the schema says. */
  collection<T extends object = Row>(
    name: string,
    schema: RxJsonSchema<T>,
    options?: CollectionOptions,
  ): ReplicaCollection<T>;
  /** Small JSON values, such as the feed's cookie. `get` answers undefined for an unknown key. */
  readonly meta: { get(key: string): unknown; set(key: string, value: unknown): void; delete(key: string): void };
  /** Plain SQL on tables of the caller's own. Rows are arrays of column values. */
  run(sql: string, params?: readonly Bindable[]): { changes: number };
  all(sql: string, params?: readonly Bindable[]): SqlRow[];
  /** After a purge: writes the log into the file and empties it, so that no removed byte remains on the disk. */
  scrub(): void;
  /**
   * Writes the whole file anew. SQLite overwrites what is freed, but not the copy that a cell leaves behind when a page is
   * split; only this removes those as well. Takes about a second for 50 MB.
   */
  rebuild(): void;
  /** Reads everything and throws ReplicaDamaged when something is not what was written. About 1 s for 200k rows. */
  verify(): void;
  /** Ends all change streams. Resolves when the file may be opened again, moved or deleted. */
  close(): Promise<void>;
  /** For the storage factory of this folder. */
  readonly collections: ReadonlyMap<string, CollectionStore>;
};

/**
 * Opens or creates a replica file. Throws ReplicaDamaged (`damaged` or `wrongKey`), or StorageError `inUse` when another
 * process has it, `outdated` when a newer version wrote it, `full` when the disk is.
 */
export function openReplicaFile(options: DatabaseOptions): ReplicaFile {
  const database = openDatabase(options);
  const stores = new Map<string, CollectionStore>();
  try {
    blamingTheFile(() =>
      database.exec("CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"),
    );
  } catch (error) {
    void database.close();
    throw error;
  }

  function collection<T extends object>(
    name: string,
    schema: RxJsonSchema<T>,
    own: CollectionOptions = {},
  ): ReplicaCollection<T> {
    const store = stores.get(name) ?? openStore(name, schema as unknown as RxJsonSchema<Row>, own);
    if (store.table.schema.version !== (schema.version ?? 0))
      throw new StorageError("invalid", `The collection ${name} is open with another version of its schema.`);
    return new ReplicaCollection<T>(store, options.filename);
  }

  function openStore(name: string, schema: RxJsonSchema<Row>, own: CollectionOptions): CollectionStore {
    const open = (): CollectionStore => {
      const table = openTable(database, name, filled(schema));
      if (!own.search) dropSearch(database, table);
      const search = own.search && openSearch(database, table, own.search);
      return createCollectionStore(database, table, { search, onRows: own.onRows });
    };
    const store = blamingTheFile(() => database.transaction(open));
    stores.set(name, store);
    return store;
  }

  function scrub(): void {
    const [result] = database.all("PRAGMA wal_checkpoint(TRUNCATE)");
    if (Number(result?.[0]) !== 0) throw new StorageError("inUse", "The log could not be emptied.");
  }

  return {
    filename: options.filename,
    transaction: database.transaction,
    afterCommit: database.afterCommit,
    collection,
    meta: {
      get(key) {
        const [row] = database.all("SELECT CAST(value AS BLOB) FROM meta WHERE key=?", [key]);
        return row === undefined ? undefined : parsedMeta(row[0]);
      },
      set(key, value) {
        const sql = "INSERT INTO meta(key, value) VALUES (?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value";
        database.run(sql, [key, JSON.stringify(value)]);
      },
      delete: (key) => void database.run("DELETE FROM meta WHERE key=?", [key]),
    },
    run: database.run,
    all: createTextReader(database),
    scrub,
    rebuild() {
      database.exec("PRAGMA temp_store=MEMORY; VACUUM; PRAGMA temp_store=DEFAULT"); // never a copy in a folder for temporary files
      scrub();
    },
    verify: () => blamingTheFile(() => verifyAll(database, stores)),
    close() {
      for (const store of stores.values()) store.changes.complete();
      stores.clear();
      return database.close();
    },
    collections: stores,
  };
}

function verifyAll(database: Database, stores: ReadonlyMap<string, CollectionStore>): void {
  // Counted, not read: the words of a finding may hold damaged text (see DOCUMENT in table.ts).
  const [faults] = database.all("SELECT count(*) FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'");
  if (faults?.[0] !== 0) throw new ReplicaDamaged("damaged", "The replica file is damaged.");
  for (const { table, search } of stores.values()) {
    table.verify();
    search?.verify();
  }
}

/** Read as bytes for the reason that DOCUMENT gives in table.ts. */
function parsedMeta(bytes: unknown): unknown {
  try {
    return JSON.parse(textOfBytes(bytes)) as unknown;
  } catch {
    throw new ReplicaDamaged("damaged", "A value of the replica is damaged.");
  }
}

/** Filling twice would index `_deleted` before the index of checkpoints. */
const filled = (schema: RxJsonSchema<Row>): RowSchema =>
  Object.hasOwn(schema.properties, "_meta") ? (schema as RowSchema) : (fillWithDefaultSettings(schema) as RowSchema);
