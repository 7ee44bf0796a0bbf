import { canonicalJson, hash64, type JsonObject } from "@kontor/shared/base";
import type { BucketState, Cookie, FeedBatch, Operation } from "@kontor/shared/protocol";
import type { ReplicaCollection, ReplicaFile, RowsHook } from "#replica/storage";
import type { ReplicaCollectionDefinition, ViewContext } from "./collections.ts";
import { isNarrowed } from "./narrowed.ts";
import type { Outbox } from "./outbox.ts";
import { createLedger, type LedgerRow } from "./rows.ledger.ts";
import { createViews, type Store } from "./rows.views.ts";

/**
 * The replica's rows: the feed's batches come in here, into the ledger (`rows.ledger.ts`: what was received) and the views
 * (`rows.views.ts`: what is shown). A batch, its bookkeeping and its cookie are one transaction (SYN-2).
 */
export interface Rows {
  applyBatch(batch: Pick<FeedBatch, "operations" | "cookie" | "complete">): AppliedBatch;
  /** From here on, rows are marked as they arrive; those without the mark go when the server says "complete". */
  beginResync(): void;
  /** Makes the view of one row again, from the server's row and the pending intents. */
  refresh(collection: string, id: string): void;
  /** Of many rows at once. */
  refreshMany(collection: string, ids: readonly string[]): void;
  /** After opening: the outbox may know more, or less, than the overlays that were written last. */
  rebuildOverlays(): void;
  /** The server's row without any overlay; undefined when it has none for this device. */
  serverRow(collection: string, id: string): JsonObject | undefined;
  hasServerRow(collection: string, id: string): boolean;
  buckets(): readonly BucketState[];
  /**
   * Compares what is stored with what was received: a row that is missing, or is not what it was, is forgotten, so that
   * the server finds the difference at the next HELLO and sends the bucket again (SYN-10). Reads every row, a chunk per
   * turn; resolves with the number of rows that were wrong.
   */
  audit(pause: () => Promise<void>): Promise<number>;
  /** There are views to be made anew, because what they depend on has changed. */
  readonly hasStale: boolean;
  refreshStale(pause: () => Promise<void>): Promise<void>;
  /** Where in the feed this replica stands; undefined until it has been filled. */
  cookie(): Cookie | undefined;
  /** Resolves when the words of all rows that were written so far are indexed, and those of lost ones are not. */
  searchSettled(): Promise<unknown>;
  collection(name: string): ReplicaCollection<object> | undefined;
  readonly collections: ReadonlyMap<string, ReplicaCollection<object>>;
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

export interface RowsDeps {
  readonly file: ReplicaFile;
  readonly definitions: readonly ReplicaCollectionDefinition[];
  readonly outbox: Pick<Outbox, "pending" | "pendingOf">;
  readonly context: ViewContext;
  /** What is derived of views, by collection; told within the transaction that writes them. */
  readonly derived?: ReadonlyMap<string, RowsHook>;
}

export function createRows({ file, definitions, outbox, context, derived }: RowsDeps): Rows {
  const stores = openStores(file, definitions, derived);
  const ledger = createLedger(file);
  const views = createViews({ file, ledger, stores, outbox, context });
  let isResyncing = false;

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
      const generation = ledger.generation();
      const kept = operations.filter((each) => each.op === "keep");
      for (const [name, group] of Map.groupBy(kept, (each) => each.collection))
        ledger.mark(
          name,
          group.map((each) => each.id),
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
      for (const name of complete ?? [])
        notePurged(purged, name, purge(name, ledger.idsOfOtherGenerations(name, generation)));
      if (complete) dropUnknownBuckets(complete);
      if (complete) isResyncing = false;
      if (cookie) file.meta.set("cookie", cookie);
    });
    return { purged, written, overwritten, narrowed };
  }

  function put(name: string, puts: readonly Put[], generation: number) {
    const ids = puts.map(({ id }) => id);
    const before = ledger.hashesOf(name, ids);
    const changed = puts.filter(({ id, hash }) => before.get(id) !== hash);
    // In a resync the rows that are here already count as sent, too.
    if (isResyncing && changed.length < puts.length) ledger.mark(name, ids, generation);
    if (changed.length === 0) return { added: 0, changed: 0, narrowed: 0 }; // SYN-3
    const overwritten = changed.filter(({ id }) => before.has(id));
    const narrowed = countNarrowed(name, overwritten, before);
    ledger.note(name, changed, before, generation);
    views.write(name, changed);
    return { added: changed.length - overwritten.length, changed: changed.length, narrowed };
  }

  function countNarrowed(name: string, puts: readonly Put[], before: ReadonlyMap<string, string>): number {
    if (puts.length === 0) return 0;
    const ids = puts.map(({ id }) => id);
    const held = views.serverRows(name, ids, before);
    return puts.filter(({ id, doc }) => {
      const row = held.get(id);
      return row !== undefined && isNarrowed(row, doc);
    }).length;
  }

  /** Returns what was really here. */
  function purge(name: string, ids: readonly string[]): readonly string[] {
    if (ids.length === 0) return ids;
    const known = ledger.forget(name, ids);
    views.purge(name, ids);
    return known;
  }

  /** After a reset nothing of a bucket that the server does not name may stay. */
  function dropUnknownBuckets(complete: readonly string[]): void {
    if (!complete.every((name) => stores.has(name)) || complete.length < stores.size) return;
    for (const { bucket } of ledger.buckets()) if (!complete.includes(bucket)) purge(bucket, ledger.idsOf(bucket));
  }

  /* ---------- audit ---------- */

  async function audit(pause: () => Promise<void>): Promise<number> {
    let wrong = 0;
    for (const name of stores.keys())
      for (const expected of ledger.chunksOf(name)) {
        const ids = wrongAmong(name, expected);
        if (ids.length > 0) file.transaction(() => ledger.forget(name, ids));
        wrong += ids.length;
        await pause();
      }
    return wrong;
  }

  function wrongAmong(name: string, expected: readonly LedgerRow[]): readonly string[] {
    const ids = expected.map(({ id }) => id);
    const rows = views.serverRows(name, ids, new Set(ids));
    const isWrong = ({ id, hash }: LedgerRow) => {
      const row = rows.get(id);
      return !row || hash64(canonicalJson(row)) !== hash;
    };
    return expected.filter(isWrong).map(({ id }) => id);
  }

  return {
    applyBatch,
    beginResync() {
      isResyncing = true;
      ledger.beginGeneration();
    },
    refresh: (name, id) => views.refresh(name, [id]),
    refreshMany: views.refresh,
    rebuildOverlays: views.rebuildOverlays,
    serverRow: (name, id) => views.serverRows(name, [id]).get(id),
    hasServerRow: ledger.has,
    buckets: ledger.buckets,
    audit,
    refreshStale: views.refreshStale,
    get hasStale() {
      return views.hasStale;
    },
    cookie: () => file.meta.get("cookie") as Cookie | undefined,
    searchSettled: () =>
      Promise.all(
        [...stores.values()].map(({ definition, collection }) => definition.search && collection.searchSettled()),
      ),
    collection: (name) => stores.get(name)?.collection,
    collections: new Map([...stores].map(([name, store]) => [name, store.collection])),
  };
}

function openStores(
  file: ReplicaFile,
  definitions: readonly ReplicaCollectionDefinition[],
  derived: RowsDeps["derived"],
): ReadonlyMap<string, Store> {
  const open = (definition: ReplicaCollectionDefinition): Store => {
    const { name, schema, search } = definition;
    const onRows = derived?.get(name);
    const options = { ...(search ? { search } : {}), ...(onRows ? { onRows } : {}) };
    return { definition, collection: file.collection(name, schema, options) };
  };
  return new Map(definitions.map((definition) => [definition.name, open(definition)]));
}

type Put = Extract<Operation, { op: "put" }>;
type RowOperation = Extract<Operation, { op: "put" | "purge" }>;

const isRowOperation = (operation: Operation): operation is RowOperation =>
  operation.op === "put" || operation.op === "purge";

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
