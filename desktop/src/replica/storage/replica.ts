/** The door to one replica file: collections, a small key-value store and plain SQL, all in one transaction. */
import { fillWithDefaultSettings, type RxJsonSchema } from "rxdb";
import { ReplicaCollection, createCollectionStore, type CollectionStore } from "./collection.ts";
import type { Row, RowSchema } from "./columns.ts";
import { openDatabase, type Bindable, type DatabaseOptions, type SqlRow } from "./database.ts";
import { dropSearch, openSearch, type SearchIndex } from "./search.ts";
import { ReplicaDamaged, StorageError } from "./storage.errors.ts";
import { openTable } from "./table.ts";

export type CollectionOptions = { search?: SearchIndex };

export type ReplicaFile = {
  readonly filename: string;
  /**
   * Runs synchronous work in one transaction over rows, `meta` and own tables; nestable. Events of the collections are
   * told after the outermost COMMIT. When the work throws, nothing of it remains.
   */
  transaction<T>(work: () => T): T;
  /** Opens a collection, making or remaking its table, indexes and search index as the schema says. */
  collection<T extends object = Row>(
    name: string,
    schema: RxJsonSchema<T>,
    options?: CollectionOptions,
  ): ReplicaCollection<T>;
  /** Small JSON values, such as the feed's cookie. `get` answers undefined for an unknown key. */
  readonly meta: { get(key: string): unknown; set(key: string, value: unknown): void; delete(key: string): void };
  /**
   * Plain SQL on tables of the caller's own. Rows are arrays of column values. Read text that must survive a damaged file
   * with `CAST(column AS BLOB)`: libsql aborts the process on text that is not UTF-8.
   */
  run(sql: string, params?: readonly Bindable[]): { changes: number };
  all(sql: string, params?: readonly Bindable[]): SqlRow[];
  /** After a purge: writes the log into the file and empties it, so that no removed byte remains on the disk. */
  scrub(): void;
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
    database.exec("CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
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
    const store = database.transaction(() => {
      const table = openTable(database, name, filled(schema));
      if (!own.search) dropSearch(database, table);
      return createCollectionStore(database, table, own.search && openSearch(database, table, own.search));
    });
    stores.set(name, store);
    return store;
  }

  return {
    filename: options.filename,
    transaction: database.transaction,
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
    all: database.all,
    scrub() {
      const [result] = database.all("PRAGMA wal_checkpoint(TRUNCATE)");
      if (Number(result?.[0]) !== 0) throw new StorageError("inUse", "The log could not be emptied.");
    },
    verify() {
      for (const [line] of database.all("PRAGMA integrity_check(1)"))
        if (line !== "ok") throw new ReplicaDamaged("damaged", "The replica file is damaged.");
      for (const { table, search } of stores.values()) {
        table.verify();
        search?.verify();
      }
    },
    close() {
      for (const store of stores.values()) store.changes.complete();
      stores.clear();
      return database.close();
    },
    collections: stores,
  };
}

/** Read as bytes for the reason that DOCUMENT gives in table.ts. */
function parsedMeta(bytes: unknown): unknown {
  try {
    return bytes instanceof Uint8Array ? JSON.parse(Buffer.from(bytes).toString()) : undefined;
  } catch {
    throw new ReplicaDamaged("damaged", "A value of the replica is damaged.");
  }
}

/** Filling twice would index `_deleted` before the index of checkpoints. */
const filled = (schema: RxJsonSchema<Row>): RowSchema =>
  Object.hasOwn(schema.properties, "_meta") ? (schema as RowSchema) : (fillWithDefaultSettings(schema) as RowSchema);
