import { setImmediate } from "node:timers/promises";
import type { Collection } from "#kernel";
import type { Comparison } from "./comparison.ts";
import { CHUNK, createDifference, type Work } from "./difference.ts";
import { writePending, type FillStep } from "./profile.repo.ts";
import type { Projector } from "./projection.ts";
import { isConcerned, isInstalled, policyCollections, storedTypesOf, type Reach } from "./reach.ts";
import { readReadable } from "./readable.repo.ts";

/** The rest of what a change concerns, once what is lost by it is gone: rows in the order of their ids, a slice at a time. */
export function createFill({
  projector,
  comparison,
}: {
  readonly projector: Projector;
  readonly comparison: Comparison;
}) {
  const stepsOf = (due: Reach): readonly FillStep[] =>
    policyCollections(projector).flatMap((collection): readonly FillStep[] => {
      const stored = storedTypesOf(collection);
      if (!stored) return isConcerned(projector, due) ? [{ collection: collection.name }] : [];
      const types = stored.types().filter((type) => due.types.has(type));
      return types.map((type) => ({ collection: collection.name, type }));
    });

  async function fillStep(work: Work, step: FillStep, rest: readonly FillStep[]): Promise<void> {
    const { db, viewer } = work;
    const difference = createDifference();
    const collection = projector.collections.find(({ name }) => name === step.collection);
    const rows = collection ? await rowsOfStep(work, collection, step) : { rows: [], last: undefined };
    if (collection && rows.rows.length > 0)
      await comparison.compare(work, await projector.loadRows(db, viewer.engine, collection, rows.rows), difference);
    const pending = rows.last === undefined ? rest : [{ ...step, after: rows.last }, ...rest];
    await comparison.write(work, difference, (trx) => writePending(trx, work.id, pending));
    await setImmediate();
  }

  async function rowsOfStep({ db, viewer }: Work, collection: Collection, { type, after }: FillStep) {
    const stored = storedTypesOf(collection);
    if (type === undefined || !stored) {
      const rows = await collection.scan(db, after, CHUNK);
      return { rows, last: rows.length < CHUNK ? undefined : rows.at(-1)?.id };
    }
    if (!isInstalled(viewer, type)) return { rows: [], last: undefined };
    // What time alone will open has to be looked at as well, for its moment.
    const readable = viewer.turning?.has(type)
      ? undefined
      : viewer.engine.filter(viewer.subject, "read", type, viewer.context);
    const where = { collection: collection.name, stored, type, readable };
    const ids = await readReadable(db, where, { after, limit: CHUNK });
    return {
      rows: ids.length > 0 ? await collection.byIds(db, ids) : [],
      last: ids.length < CHUNK ? undefined : ids.at(-1),
    };
  }

  return { stepsOf, fillStep };
}

/** Each collection and type once, from its beginning where the two lists both name it. */
export function joinSteps(left: readonly FillStep[], right: readonly FillStep[]): readonly FillStep[] {
  const nameOf = ({ collection, type = "" }: FillStep) => `${collection} ${type}`;
  const anew = new Set(right.map(nameOf));
  return [...left.filter((step) => !anew.has(nameOf(step))), ...right];
}
