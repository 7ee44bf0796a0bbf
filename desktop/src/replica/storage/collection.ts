/**
 * One collection of the replica: the storage instance that RxDB asks for, and synchronous verbs for the replica itself,
 * which needs no RxDatabase.
 */
import {
  categorizeBulkWriteRows,
  createRevision,
  deepEqual,
  normalizeMangoQuery,
  now,
  randomToken,
  type BulkWriteRow,
  type EventBulk,
  type MangoQuery,
  type PreparedQuery,
  type RxDocumentData,
  type RxStorageBulkWriteResponse,
  type RxStorageChangeEvent,
  type RxStorageCountResult,
  type RxStorageDefaultCheckpoint,
  type RxStorageInstance,
  type RxStorageQueryResult,
} from "rxdb";
import { Subject, takeUntil, type Observable } from "rxjs";
import type { JsonObject } from "@kontor/shared/base";
import type { Row, RowSchema, StoredRow } from "./columns.ts";
import type { Database } from "./database.ts";
import { createQueryRunner, type Query, type QueryRunner } from "./query.ts";
import type { Search, SearchOptions, SearchResult } from "./search.ts";
import { StorageError } from "./storage.errors.ts";
import { parseDocuments, type PlacedRow, type Table } from "./table.ts";

export type Stored<T> = RxDocumentData<T>;
export type Changes = EventBulk<RxStorageChangeEvent<StoredRow>, RxStorageDefaultCheckpoint>;
type Change = RxStorageChangeEvent<StoredRow>;
type Modification = { before: PlacedRow; after: StoredRow };

/** A row as it was and as it is now; without `after` it is gone. */
export type RowChange = { before?: StoredRow; after?: StoredRow };
/** Told of every change within its transaction, so that what is derived of rows is never ahead of them nor behind. */
export type RowsHook = (changes: readonly RowChange[]) => void;

/** What all instances of one collection share. */
export type CollectionStore = {
  database: Database;
  table: Table;
  queries: QueryRunner;
  search: Search | undefined;
  onRows: RowsHook | undefined;
  changes: Subject<Changes>;
};

export type CollectionParts = { search?: Search | undefined; onRows?: RowsHook | undefined };

export function createCollectionStore(
  database: Database,
  table: Table,
  { search, onRows }: CollectionParts,
): CollectionStore {
  return { database, table, search, onRows, queries: createQueryRunner(database, table), changes: new Subject() };
}

export type CollectionInternals = { store: CollectionStore };
type Instance = RxStorageInstance<Row, CollectionInternals, Row, RxStorageDefaultCheckpoint>;

/** Soft-deleted documents removed in one go by `cleanup`, so that it does not hold up queries. */
const CLEANUP_BATCH = 2_000;
/** Written into revisions. It need not be unique per device: rows of the replica are written by the feed alone. */
const REVISION_TOKEN = "replica";

export class ReplicaCollection<T extends object = Row> implements Instance {
  readonly databaseName: string;
  readonly collectionName: string;
  readonly schema: RowSchema;
  readonly options = {};
  readonly internals: CollectionInternals;
  readonly #store: CollectionStore;
  readonly #closed = new Subject<void>();
  #isClosed = false;

  constructor(store: CollectionStore, databaseName: string) {
    this.databaseName = databaseName;
    this.collectionName = store.table.collectionName;
    this.schema = store.table.schema;
    this.internals = { store };
    this.#store = store;
  }

