import { canonicalJson, hash64, xor64, type JsonObject } from "@kontor/shared/base";
import type { BucketState, Cookie, FeedBatch, Operation } from "@kontor/shared/protocol";
import type { ReplicaCollection, ReplicaFile, RowsHook } from "#replica/storage";
import type { ReplicaCollectionDefinition, ViewContext } from "./collections.ts";
import { isNarrowed } from "./narrowed.ts";
import type { Outbox } from "./outbox.ts";

/**
 * The replica's rows: what the server sent, and the views made of it.
 *
 *   server_row   (collection, id) → hash of the server's row, for SYN-3 and SYN-10
 *   bucket       count and xor of these hashes, kept with every change
 *   overlaid     rows whose view shows pending intents; `row` is the server's, word for word, or null where it has none
 *
 * Where nothing is pending the collection's document *is* the server's row (plus what is derived of it), so that it is
 * stored once. A batch of the feed, its bookkeeping and its cookie are one transaction (SYN-2).
 */
export type Rows = ReturnType<typeof createRows>;

export interface RowsDeps {
  readonly file: ReplicaFile;
  readonly definitions: readonly ReplicaCollectionDefinition[];
  readonly outbox: Pick<Outbox, "pending" | "pendingOf">;
  readonly context: ViewContext;
  /** What is derived of views, by collection; told within the transaction that writes them. */
  readonly derived?: ReadonlyMap<string, RowsHook>;
}

export interface AppliedBatch {
  /** Rows that are gone from this device, by collection. */
  readonly purged: ReadonlyMap<string, readonly string[]>;
  readonly written: number;
  /** Rows that were here already and came again otherwise. */
  readonly overwritten: number;
  /** Those of them that show less than before. */
  readonly narrowed: number;
}

const NO_HASH = "0".repeat(16);
/** Views made again at a time when a type changed. */
const REFRESH_CHUNK = 500;

