import { useEffect, useState } from "react";
import type { Subscription } from "rxjs";
import type { ReplicaRecord } from "#contract";
import { rowsOf, type Query } from "./live.ts";
import { useReplica } from "./ReplicaProvider.tsx";

/** A screen shows about fifteen rows; a page and its neighbours are one quick scroll. */
const PAGE_ROWS = 50;

/**
 * The visible part of a long list: live queries for the pages in sight only, so that a hundred thousand rows cost what
 * three pages cost. `rowAt` is undefined for a row that has not come yet.
 */
export function usePages(query: Query<"records">, first: number, last: number) {
  const { database } = useReplica();
  const key = JSON.stringify(query);
  const [pages, setPages] = useState<{ key: string; rows: ReadonlyMap<number, readonly ReplicaRecord[]> }>();
  const [subscriptions] = useState(() => new Map<number, Subscription>());

  // Another list, or the list is gone: nothing of it is watched any longer.
  useEffect(
    () => () => {
      for (const subscription of subscriptions.values()) subscription.unsubscribe();
      subscriptions.clear();
    },
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps -- they are what ends it
    [subscriptions, key, database],
  );

  const firstPage = Math.floor(Math.max(0, first) / PAGE_ROWS);
  const lastPage = Math.floor(Math.max(0, last) / PAGE_ROWS);
  useEffect(() => {
    for (const [page, subscription] of subscriptions) {
      if (page >= firstPage - 1 && page <= lastPage + 1) continue;
      subscription.unsubscribe();
      subscriptions.delete(page);
    }
    for (let page = firstPage; page <= lastPage; page++) {
      if (subscriptions.has(page)) continue;
      const find = database.records.find({ ...query, skip: page * PAGE_ROWS, limit: PAGE_ROWS });
      const subscription = rowsOf(find.$).subscribe((rows) =>
        setPages((before) => ({
          key,
          rows: new Map(before?.key === key ? before.rows : []).set(page, rows as readonly ReplicaRecord[]),
        })),
      );
      subscriptions.set(page, subscription);
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `key` is the query
  }, [firstPage, lastPage, key, database, subscriptions]);

  const rows = pages?.key === key ? pages.rows : undefined;
  return (index: number): ReplicaRecord | undefined => rows?.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
}
