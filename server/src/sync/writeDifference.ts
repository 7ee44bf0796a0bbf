import type { Database } from "#kernel";
import { chunked, HIDDEN, rowKeyOf, type Difference, type Work } from "./difference.ts";
import type { Projector } from "./projection.ts";
import { writeMasks, writeViewChanges, type ViewChange } from "./rows.repo.ts";
import { writeTurns } from "./turns.repo.ts";

/**
 * Losses first, then what is new, then masks, and with the last of them what is noted of it all (`alongside`).
 *
 * A mailbox that somebody is given is 200,000 rows, and a transaction that writes them holds everybody's horizon back
 * (SYN-11). So many are written in pieces. A stop between two of them must not look like an end: a parent whose children
 * are not all in its own piece has a mask that no decision gives, until the last piece, so that whoever looks at it decides
 * its children again.
 */

/** Some 100 ms in which a transaction holds the horizon back. */
const PIECE = 5_000;
const UNFINISHED = "unfinished";

export interface Written {
  readonly projector: Projector;
  readonly difference: Difference;
  /** Rows in a transaction. */
  readonly piece?: number;
}

interface Write {
  readonly key: string;
  readonly change: ViewChange;
  /** Nothing but the mask changes, for which there is no position (VIS-3). */
  readonly isMask: boolean;
}

/** Returns how many positions that took. */
export async function writeDifference(
  { db, id }: Pick<Work, "db" | "id">,
  { projector, difference, piece = PIECE }: Written,
  alongside: (trx: Database) => Promise<void>,
): Promise<number> {
  dropOrphans(projector, difference);
  const writes = inOrder(difference);
  const pieces = [...chunked(writes, piece)];
  const unfinished = parentsApart(projector, pieces);
  const last = pieces.pop() ?? [];
  await markUnfinished(db, id, unfinished);
  for (const part of pieces) await db.transaction().execute((trx) => writePiece(trx, id, part, unfinished));
  await db.transaction().execute(async (trx) => {
    await writePiece(trx, id, last, unfinished);
    const finished = [...unfinished.values()].flatMap(({ change }) => (change.lost ? [] : [change]));
    if (finished.length > 0) await writeMasks(trx, id, finished);
    if (difference.turns.size > 0) await writeTurns(trx, id, [...difference.turns.values()]);
    await alongside(trx);
  });
  return difference.losses.size + difference.puts.size;
}

/** Children are lost before their parents, by which they are found, and have their masks before them. */
function inOrder({ losses, puts, masks }: Difference): readonly Write[] {
  const writes = (changes: ReadonlyMap<string, ViewChange>, isMask: boolean): Write[] =>
    [...changes].map(([key, change]) => ({ key, change, isMask }));
  return [...writes(losses, false).reverse(), ...writes(puts, false), ...writes(masks, true).reverse()];
}

async function writePiece(
  trx: Database,
  id: string,
  piece: readonly Write[],
  unfinished: ReadonlyMap<string, Write>,
): Promise<void> {
  const changes = piece.filter(({ isMask }) => !isMask);
  const masks = piece.filter(({ key, isMask }) => isMask && !unfinished.has(key));
  if (changes.length > 0)
    await writeViewChanges(
      trx,
      id,
      changes.map(({ key, change }) => (unfinished.has(key) && !change.lost ? asUnfinished(change) : change)),
    );
  if (masks.length > 0)
    await writeMasks(
      trx,
      id,
      masks.map(({ change }) => change),
    );
}

/** Those that are held already; the others are put so. */
async function markUnfinished(db: Database, id: string, unfinished: ReadonlyMap<string, Write>): Promise<void> {
  const held = [...unfinished.values()].filter(({ change, isMask }) => change.lost || isMask);
  if (held.length > 0)
    await writeMasks(
      db,
      id,
      held.map(({ change }) => asUnfinished(change)),
    );
}

const asUnfinished = (change: ViewChange): ViewChange => ({ ...change, mask: UNFINISHED });

/** Parents of which some child is not in the same piece, by key. */
function parentsApart({ collections }: Projector, pieces: readonly (readonly Write[])[]): ReadonlyMap<string, Write> {
  const apart = new Map<string, Write>();
  if (pieces.length < 2) return apart;
  const parentOf = new Map(
    collections.flatMap(({ name, access }) => (access.kind === "parent" ? [[name, access.collection]] : [])),
  );
  const placed = new Map(pieces.flatMap((piece, at) => piece.map((write) => [write.key, { at, write }] as const)));
  for (const [at, piece] of pieces.entries())
    for (const { change } of piece) {
      const collection = parentOf.get(change.collection);
      if (collection === undefined || change.parentId === undefined) continue;
      const parent = placed.get(rowKeyOf({ collection, id: change.parentId }));
      if (parent && parent.at !== at) apart.set(parent.write.key, parent.write);
    }
  return apart;
}

/** What is seen through a row is held only together with it: whoever takes the row away finds by it what goes, too. */
function dropOrphans({ collections }: Projector, { puts, decided }: Difference): void {
  for (const { name, access } of collections) {
    if (access.kind !== "parent") continue;
    for (const [key, { collection, parentId = "" }] of puts) {
      const parent = rowKeyOf({ collection: access.collection, id: parentId });
      if (collection === name && decided.get(parent)?.seenWith === HIDDEN) puts.delete(key);
    }
  }
}
