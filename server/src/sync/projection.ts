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

/** Rows as they were read once, with what policies ask of them: many viewers can be decided by one reading. */
export interface LoadedRows {
  readonly collection: string;
  readonly rows: readonly LoadedRow[];
  /** Those through which these are seen, by the reading that decides. */
  readonly parents?: LoadedRows;
}

export interface LoadedRow {
  readonly id: string;
  readonly parentId: string | undefined;
  /** Absent: there is no such row (any more). */
  readonly row?: Row;
  /** What decides: the row itself, or the one through which it is seen. */
  readonly resource?: ResourceInstance | undefined;
}

/** Turns rows into what one viewer may see of them; rows of a child collection are decided by their parent. */
export function createProjector(collections: readonly Collection[]) {
  const byName = new Map(collections.map((collection) => [collection.name, collection]));
  const childrenOf = (name: string) =>
    collections.filter(({ access }) => access.kind === "parent" && access.collection === name);

  /** `known`: parents that were read before, so that their children are decided with them as they were. */
  async function loadRows(
    db: Database,
    engine: AccessEngine,
    { access, name }: Collection,
    rows: readonly Row[],
    known?: LoadedRows,
  ): Promise<LoadedRows> {
    if (access.kind === "policy") {
      const resources = await resourcesOfRows(access, { db, rows, engine });
      return {
        collection: name,
        rows: rows.map((row, index) => ({ id: row.id, parentId: undefined, row, resource: resources[index] })),
      };
    }
    const parentIds = [...new Set(rows.map((row) => access.parentId(row)))];
    const parents = await loadParents(db, engine, access.collection, parentIds, known);
    const byId = new Map(parents.rows.map((parent) => [parent.id, parent]));
    return {
      collection: name,
      parents,
      rows: rows.map((row) => {
        const parentId = access.parentId(row);
        return { id: row.id, parentId, row, resource: byId.get(parentId)?.resource };
      }),
    };
  }

  async function loadParents(
    db: Database,
    engine: AccessEngine,
    name: string,
    ids: readonly string[],
    known: LoadedRows | undefined,
  ): Promise<LoadedRows> {
    const byId = new Map(known?.collection === name ? known.rows.map((parent) => [parent.id, parent]) : []);
    const others = ids.filter((id) => !byId.has(id));
    const found = ids.flatMap((id) => byId.get(id) ?? []);
    if (others.length === 0) return { collection: name, rows: found };
    const loaded = await load(db, engine, name, others);
    return { ...loaded, rows: [...found, ...loaded.rows] };
  }

  /** In the order of `ids`, those that do not exist (any more) included. */
  async function load(
    db: Database,
    engine: AccessEngine,
    name: string,
    ids: readonly string[],
    known?: LoadedRows,
  ): Promise<LoadedRows> {
    const collection = byName.get(name); // undefined: a feature that this version no longer has
    const found = collection
      ? await loadRows(db, engine, collection, await collection.byIds(db, ids), known)
      : { collection: name, rows: [] };
    const byId = new Map(found.rows.map((row) => [row.id, row]));
    return { ...found, rows: ids.map((id) => byId.get(id) ?? { id, parentId: undefined }) };
  }

  /** A document is only made for who may see the row: for most of many viewers this is a decision and nothing else. */
  function project(viewer: Viewer, { collection: name, rows }: LoadedRows): Projection[] {
    const collection = byName.get(name);
    const decided = new Map<ResourceInstance, Decided>(); // the children of one parent are decided once
    return rows.map(({ id, parentId, row, resource }) => {
      if (!resource || !row) return { collection: name, id, parentId, mask: "" };
      const known = decided.get(resource) ?? decide(viewer, resource);
      decided.set(resource, known);
      const { access } = known;
      const turnsAt = parentId === undefined ? known.turnsAt : undefined; // otherwise it turns with its parent
      const doc = access.readable ? collection?.project(row, access) : undefined;
      const turn = turnsAt === undefined ? {} : { turnsAt };
      const head = { collection: name, id, parentId, mask: access.maskKey, ...turn };
      return doc ? { ...head, view: { doc, hash: hash64(canonicalJson(doc)) } } : head;
    });
  }

  const projectRows = async (db: Database, viewer: Viewer, collection: Collection, rows: readonly Row[]) =>
    project(viewer, await loadRows(db, viewer.engine, collection, rows));

  /** In the order of `ids`; a row that does not exist (any more) is projected as nothing. */
  const projectIds = async (
    db: Database,
    viewer: Viewer,
    name: string,
    ids: readonly string[],
  ): Promise<readonly Projection[]> => project(viewer, await load(db, viewer.engine, name, ids));

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

  return { collections, childrenOf, load, loadRows, project, projectRows, projectIds, sensitiveIn };
}
