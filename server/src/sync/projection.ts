import type { Access, AccessEngine, Context, ResourceInstance, Subject } from "@kontor/shared/access";
import type { Operation } from "@kontor/shared/protocol";
import { canonicalJson, hash64, type JsonObject } from "@kontor/shared/base";
import { resourcesOfRows, type Collection, type Database, type SensitivePart } from "#kernel";

/** Who looks: decisions are made anew with this for every row that is sent (VIS-5). */
export interface Viewer {
  readonly subject: Subject;
  readonly context: Context;
  readonly engine: AccessEngine;
  /** Types whose records turn at moments of their own: projections of these tell when (POL-6). */
  readonly turning?: ReadonlySet<string>;
}

/** One row as its viewer may see it; without `doc` nothing of it is for them. */
export interface Projection {
  readonly collection: string;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly mask: string;
  readonly view?: { readonly doc: JsonObject; readonly hash: string };
  /** When time alone may change the decision. */
  readonly turnsAt?: string;
}

interface Decided {
  readonly access: Access;
  readonly turnsAt?: string | undefined;
}

function decide({ engine, subject, context, turning }: Viewer, resource: ResourceInstance): Decided {
  const access = engine.accessTo(subject, resource, context);
  return turning?.has(resource.type) ? { access, turnsAt: engine.nextChange(subject, resource, context) } : { access };
}

export type Row = { readonly id: string };
export type Projector = ReturnType<typeof createProjector>;

/** Turns rows into what one viewer may see of them; rows of a child collection are decided by their parent. */
export function createProjector(collections: readonly Collection[]) {
  const byName = new Map(collections.map((collection) => [collection.name, collection]));
  const childrenOf = (name: string) =>
    collections.filter(({ access }) => access.kind === "parent" && access.collection === name);

  async function accessesTo(
    db: Database,
    viewer: Viewer,
    collection: Collection,
    rows: readonly Row[],
  ): Promise<Map<string, Decided>> {
    const accesses = new Map<string, Decided>();
    const { access } = collection;
    if (access.kind === "policy") {
      const resources = await resourcesOfRows(access, { db, rows, engine: viewer.engine });
      for (const [index, resource] of resources.entries())
        accesses.set(rows[index]?.id ?? "", decide(viewer, resource));
      return accesses;
    }
    const parents = named(access.collection);
    const parentIds = [...new Set(rows.map((row) => access.parentId(row)))];
    const parentAccesses = await accessesTo(db, viewer, parents, await parents.byIds(db, parentIds));
    for (const row of rows) {
      const inherited = parentAccesses.get(access.parentId(row));
      if (inherited) accesses.set(row.id, { access: inherited.access }); // it turns with its parent
    }
    return accesses;
  }

  async function projectRows(
    db: Database,
    viewer: Viewer,
    collection: Collection,
    rows: readonly Row[],
  ): Promise<Projection[]> {
    const accesses = await accessesTo(db, viewer, collection, rows);
    return rows.map((row) => {
      const parentId = collection.access.kind === "parent" ? collection.access.parentId(row) : undefined;
      const { access, turnsAt } = accesses.get(row.id) ?? {};
      const doc = access?.readable ? collection.project(row, access) : undefined;
      const turn = turnsAt === undefined ? {} : { turnsAt };
      const head = { collection: collection.name, id: row.id, parentId, mask: access?.maskKey ?? "", ...turn };
      return doc ? { ...head, view: { doc, hash: hash64(canonicalJson(doc)) } } : head;
    });
  }

  /** In the order of `ids`; a row that does not exist (any more) is projected as nothing. */
  async function projectIds(
    db: Database,
    viewer: Viewer,
    name: string,
    ids: readonly string[],
  ): Promise<readonly Projection[]> {
    const collection = byName.get(name);
    if (!collection) return ids.map((id) => absent(name, id)); // a feature that this version no longer has
    const projections = await projectRows(db, viewer, collection, await collection.byIds(db, ids));
    const byId = new Map(projections.map((projection) => [projection.id, projection]));
    return ids.map((id) => byId.get(id) ?? absent(name, id));
  }

  function named(name: string): Collection {
    const collection = byName.get(name);
    if (!collection) throw new Error(`No collection is named "${name}".`);
    return collection;
  }

  /** What of a batch lies in sections marked sensitive. */
  async function sensitiveIn(db: Database, operations: readonly Operation[]): Promise<readonly SensitivePart[]> {
    const docs = Map.groupBy(
      operations.filter((operation) => operation.op === "put"),
      ({ collection }) => collection,
    );
    const parts: SensitivePart[] = [];
    for (const [name, puts] of docs) {
      const found = await byName.get(name)?.sensitive?.(
        db,
        puts.map(({ doc }) => doc),
      );
      parts.push(...(found ?? []));
    }
    return parts;
  }

  return { collections, childrenOf, projectRows, projectIds, sensitiveIn };
}

const absent = (collection: string, id: string): Projection => ({ collection, id, parentId: undefined, mask: "" });
