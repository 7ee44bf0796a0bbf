import { setImmediate } from "node:timers/promises";
import type { AccessEngine } from "@kontor/shared/access";
import type { Collection, Database } from "#kernel";
import {
  readHeldChildren,
  readViewRows,
  writeMasks,
  writeTurns,
  writeViewChanges,
  type RowTurn,
  type ViewChange,
  type ViewRow,
} from "./profile.repo.ts";
import type { LoadedRow, LoadedRows, Projection, Projector, Viewer } from "./projection.ts";

/** What tells rows as they are from what a view profile holds of them, and how that is written. */

/** Rows read, decided and written at a time: about 10 ms of work between two looks at the event loop. */
export const CHUNK = 500;

/** One profile, for its viewer, on the connection that has its lock. */
export interface Work {
  readonly db: Database;
  readonly id: string;
  readonly viewer: Viewer;
}

export interface RowKey {
  readonly collection: string;
  readonly id: string;
}

/** By row key. */
export interface Difference {
  readonly losses: Map<string, ViewChange>;
  readonly puts: Map<string, ViewChange>;
  readonly masks: Map<string, ViewChange>;
  readonly turns: Map<string, RowTurn>;
  /** Rows that were compared, by which reading, and how their children are seen with them. */
  readonly decided: Map<string, { readonly by: LoadedRow; readonly seenWith: string }>;
}
export const createDifference = (): Difference => ({
  losses: new Map(),
  puts: new Map(),
  masks: new Map(),
  turns: new Map(),
  decided: new Map(),
});

interface Compared {
  readonly row: LoadedRow;
  readonly projection: Projection;
  readonly held: ViewRow | undefined;
}

/** What a row's children are decided by: none of them is seen, or each with this mask. */
const seenWith = (mask: string | undefined) => (mask === undefined ? HIDDEN : `with ${mask}`);
const HIDDEN = "hidden";

const isSeen = <Row extends Pick<ViewRow, "lost">>(row: Row | undefined): row is Row => row !== undefined && !row.lost;

/** What tells a projection from the row that a profile holds; undefined where nothing is to be written. */
export function differenceOf(
  { view, mask }: Projection,
  row: Pick<ViewRow, "hash" | "mask" | "lost"> | undefined,
): "loss" | "put" | "mask" | undefined {
  if (!view) return isSeen(row) ? "loss" : undefined;
  if (!row || row.lost || row.hash !== view.hash) return "put";
  return row.mask === mask ? undefined : "mask";
}

/** POL-11: with what is decided by attributes of the rows that changed. */
export async function withDependents(
  db: Database,
  { collections }: Projector,
  engine: AccessEngine,
  changes: readonly RowKey[],
): Promise<readonly RowKey[]> {
  const ids = [...new Set(changes.map((change) => change.id))];
  const found: RowKey[] = [];
  for (const { name, dependents } of collections) {
    for (const chunk of dependents ? chunked(ids) : [])
      for (const id of (await dependents?.(db, chunk, engine)) ?? []) found.push({ collection: name, id });
  }
  const known = new Set(changes.map(rowKeyOf));
  return [...changes, ...found.filter((row) => !known.has(rowKeyOf(row)))];
}

/** Without what is seen of it: that is read again when it is sent. */
export const changeOf = ({ view, ...head }: Projection) => ({ ...head, hash: view?.hash });

export const rowKeyOf = ({ collection, id }: RowKey) => `${collection} ${id}`;

