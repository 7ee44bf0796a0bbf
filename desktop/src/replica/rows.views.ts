import type { JsonObject } from "@kontor/shared/base";
import { contentOf, type ReplicaCollection, type ReplicaFile } from "#replica/storage";
import type { ReplicaCollectionDefinition, ViewContext } from "./collections.ts";
import type { Outbox } from "./outbox.ts";
import type { Ledger } from "./rows.ledger.ts";

/**
 * The documents that windows read: each is made of the server's row and the pending intents, and never edited.
 *
 *   overlaid   rows whose view shows pending intents; `row` is the server's, word for word, or null where it has none
 *
 * Where nothing is pending the document *is* the server's row (plus what is derived of it), so that it is stored once.
 */
export type Views = ReturnType<typeof createViews>;

export interface Store {
  readonly definition: ReplicaCollectionDefinition;
  readonly collection: ReplicaCollection<object>;
}

export interface ViewsDeps {
  readonly file: ReplicaFile;
  readonly ledger: Pick<Ledger, "hashesOf" | "chunksOf">;
  readonly stores: ReadonlyMap<string, Store>;
  readonly outbox: Pick<Outbox, "pending" | "pendingOf">;
  readonly context: ViewContext;
}

const AMONG = "collection=? AND id IN (SELECT value FROM json_each(?))";

export function createViews({ file, ledger, stores, outbox, context }: ViewsDeps) {
  file.run(`CREATE TABLE IF NOT EXISTS overlaid(collection TEXT NOT NULL, id TEXT NOT NULL, row TEXT,
    PRIMARY KEY(collection, id)) WITHOUT ROWID`);
  const definitions = [...stores.values()].map(({ definition }) => definition);

  /* ---------- what the server sent or took ---------- */

  function write(name: string, rows: readonly { readonly id: string; readonly doc: JsonObject }[]): void {
    const store = stores.get(name);
    if (!store) return; // a collection of a newer server: counted, so that the comparison holds, and not shown
    const { definition, collection } = store;
    const overlaid = overlaidAmong(
      name,
      rows.map((row) => row.id),
    );
    const views: object[] = [];
    for (const { id, doc } of rows) {
      if (overlaid.has(id)) {
        file.run("UPDATE overlaid SET row=? WHERE collection=? AND id=?", [JSON.stringify(doc), name, id]);
        continue;
      }
      const view = definition.view(doc, [], context);
      if (view) views.push(view);
    }
    collection.writeSync(views);
    context.rowsChanged?.(name);
    refresh(name, [...overlaid]);
    if (definitions.some((each) => each.dependsOn === name)) noteStale(name);
  }

  function purge(name: string, ids: readonly string[]): void {
    const overlaid = overlaidAmong(name, ids);
    for (const id of overlaid) file.run("UPDATE overlaid SET row=NULL WHERE collection=? AND id=?", [name, id]);
    stores.get(name)?.collection.purgeSync(ids.filter((id) => !overlaid.has(id)));
    context.rowsChanged?.(name);
    refresh(name, [...overlaid]);
  }

  /* ---------- overlays ---------- */

  /** Makes views again, from the server's rows and the pending intents, with those elsewhere that show the same changes. */
  function refresh(name: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    file.transaction(() => {
      refreshOnly(name, ids);
      for (const { name: other, intentsOf } of definitions) if (intentsOf === name) refreshOnly(other, ids);
    });
  }

  function refreshOnly(name: string, ids: readonly string[]): void {
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
    if (plain.length > 0) file.run(`DELETE FROM overlaid WHERE ${AMONG}`, [name, JSON.stringify(plain)]);
    if (views.length > 0) collection.writeSync(views);
    if (gone.length > 0) collection.purgeSync(gone);
    context.rowsChanged?.(name);
  }

  /**
   * The server's rows without any overlay; what is not among them is not on this device. `inLedger`: for whoever has asked
   * the ledger already.
   */
  function serverRows(
    name: string,
    ids: readonly string[],
    inLedger: { has(id: string): boolean } = ledger.hashesOf(name, ids),
  ): ReadonlyMap<string, JsonObject> {
    const found = new Map<string, JsonObject>();
    const overlaid = new Set<string>();
    for (const [id, row] of file.all(`SELECT id, row FROM overlaid WHERE ${AMONG}`, [name, JSON.stringify(ids)])) {
      overlaid.add(String(id));
      if (row !== null) found.set(String(id), JSON.parse(String(row)) as JsonObject);
    }
    const store = stores.get(name);
    const plain = ids.filter((id) => inLedger.has(id) && !overlaid.has(id));
    if (!store || plain.length === 0) return found;
    for (const stored of store.collection.findByIdsSync(plain)) {
      const row = store.definition.rowOf(contentOf(stored));
      found.set(String(row["id"]), row);
    }
    return found;
  }

  /** After opening: the outbox may know more, or less, than the overlays that were written last. */
  function rebuildOverlays(): void {
    const keys = new Map<string, { collection: string; id: string }>();
    const note = (collection: string, id: string) => keys.set(`${collection} ${id}`, { collection, id });
    for (const [collection, id] of file.all("SELECT collection, id FROM overlaid"))
      note(String(collection), String(id));
    for (const { collection, id } of outbox.pending()) note(collection, id);
    file.transaction(() => {
      for (const [name, rows] of Map.groupBy(keys.values(), ({ collection }) => collection))
        refresh(
          name,
          rows.map(({ id }) => id),
        );
    });
  }

  function overlaidAmong(name: string, ids: readonly string[]): Set<string> {
    const found = file.all(`SELECT id FROM overlaid WHERE ${AMONG}`, [name, JSON.stringify(ids)]);
    return new Set(found.map(([id]) => String(id)));
  }

  /* ---------- views that depend on other rows ---------- */

  const staleNames = () => (file.meta.get("stale") ?? []) as readonly string[];
  const staleVersion = () => Number(file.meta.get("staleVersion") ?? 0);

  /** Noted with the change itself, done in the background: a crash in between forgets nothing. */
  function noteStale(name: string): void {
    const stale = new Set(staleNames());
    for (const { name: dependent, dependsOn } of definitions) if (dependsOn === name) stale.add(dependent);
    file.meta.set("stale", [...stale]);
    file.meta.set("staleVersion", staleVersion() + 1);
  }

  /** Makes views anew whose type (say) has changed; those that come out the same are not written. */
  async function refreshStale(pause: () => Promise<void>): Promise<void> {
    for (const name of staleNames()) {
      const version = staleVersion();
      for (const rows of ledger.chunksOf(name)) {
        const ids = rows.map(({ id }) => id);
        file.transaction(() => writeAgain(name, ids));
        await pause();
      }
      refresh(
        name,
        file.all("SELECT id FROM overlaid WHERE collection=?", [name]).map(([id]) => String(id)),
      );
      // What it depends on changed meanwhile: it is still stale.
      if (staleVersion() === version)
        file.meta.set(
          "stale",
          staleNames().filter((each) => each !== name),
        );
    }
  }

  function writeAgain(name: string, ids: readonly string[]): void {
    const store = stores.get(name);
    if (!store) return;
    const { definition, collection } = store;
    const overlaid = overlaidAmong(name, ids);
    const views = collection
      .findByIdsSync(ids.filter((id) => !overlaid.has(id)))
      .map((stored) => definition.view(definition.rowOf(contentOf(stored)), [], context));
    collection.writeSync(views.filter((view) => view !== undefined));
  }

  return {
    write,
    purge,
    refresh,
    serverRows,
    rebuildOverlays,
    refreshStale,
    get hasStale() {
      return staleNames().length > 0;
    },
  };
}
