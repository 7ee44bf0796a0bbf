import type { AccessEngine } from "@kontor/shared/access";
import type { Database } from "#kernel";
import type { LoadedRow, Projection, Projector, Viewer } from "./projection.ts";
import type { ViewChange, ViewRow } from "./rows.repo.ts";
import type { RowTurn } from "./turns.repo.ts";

/** What tells rows as they are from what a view profile holds of them (`comparison.ts`), before it is written. */

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

/** What a row's children are decided by: none of them is seen, or each with this mask. */
export const seenWith = (mask: string | undefined) => (mask === undefined ? HIDDEN : `with ${mask}`);
export const HIDDEN = "hidden";

export const isSeen = <Row extends Pick<ViewRow, "lost">>(row: Row | undefined): row is Row =>
  row !== undefined && !row.lost;

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

export function groupIds(rows: readonly RowKey[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { collection, id } of rows) {
    const ids = groups.get(collection);
    if (ids) ids.push(id);
    else groups.set(collection, [id]);
  }
  return groups;
}

export function* chunked<T>(items: readonly T[], size = CHUNK): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