  /**
   * Inserts or replaces by primary key. A document that is stored already, word for word, is left alone: no revision, no
   * event (SYN-3). Events follow the outermost COMMIT.
   */
  writeSync(documents: readonly T[]): void {
    const { database, table } = this.#open();
    if (documents.length === 0) return;
    database.transaction(() => {
      const known = table.placedById(documents.map((document) => this.#idOf(document)));
      const inserted = new Map<string, StoredRow>();
      const updated = new Map<string, Modification>();
      const lwt = table.nextWriteTime();
      for (const document of documents) {
        const id = this.#idOf(document);
        const before = known.get(id);
        if (!before) inserted.set(id, stamped(document, `1-${REVISION_TOKEN}`, lwt));
        else if (before.document._deleted || !isSameContent(before.document, document))
          updated.set(id, { before, after: stamped(document, createRevision(REVISION_TOKEN, before.document), lwt) });
        else updated.delete(id); // an earlier entry of this batch said otherwise; the last one counts
      }
      this.#save(table, [...inserted.values()], [...updated.values()]);
      const insertions = [...inserted].map(([id, document]) => insertion(id, document));
      const modifications = [...updated].map(([id, change]) => modification(id, change));
      this.#announce([...insertions, ...modifications], lwt);
    });
  }

  #save(table: Table, inserted: StoredRow[], updated: Modification[]): void {
    table.insert(inserted);
    for (const { after } of updated) table.update(after);
    this.#store.search?.changed(updated);
    if (inserted.length > 0) this.#store.search?.wake();
    this.#store.onRows?.([
      ...inserted.map((after) => ({ after })),
      ...updated.map(({ before, after }) => ({ before: before.document, after })),
    ]);
  }

  /**
   * Physically removes documents with their index entries, and tells every live query so. The bytes in the file are
   * overwritten at once; the log keeps older pages until the file is scrubbed (`ReplicaFile.scrub`). Returns how many.
   */
  purgeSync(ids: readonly string[]): number {
    const { database, table } = this.#open();
    return database.transaction(() => {
      const rows = [...table.placedById(ids)].map(([, row]) => row);
      if (rows.length === 0) return 0;
      this.#store.search?.removed(rows);
      table.remove(rows.map((row) => this.#idOf(row.document)));
      this.#store.onRows?.(rows.map((row) => ({ before: row.document })));
      const lwt = table.nextWriteTime();
      const alive = rows.filter((row) => !row.document._deleted).map((row) => row.document);
      this.#announce(
        alive.map((previous) => deletion(table.primary, previous, lwt)),
        lwt,
      );
      return rows.length;
    });
  }

  findByIdsSync(ids: readonly string[]): Stored<T>[] {
    return parseDocuments(this.#open().table.jsonById(ids, false)) as unknown as Stored<T>[];
  }

  querySync(query: MangoQuery<T>): Stored<T>[] {
    return parseDocuments(this.#open().queries.findJson(this.#prepared(query))) as unknown as Stored<T>[];
  }

  countSync(query: MangoQuery<T> = {}): number {
    return this.#open().queries.count(this.#prepared(query));
  }

  /** Full-text search; the collection must have been opened with a search index. */
  search(typed: string, options?: SearchOptions): Omit<SearchResult, "documents"> & { documents: Stored<T>[] } {
    const result = this.#openSearch().search(typed, options);
    return { ...result, documents: result.documents as unknown as Stored<T>[] };
  }

  /** Resolves when all that was written so far can be found. */
  searchSettled(): Promise<void> {
    return this.#openSearch().settled();
  }

  // ---- RxStorageInstance ----

  bulkWrite(rows: BulkWriteRow<Row>[], context: string): Promise<RxStorageBulkWriteResponse<Row>> {
    return attempt(() => {
      const { database, table } = this.#open();
      return database.transaction(() => {
        const known = table.placedById(rows.map((row) => this.#idOf(row.document)));
        const inDatabase = new Map([...known].map(([id, row]) => [id, row.document]));
        const work = categorizeBulkWriteRows<Row>(this, table.primary, inDatabase, rows, context);
        const updated = work.bulkUpdateDocs.flatMap(({ document }) => {
          const before = known.get(this.#idOf(document));
          return before ? [{ before, after: document }] : [];
        });
        this.#save(
          table,
          work.bulkInsertDocs.map((row) => row.document),
          updated,
        );
        const newest = work.newestRow?.document;
        if (newest && work.eventBulk.events.length > 0) {
          const checkpoint = { id: this.#idOf(newest), lwt: newest._meta.lwt };
          this.#emit({ ...work.eventBulk, checkpoint });
        }
        return { error: work.errors };
      });
    });
  }

  findDocumentsById(ids: string[], withDeleted: boolean): Promise<StoredRow[]> {
    return attempt(() => parseDocuments(this.#open().table.jsonById(ids, withDeleted)));
  }

  query(prepared: PreparedQuery<Row>): Promise<RxStorageQueryResult<Row>> {
    return attempt(() => ({ documents: parseDocuments(this.#open().queries.findJson(prepared.query)) }));
  }

  count(prepared: PreparedQuery<Row>): Promise<RxStorageCountResult> {
    return attempt(() => ({ count: this.#open().queries.count(prepared.query), mode: "fast" }));
  }

  getChangedDocumentsSince(
    limit: number,
    checkpoint?: RxStorageDefaultCheckpoint,
  ): Promise<{
    documents: StoredRow[];
    checkpoint: RxStorageDefaultCheckpoint;
  }> {
    return attempt(() => {
      const { table } = this.#open();
      const from = checkpoint ?? { id: "", lwt: 0 };
      const documents = parseDocuments(table.jsonSince(from, limit));
      const last = documents.at(-1);
      return { documents, checkpoint: last ? { id: this.#idOf(last), lwt: last._meta.lwt } : from };
    });
  }

  changeStream(): Observable<Changes> {
    return this.#store.changes.pipe(takeUntil(this.#closed));
  }

  getAttachmentData(): Promise<Blob> {
    return Promise.reject(new StorageError("invalid", "Attachments are kept by the file cache, not here."));
  }

  cleanup(minimumDeletedTime: number): Promise<boolean> {
    return attempt(() => {
      const { database, table } = this.#open();
      return database.transaction(() => {
        const rows = table.deletedBefore(now() - minimumDeletedTime, CLEANUP_BATCH);
        this.#store.search?.removed(rows);
        table.remove(rows.map((row) => this.#idOf(row.document)));
        return rows.length < CLEANUP_BATCH;
      });
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.next();
    this.#closed.complete();
    return Promise.resolve();
  }

  /** Removes all documents; the empty table stays. */
  async remove(): Promise<void> {
    const { database, table } = this.#open();
    database.transaction(() => {
      table.clear();
      this.#store.search?.clear();
    });
    await this.close();
  }

  #open(): CollectionStore {
    if (this.#isClosed) throw new StorageError("invalid", `The collection ${this.collectionName} is closed.`);
    return this.#store;
  }

  #openSearch(): Search {
    const { search } = this.#open();
    if (!search) throw new StorageError("invalid", `The collection ${this.collectionName} has no search index.`);
    return search;
  }

  #idOf(document: object): string {
    const id = (document as Row)[this.#store.table.primary];
    if (typeof id !== "string" || id === "")
      throw new StorageError("invalid", `A document of ${this.collectionName} has no id.`);
    return id;
  }

  #prepared(query: MangoQuery<T>): Query {
    const filled = normalizeMangoQuery(this.schema, query as MangoQuery<Row>) as Query;
    return { ...filled, selector: { ...filled.selector, _deleted: { $eq: false } } as Query["selector"] };
  }

  #announce(events: Change[], lwt: number): void {
    const id = events.map((event) => event.documentId).reduce((a, b) => (a > b ? a : b), "");
    if (events.length > 0)
      this.#emit({ id: randomToken(10), events, checkpoint: { id, lwt }, context: REVISION_TOKEN });
  }

  #emit(changes: Changes): void {
    this.#store.database.afterCommit(() => this.#store.changes.next(changes));
  }
}

const stamped = (document: object, rev: string, lwt: number): StoredRow => ({
  ...document,
  _deleted: false,
  _attachments: {},
  _meta: { lwt },
  _rev: rev,
});

const insertion = (documentId: string, document: StoredRow): Change => ({
  documentId,
  operation: "INSERT",
  documentData: document,
  previousDocumentData: undefined,
});

const modification = (documentId: string, { before, after }: Modification): Change =>
  before.document._deleted
    ? insertion(documentId, after)
    : { documentId, operation: "UPDATE", documentData: after, previousDocumentData: before.document };

/** Of the new state only the id is told. Live queries need the previous one to know where the document was. */
const deletion = (primary: string, previous: StoredRow, lwt: number): Change => ({
  documentId: String(previous[primary]),
  operation: "DELETE",
  documentData: {
    [primary]: previous[primary],
    _deleted: true,
    _attachments: {},
    _meta: { lwt },
    _rev: createRevision(REVISION_TOKEN, previous),
  },
  previousDocumentData: previous,
});

const isSameContent = (stored: StoredRow, document: object): boolean =>
  deepEqual(contentOf(stored), withoutUndefined(document));

/** A stored document carries RxDB's own keys; this is the document without them. */
export function contentOf(stored: object): JsonObject {
  const { _deleted, _attachments, _meta, _rev, ...content } = stored as StoredRow;
  return content as JsonObject;
}

/** JSON has no undefined: a field set to it is not there once stored. */
const withoutUndefined = (document: object): object =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));

/** RxDB expects promises that reject, where our own verbs throw. */
const attempt = <R>(work: () => R): Promise<R> => new Promise((resolve) => void resolve(work()));