export function createComparison(projector: Projector) {
  /**
   * Compares rows with what the profile holds. A change of a parent's visibility or mask goes on to its children.
   *
   * Children are always decided by the same reading of their parent as is noted of it. Parents may change at any moment
   * between two looks, and be as before at the next one: then nobody would look at the children again.
   */
  async function compare(work: Work, loaded: LoadedRows, difference: Difference): Promise<void> {
    if (loaded.parents) await compare(work, loaded.parents, difference);
    const { collection } = loaded;
    const rows = loaded.rows.filter((row) => difference.decided.get(rowKeyOf({ collection, id: row.id }))?.by !== row);
    if (rows.length === 0) return;
    const projections = projector.project(work.viewer, { collection, rows });
    const ids = rows.map((row) => row.id);
    const held = await readViewRows(work.db, work.id, collection, ids);
    const turned = rows.filter((row, index) => {
      const projection = projections[index];
      return projection !== undefined && decideOn(work, { row, projection, held: held.get(row.id) }, difference);
    });
    if (turned.length > 0) await compareChildren(work, { collection, rows: turned }, difference);
  }

  /** True where the children have to be decided again. */
  function decideOn(work: Work, { row, projection, held }: Compared, difference: Difference): boolean {
    const key = rowKeyOf(projection);
    const before = difference.decided.get(key)?.seenWith ?? seenWith(isSeen(held) ? held.mask : undefined);
    const now = seenWith(projection.view ? projection.mask : undefined);
    difference.decided.set(key, { by: row, seenWith: now });
    for (const changes of [difference.losses, difference.puts, difference.masks]) changes.delete(key);
    const differs = differenceOf(projection, held);
    const change = changeOf(projection);
    if (differs === "loss")
      difference.losses.set(key, { ...change, parentId: held?.parentId ?? undefined, lost: true });
    else if (differs === "put") difference.puts.set(key, { ...change, lost: false });
    else if (differs === "mask") difference.masks.set(key, { ...change, lost: false });
    noteTurn(work, projection, difference);
    return before !== now;
  }

  async function compareChildren(work: Work, parents: LoadedRows, difference: Difference): Promise<void> {
    const { db, id, viewer } = work;
    const { engine } = viewer;
    const parentIds = parents.rows.map((parent) => parent.id);
    for (const child of projector.childrenOf(parents.collection)) {
      const gone = new Set(await readHeldChildren(db, id, child.name, parentIds));
      const many = child.access.kind === "parent" ? await child.access.idsByParents?.(db, parentIds) : undefined;
      const rows = many ? [] : await childRows(db, child, parentIds);
      for (const row of rows) gone.delete(row.id);
      for (const row of many ?? []) gone.delete(row);
      for (const chunk of chunked(rows))
        await compare(work, await projector.loadRows(db, engine, child, chunk, parents), difference);
      for (const chunk of chunked(many ?? [])) {
        await compare(work, await projector.load(db, engine, child.name, chunk, parents), difference);
        await setImmediate();
      }
      for (const chunk of chunked([...gone]))
        await compare(work, await projector.load(db, engine, child.name, chunk, parents), difference);
    }
  }

  function noteTurn({ viewer }: Work, projection: Projection, { turns }: Difference) {
    const { collection, id, parentId, turnsAt: at } = projection;
    if (viewer.turning && viewer.turning.size > 0 && parentId === undefined)
      turns.set(rowKeyOf(projection), { collection, id, at });
  }

  async function childRows(db: Database, child: Collection, parentIds: readonly string[]) {
    return child.access.kind === "parent" ? await child.access.byParents(db, parentIds) : [];
  }

  /** What is seen through a row is held only together with it: whoever takes the row away finds by it what goes, too. */
  function dropOrphans({ puts, decided }: Difference): void {
    for (const { name, access } of projector.collections) {
      if (access.kind !== "parent") continue;
      for (const [key, { collection, parentId = "" }] of puts) {
        const parent = rowKeyOf({ collection: access.collection, id: parentId });
        if (collection === name && decided.get(parent)?.seenWith === HIDDEN) puts.delete(key);
      }
    }
  }

  /** Losses first, then the rest, and with them what is noted of it. Returns how many positions that took. */
  async function write(
    { db, id }: Pick<Work, "db" | "id">,
    difference: Difference,
    alongside: (trx: Database) => Promise<void>,
  ): Promise<number> {
    dropOrphans(difference);
    const { losses, puts, masks, turns } = difference;
    const changes = [...losses.values(), ...puts.values()];
    await db.transaction().execute(async (trx) => {
      if (changes.length > 0) await writeViewChanges(trx, id, changes);
      if (masks.size > 0) await writeMasks(trx, id, [...masks.values()]);
      if (turns.size > 0) await writeTurns(trx, id, [...turns.values()]);
      await alongside(trx);
    });
    return changes.length;
  }

  return { compare, write };
}

export type Comparison = ReturnType<typeof createComparison>;

export function groupIds(rows: readonly RowKey[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { collection, id } of rows) {
    const ids = groups.get(collection);
    if (ids) ids.push(id);
    else groups.set(collection, [id]);
  }
  return groups;
}

export function* chunked<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK);
}
