import { setImmediate } from "node:timers/promises";
import type { Collection, Database } from "#kernel";
import {
  changeOf,
  chunked,
  differenceOf,
  isSeen,
  rowKeyOf,
  seenWith,
  type Difference,
  type Work,
} from "./difference.ts";
import type { LoadedRow, LoadedRows, Projection, Projector } from "./projection.ts";
import { readHeldChildren, readViewRows, type ViewRow } from "./rows.repo.ts";
import { writeDifference } from "./writeDifference.ts";

interface Compared {
  readonly row: LoadedRow;
  readonly projection: Projection;
  readonly held: ViewRow | undefined;
}

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
      const held = await readHeldChildren(db, id, child.name, parentIds);
      const gone = new Set(held.map((row) => row.id));
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

  const write = (work: Pick<Work, "db" | "id">, difference: Difference, alongside: (trx: Database) => Promise<void>) =>
    writeDifference(work, { projector, difference }, alongside);

  return { compare, write };
}

export type Comparison = ReturnType<typeof createComparison>;