export function createRows({ file, definitions, outbox, context, derived }: RowsDeps) {
  createTables(file);
  let isResyncing = false;
  const stores = new Map<string, { definition: ReplicaCollectionDefinition; collection: ReplicaCollection<object> }>();
  for (const definition of definitions) {
    const onRows = derived?.get(definition.name);
    const collection = file.collection(definition.name, definition.schema, {
      ...(definition.search ? { search: definition.search } : {}),
      ...(onRows ? { onRows } : {}),
    });
    stores.set(definition.name, { definition, collection });
  }

  /* ---------- the feed ---------- */

  function applyBatch({
    operations,
    cookie,
    complete,
  }: Pick<FeedBatch, "operations" | "cookie" | "complete">): AppliedBatch {
    const purged = new Map<string, readonly string[]>();
    let written = 0;
    let overwritten = 0;
    let narrowed = 0;
    file.transaction(() => {
      const generation = currentGeneration();
      markKept(
        operations.filter((each) => each.op === "keep"),
        generation,
      );
      for (const [name, group] of Map.groupBy(operations.filter(isRowOperation), (each) => each.collection)) {
        const { puts, purges } = lastOfEach(group);
        if (puts.length > 0) {
          const done = put(name, puts, generation);
          written += done.changed;
          overwritten += done.changed - done.added;
          narrowed += done.narrowed;
        }
        if (purges.length > 0) notePurged(purged, name, purge(name, purges));
      }
      for (const name of complete ?? []) notePurged(purged, name, purge(name, notOfGeneration(name, generation)));
      if (complete) dropUnknownBuckets(complete);
      if (complete) isResyncing = false;
      if (cookie) file.meta.set("cookie", cookie);
    });
    return { purged, written, overwritten, narrowed };
  }

  function put(name: string, puts: readonly Put[], generation: number) {
    const ids = JSON.stringify(puts.map((each) => each.id));
    const known = new Map(
      file
        .all("SELECT id, hash FROM server_row WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [
          name,
          ids,
        ])
        .map(([id, hash]) => [String(id), String(hash)]),
    );
    const changed = puts.filter((each) => known.get(each.id) !== each.hash);
    // In a resync the rows that are here already count as sent, too.
    if (isResyncing && changed.length < puts.length)
      file.run("UPDATE server_row SET generation=? WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [
        generation,
        name,
        ids,
      ]);
    if (changed.length === 0) return { added: 0, changed: 0, narrowed: 0 }; // SYN-3
    file.run(
      `INSERT INTO server_row(collection, id, hash, generation)
       SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), ? FROM json_each(?) WHERE true
       ON CONFLICT(collection, id) DO UPDATE SET hash=excluded.hash, generation=excluded.generation`,
      [name, generation, JSON.stringify(changed.map((each) => [each.id, each.hash]))],
    );
    const added = changed.filter((each) => !known.has(each.id)).length;
    addToBucket(
      name,
      added,
      changed.flatMap((each) => [each.hash, known.get(each.id) ?? NO_HASH]),
    );
    const narrowed = countNarrowed(
      name,
      changed.filter((each) => known.has(each.id)),
    );
    writeRows(name, changed);
    return { added, changed: changed.length, narrowed };
  }

  function countNarrowed(name: string, puts: readonly Put[]): number {
    const store = stores.get(name);
    if (!store || puts.length === 0) return 0;
    const ids = puts.map((each) => each.id);
    const held = new Map<string, JsonObject>();
    for (const stored of store.collection.findByIdsSync(ids)) {
      const doc = withoutMeta(stored);
      held.set(String(doc["id"]), store.definition.rowOf(doc));
    }
    // Where changes are pending, the document is not the server's row.
    for (const id of overlaidAmong(name, ids)) {
      const row = serverRow(name, id);
      if (row) held.set(id, row);
      else held.delete(id);
    }
    return puts.filter(({ id, doc }) => {
      const row = held.get(id);
      return row !== undefined && isNarrowed(row, doc);
    }).length;
  }

  function writeRows(name: string, rows: readonly { readonly id: string; readonly doc: JsonObject }[]): void {
    const store = stores.get(name);
    if (!store) return; // a collection of a newer server: counted, so that the comparison holds, and not shown
    const { definition, collection } = store;
    const isOverlaid = overlaidAmong(
      name,
      rows.map((row) => row.id),
    );
    const views: object[] = [];
    for (const { id, doc } of rows) {
      if (isOverlaid.has(id)) {
        file.run("UPDATE overlaid SET row=? WHERE collection=? AND id=?", [JSON.stringify(doc), name, id]);
        continue;
      }
      const view = definition.view(doc, [], context);
      if (view) views.push(view);
    }
    collection.writeSync(views);
    context.rowsChanged?.(name);
    refreshMany(name, [...isOverlaid]);
    if (definitions.some((each) => each.dependsOn === name)) noteStale(name);
  }

  function markKept(kept: readonly { readonly collection: string; readonly id: string }[], generation: number): void {
    for (const [name, group] of Map.groupBy(kept, (each) => each.collection))
      file.run("UPDATE server_row SET generation=? WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [
        generation,
        name,
        JSON.stringify(group.map((each) => each.id)),
      ]);
  }

  /** Returns what was really here. */
  function purge(name: string, ids: readonly string[]): readonly string[] {
    if (ids.length === 0) return ids;
    const list = JSON.stringify(ids);
    const known = file.all(
      "SELECT id, hash FROM server_row WHERE collection=? AND id IN (SELECT value FROM json_each(?))",
      [name, list],
    );
    file.run("DELETE FROM server_row WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [name, list]);
    addToBucket(
      name,
      -known.length,
      known.map(([, hash]) => String(hash)),
    );
    const overlaid = overlaidAmong(name, ids);
    for (const id of overlaid) file.run("UPDATE overlaid SET row=NULL WHERE collection=? AND id=?", [name, id]);
    stores.get(name)?.collection.purgeSync(ids.filter((id) => !overlaid.has(id)));
    context.rowsChanged?.(name);
    refreshMany(name, [...overlaid]);
    return known.map(([id]) => String(id));
  }

  const isRowOperation = (operation: Operation): operation is RowOperation =>
    operation.op === "put" || operation.op === "purge";

  function notOfGeneration(name: string, generation: number): readonly string[] {
    return file
      .all("SELECT id FROM server_row WHERE collection=? AND generation<>?", [name, generation])
      .map(([id]) => String(id));
  }

  /** After a reset nothing of a bucket that the server does not name may stay. */
  function dropUnknownBuckets(complete: readonly string[]): void {
    if (!complete.every((name) => stores.has(name)) || complete.length < stores.size) return;
    for (const { bucket } of buckets()) if (!complete.includes(bucket)) purge(bucket, allIds(bucket));
  }

  const allIds = (name: string) =>
    file.all("SELECT id FROM server_row WHERE collection=?", [name]).map(([id]) => String(id));

  /* ---------- resync ---------- */

  const currentGeneration = (): number => Number(file.meta.get("generation") ?? 0);

  /** From here on, rows are marked as they arrive; those without the mark go when the server says "complete". */
  function beginResync(): void {
    isResyncing = true;
    file.meta.set("generation", currentGeneration() + 1);
  }

  /* ---------- overlays ---------- */

  /** Makes the view of one row again, from the server's row and the pending intents. */
  const refresh = (name: string, id: string): void => refreshMany(name, [id]);

  /** Of many rows at once, with the views elsewhere that show the same changes. */
  function refreshMany(name: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    file.transaction(() => {
      refreshViewsOf(name, ids);
      for (const { name: other, intentsOf } of definitions) if (intentsOf === name) refreshViewsOf(other, ids);
    });
  }

  function refreshViewsOf(name: string, ids: readonly string[]): void {
    const store = stores.get(name);
    if (!store) return;
    const { definition, collection } = store;
    const rows = serverRows(name, ids);
    const views: JsonObject[] = [];
    const gone: string[] = [];
    const overlays: (readonly [string, string | null])[] = [];
    const plain: string[] = [];
    for (const id of ids) {
      const row = rows.get(id);
      const intents = outbox.pendingOf(definition.intentsOf ?? name, id);
      const view = definition.view(row, intents, context);
      if (view) views.push(view);
      else gone.push(id);
      if (intents.length > 0) overlays.push([id, row ? JSON.stringify(row) : null]);
      else plain.push(id);
    }
    if (overlays.length > 0)
      file.run(
        `INSERT INTO overlaid(collection, id, row)
         SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?) WHERE true
         ON CONFLICT(collection, id) DO UPDATE SET row=excluded.row`,
        [name, JSON.stringify(overlays)],
      );
    if (plain.length > 0)
      file.run("DELETE FROM overlaid WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [
        name,
        JSON.stringify(plain),
      ]);
    if (views.length > 0) collection.writeSync(views);
    if (gone.length > 0) collection.purgeSync(gone);
    context.rowsChanged?.(name);
  }

  /** The server's row without any overlay; undefined when it has none for this device. */
  const serverRow = (name: string, id: string): JsonObject | undefined => serverRows(name, [id]).get(id);

  function serverRows(name: string, ids: readonly string[]): ReadonlyMap<string, JsonObject> {
    const list = JSON.stringify(ids);
    const found = new Map<string, JsonObject>();
    const overlaid = new Set<string>();
    for (const [id, row] of file.all(
      "SELECT id, row FROM overlaid WHERE collection=? AND id IN (SELECT value FROM json_each(?))",
      [name, list],
    )) {
      overlaid.add(String(id));
      if (row !== null) found.set(String(id), JSON.parse(String(row)) as JsonObject);
    }
    const store = stores.get(name);
    const known = file
      .all("SELECT id FROM server_row WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [name, list])
      .map(([id]) => String(id))
      .filter((id) => !overlaid.has(id));
    if (!store || known.length === 0) return found;
    for (const stored of store.collection.findByIdsSync(known)) {
      const row = store.definition.rowOf(withoutMeta(stored));
      found.set(String(row["id"]), row);
    }
    return found;
  }

  const hasServerRow = (name: string, id: string): boolean =>
    file.all("SELECT 1 FROM server_row WHERE collection=? AND id=?", [name, id]).length > 0;

  /** After opening: the outbox may know more, or less, than the overlays that were written last. */
  function rebuildOverlays(): void {
    const keys = new Map<string, { collection: string; id: string }>();
    const note = (collection: string, id: string) => keys.set(`${collection} ${id}`, { collection, id });
    for (const [collection, id] of file.all("SELECT collection, id FROM overlaid"))
      note(String(collection), String(id));
    for (const { collection, id } of outbox.pending()) note(collection, id);
    file.transaction(() => {
      for (const [name, rows] of Map.groupBy(keys.values(), ({ collection }) => collection))
        refreshMany(
          name,
          rows.map(({ id }) => id),
        );
    });
  }

  function overlaidAmong(name: string, ids: readonly string[]): Set<string> {
    const found = file.all("SELECT id FROM overlaid WHERE collection=? AND id IN (SELECT value FROM json_each(?))", [
      name,
      JSON.stringify(ids),
    ]);
    return new Set(found.map(([id]) => String(id)));
  }

  /* ---------- views that depend on other rows ---------- */

  /** Noted with the change itself, done in the background: a crash in between forgets nothing. */
  function noteStale(name: string): void {
    const stale = new Set(staleNames());
    for (const { name: dependent, dependsOn } of definitions) if (dependsOn === name) stale.add(dependent);
    file.meta.set("stale", [...stale]);
    file.meta.set("staleVersion", Number(file.meta.get("staleVersion") ?? 0) + 1);
  }

  const staleNames = () => (file.meta.get("stale") ?? []) as readonly string[];

  /** Makes views anew whose type (say) has changed; those that come out the same are not written. */
  async function refreshStale(pause: () => Promise<void>): Promise<void> {
    for (const name of staleNames()) {
      const version = Number(file.meta.get("staleVersion") ?? 0);
      for (const ids of idChunks(name)) {
        file.transaction(() => refreshViews(name, ids));
        await pause();
      }
      refreshMany(
        name,
        file.all("SELECT id FROM overlaid WHERE collection=?", [name]).map(([id]) => String(id)),
      );
      if (Number(file.meta.get("staleVersion") ?? 0) === version)
        file.meta.set(
          "stale",
          staleNames().filter((each) => each !== name),
        );
    }
  }

  function refreshViews(name: string, ids: readonly string[]): void {
    const store = stores.get(name);
    if (!store) return;
    const { definition, collection } = store;
    const overlaid = overlaidAmong(name, ids);
    const views = collection
      .findByIdsSync(ids.filter((id) => !overlaid.has(id)))
      .map((stored) => definition.view(definition.rowOf(withoutMeta(stored)), [], context));
    collection.writeSync(views.filter((view) => view !== undefined));
  }

  function* idChunks(name: string): Generator<readonly string[]> {
    for (let after = ""; ;) {
      const ids = file
        .all("SELECT id FROM server_row WHERE collection=? AND id>? ORDER BY id LIMIT ?", [name, after, REFRESH_CHUNK])
        .map(([id]) => String(id));
      if (ids.length === 0) return;
      after = ids.at(-1) ?? "";
      yield ids;
    }
  }

  /* ---------- counts and hashes ---------- */

  function addToBucket(name: string, count: number, hashes: readonly string[]): void {
    const change = hashes.reduce(xor64, NO_HASH);
    const [row] = file.all("SELECT count, hash FROM bucket WHERE bucket=?", [name]);
    file.run(
      "INSERT INTO bucket(bucket, count, hash) VALUES (?,?,?) ON CONFLICT(bucket) DO UPDATE SET count=excluded.count, hash=excluded.hash",
      [name, Number(row?.[0] ?? 0) + count, xor64(String(row?.[1] ?? NO_HASH), change)],
    );
  }

  const buckets = (): readonly BucketState[] =>
    file
      .all("SELECT bucket, count, hash FROM bucket WHERE count > 0")
      .map(([bucket, count, hash]) => ({ bucket: String(bucket), count: Number(count), hash: String(hash) }));

  /**
   * Compares what is stored with what was received: a row that is missing, or is not what it was, is forgotten, so that
   * the server finds the difference at the next HELLO and sends the bucket again (SYN-10). Reads every row, a chunk per
   * turn; resolves with the number of rows that were wrong.
   */
  async function audit(pause: () => Promise<void>): Promise<number> {
    let wrong = 0;
    for (const { definition, collection } of stores.values()) {
      let after = "";
      for (;;) {
        const expected = file.all("SELECT id, hash FROM server_row WHERE collection=? AND id>? ORDER BY id LIMIT ?", [
          definition.name,
          after,
          REFRESH_CHUNK,
        ]);
        if (expected.length === 0) break;
        after = String(expected.at(-1)?.[0]);
        wrong += auditChunk(definition, collection, expected);
        await pause();
      }
    }
    return wrong;
  }

  function auditChunk(
    definition: ReplicaCollectionDefinition,
    collection: ReplicaCollection<object>,
    expected: readonly (readonly unknown[])[],
  ): number {
    const ids = expected.map(([id]) => String(id));
    const docs = new Map(
      collection.findByIdsSync(ids).map((doc) => [String((doc as unknown as JsonObject)["id"]), doc]),
    );
    const overlaid = overlaidAmong(definition.name, ids);
    const wrong = expected.filter(([id, hash]) => {
      const doc = docs.get(String(id));
      const row = overlaid.has(String(id))
        ? serverRow(definition.name, String(id))
        : doc && definition.rowOf(withoutMeta(doc));
      return !row || hash64(canonicalJson(row)) !== hash;
    });
    file.transaction(() => {
      for (const [id, hash] of wrong) {
        file.run("DELETE FROM server_row WHERE collection=? AND id=?", [definition.name, String(id)]);
        addToBucket(definition.name, -1, [String(hash)]);
      }
    });
    return wrong.length;
  }

  return {
    applyBatch,
    beginResync,
    refresh,
    refreshMany,
    rebuildOverlays,
    serverRow,
    hasServerRow,
    buckets,
    audit,
    refreshStale,
    get hasStale() {
      return staleNames().length > 0;
    },
    cookie: () => file.meta.get("cookie") as Cookie | undefined,
    forgetCookie: () => file.meta.delete("cookie"),
    /** Resolves when the words of all rows that were written so far are indexed, and those of lost ones are not. */
    searchSettled: () =>
      Promise.all(
        [...stores.values()].map(({ definition, collection }) => definition.search && collection.searchSettled()),
      ),
    collection: (name: string) => stores.get(name)?.collection,
    collections: new Map([...stores].map(([name, store]) => [name, store.collection])),
  };
}

