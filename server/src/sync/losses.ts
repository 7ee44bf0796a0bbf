import { setImmediate } from "node:timers/promises";
import type { Collection } from "#kernel";
import type { Comparison } from "./comparison.ts";
import { changeOf, CHUNK, createDifference, rowKeyOf, type Difference, type Work } from "./difference.ts";
import type { Projector } from "./projection.ts";
import { isConcerned, isInstalled, policyCollections, storedTypesOf, type Reach } from "./reach.ts";
import { loseUnreadable, type StoredType } from "./readable.repo.ts";
import { heldCollections, readHeldChildren, scanHeld } from "./rows.repo.ts";

/** Rows taken away by one statement: some 50 ms in which its transaction holds the horizon back. */
const LOSS_CHUNK = 2_000;

/** What is lost by a change of policies, subject or time, set by set; nothing is given meanwhile (VIS-4). */
export function createLosses({
  projector,
  comparison,
}: {
  readonly projector: Projector;
  readonly comparison: Comparison;
}) {
  /** How many rows that was. */
  async function lose(work: Work, due: Reach): Promise<number> {
    let lost = due.everything ? await loseUnknown(work) : 0;
    for (const collection of policyCollections(projector)) lost += await loseOf(work, collection, due);
    return lost;
  }

  /** Rows of collections that this version no longer has. */
  async function loseUnknown(work: Work): Promise<number> {
    const known = new Set(projector.collections.map(({ name }) => name));
    let lost = 0;
    for (const collection of await heldCollections(work.db, work.id))
      if (!known.has(collection)) lost += await loseByDeciding(work, collection);
    return lost;
  }

  async function loseOf(work: Work, collection: Collection, due: Reach): Promise<number> {
    const stored = storedTypesOf(collection);
    if (!stored) return isConcerned(projector, due) ? await loseByDeciding(work, collection.name) : 0;
    const rows = { collection: collection.name, stored };
    // Of types that are not installed any more nobody can read anything.
    let lost = due.everything ? await loseSet(work, { ...rows, type: undefined }) : 0;
    for (const type of stored.types()) {
      if (!due.types.has(type)) continue;
      const { viewer } = work;
      const readable = isInstalled(viewer, type)
        ? viewer.engine.filter(viewer.subject, "read", type, viewer.context)
        : undefined;
      lost += await loseSet(work, { ...rows, type, readable });
    }
    return lost;
  }

  async function loseSet({ db, id }: Work, rows: StoredType): Promise<number> {
    let lost = 0;
    for (let after: string | undefined; ;) {
      const { last, count } = await loseUnreadable(db, id, rows, { after, limit: LOSS_CHUNK });
      lost += count;
      if (count < LOSS_CHUNK) return lost;
      after = last;
    }
  }

  async function loseByDeciding(work: Work, collection: string): Promise<number> {
    const { db, id, viewer } = work;
    let lost = 0;
    for (let after: string | undefined; ;) {
      const ids = await scanHeld(db, id, collection, { after, limit: CHUNK });
      after = ids.at(-1);
      if (after === undefined) return lost;
      const difference = createDifference();
      const projections = await projector.projectIds(db, viewer, collection, ids);
      const gone = projections.filter(({ view }) => !view);
      for (const projection of gone)
        difference.losses.set(rowKeyOf(projection), { ...changeOf(projection), lost: true });
      await loseChildren(
        work,
        collection,
        gone.map((projection) => projection.id),
        difference,
      );
      lost += difference.losses.size;
      if (difference.losses.size > 0) await comparison.write(work, difference, nothing);
      await setImmediate();
    }
  }

  async function loseChildren(
    { db, id }: Work,
    collection: string,
    parentIds: readonly string[],
    { losses }: Difference,
  ): Promise<void> {
    if (parentIds.length === 0) return;
    for (const { name } of projector.childrenOf(collection))
      for (const child of await readHeldChildren(db, id, name, parentIds)) {
        const gone = { collection: name, ...child, mask: "", hash: undefined, lost: true };
        losses.set(rowKeyOf(gone), gone);
      }
  }

  return { lose };
}

const nothing = async () => undefined;
