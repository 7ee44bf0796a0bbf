import { useEffect, useState } from "react";
import type { MangoQuery } from "rxdb/plugins/core";
import { map, type Observable } from "rxjs";
import type { CollectionName, ReplicaDocuments } from "#contract";
import type { ReplicaCollections, ReplicaDatabase } from "./database.ts";
import { useReplica } from "./ReplicaProvider.tsx";

/**
 * Live queries. Each hook says `undefined` until the first answer (a millisecond or two) and again when its question
 * changes, so that nobody takes the old answer for the new question.
 */
export type Selector<Name extends CollectionName> = NonNullable<MangoQuery<ReplicaDocuments[Name]>["selector"]>;
export type Query<Name extends CollectionName> = MangoQuery<ReplicaDocuments[Name]>;

function useLive<Value>(key: string | undefined, observe: (database: ReplicaDatabase) => Observable<Value>) {
  const { database } = useReplica();
  const [answer, setAnswer] = useState<{ key: string; database: ReplicaDatabase; value?: Value; failed?: true }>();
  useEffect(() => {
    if (key === undefined) return;
    const subscription = observe(database).subscribe({
      next: (value) => setAnswer({ key, database, value }),
      error: () => setAnswer({ key, database, failed: true }),
    });
    return () => subscription.unsubscribe();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `key` says everything that `observe` depends on
  }, [key, database]);
  return answer?.key === key && key !== undefined ? answer : undefined;
}

const collectionOf = <Name extends CollectionName>(database: ReplicaDatabase, name: Name) =>
  database.collections[name] as unknown as ReplicaCollections[Name];

export function useRows<Name extends CollectionName>(name: Name, query: Query<Name> | undefined) {
  const key = query && `${name} ${JSON.stringify(query)}`;
  const answer = useLive(key, (database) =>
    rowsOf(collectionOf(database, name).find(query as never).$ as Observable<unknown>),
  );
  return answer?.failed ? "refused" : (answer?.value as readonly ReplicaDocuments[Name][] | undefined);
}

/** `null`: there is no such row (any more). */
export function useRow<Name extends CollectionName>(name: Name, id: string | undefined) {
  const answer = useLive(id && `${name} #${id}`, (database) =>
    rowOf(collectionOf(database, name).findOne(id as never).$ as Observable<unknown>),
  );
  return answer?.failed ? null : (answer?.value as ReplicaDocuments[Name] | null | undefined);
}

export function useCount<Name extends CollectionName>(name: Name, selector: Selector<Name>) {
  const answer = useLive(
    `${name} count ${JSON.stringify(selector)}`,
    (database) => collectionOf(database, name).count({ selector } as never).$ as Observable<number>,
  );
  return answer?.value;
}

/** The rows that are there, by id. */
export function useRowsById<Name extends CollectionName>(name: Name, ids: readonly string[]) {
  const sorted = [...new Set(ids)].sort();
  const answer = useLive(sorted.length === 0 ? undefined : `${name} ${sorted.join()}`, (database) =>
    rowsOf(collectionOf(database, name).find({ selector: { id: { $in: sorted } } } as never).$ as Observable<unknown>),
  );
  const rows = answer?.value as readonly ReplicaDocuments[Name][] | undefined;
  if (sorted.length === 0) return EMPTY as ReadonlyMap<string, ReplicaDocuments[Name]>;
  return rows && new Map(rows.map((row) => [row.id, row]));
}
const EMPTY = new Map<string, never>();

interface Document {
  toJSON(): unknown;
}
export const rowsOf = (documents$: Observable<unknown>) =>
  documents$.pipe(map((documents) => (documents as readonly Document[]).map((document) => document.toJSON())));
const rowOf = (document$: Observable<unknown>) =>
  document$.pipe(map((document) => (document as Document | null)?.toJSON() ?? null));