type Put = Extract<Operation, { op: "put" }>;
type RowOperation = Extract<Operation, { op: "put" | "purge" }>;

/** The last word on each row of a batch counts. */
function lastOfEach(operations: readonly RowOperation[]): { puts: readonly Put[]; purges: readonly string[] } {
  const last = new Map(operations.map((operation) => [operation.id, operation]));
  const puts: Put[] = [];
  const purges: string[] = [];
  for (const operation of last.values()) {
    if (operation.op === "put") puts.push(operation);
    else purges.push(operation.id);
  }
  return { puts, purges };
}

function notePurged(purged: Map<string, readonly string[]>, name: string, ids: readonly string[]): void {
  if (ids.length > 0) purged.set(name, [...(purged.get(name) ?? []), ...ids]);
}

/** A stored document carries RxDB's own keys. */
function withoutMeta(stored: object): JsonObject {
  const { _deleted, _attachments, _meta, _rev, ...doc } = stored as Record<string, unknown>;
  return doc as JsonObject;
}

function createTables(file: ReplicaFile): void {
  file.transaction(() => {
    file.run(`CREATE TABLE IF NOT EXISTS server_row(collection TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL,
      generation INTEGER NOT NULL, PRIMARY KEY(collection, id)) WITHOUT ROWID`);
    file.run(
      "CREATE TABLE IF NOT EXISTS bucket(bucket TEXT PRIMARY KEY, count INTEGER NOT NULL, hash TEXT NOT NULL) WITHOUT ROWID",
    );
    file.run(`CREATE TABLE IF NOT EXISTS overlaid(collection TEXT NOT NULL, id TEXT NOT NULL, row TEXT,
      PRIMARY KEY(collection, id)) WITHOUT ROWID`);
  });
}
