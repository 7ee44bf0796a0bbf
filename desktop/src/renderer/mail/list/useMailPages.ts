import { useEffect, useState } from "react";
import type { MailList, MailPage, MailRow } from "#contract";
import { useReplica } from "../../replica/index.ts";

/** A screen shows about fifteen rows; a page and its neighbours are one quick scroll. */
const PAGE_ROWS = 50;

export interface MailPages {
  /** Undefined until the first answer. */
  readonly total: number | undefined;
  /** Undefined for a row that has not come yet. */
  rowAt(index: number): MailRow | undefined;
  /** Of the rows that are here. */
  indexOf(key: string): number | undefined;
}

/** The visible part of a list, live: only the pages in sight are watched, so that 100,000 rows cost what three pages cost. */
export function useMailPages(list: MailList, first: number, last: number): MailPages {
  const { watch } = useReplica();
  const key = JSON.stringify(list);
  /** `total` is the last answer's, whichever page it was: pages that are watched no longer would say what was. */
  const [held, setHeld] = useState<{ key: string; total: number; pages: ReadonlyMap<number, MailPage> }>();
  const [watched] = useState(() => new Map<number, () => void>());

  // Another list, another replica, or the list is gone: nothing of it is watched any longer.
  useEffect(
    () => () => {
      for (const stop of watched.values()) stop();
      watched.clear();
    },
    // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps -- they are what ends it
    [watched, key, watch],
  );

  const firstPage = Math.floor(Math.max(0, first) / PAGE_ROWS);
  const lastPage = Math.floor(Math.max(0, last) / PAGE_ROWS);
  useEffect(() => {
    for (const [page, stop] of watched) {
      if (page >= firstPage - 1 && page <= lastPage + 1) continue;
      stop();
      watched.delete(page);
    }
    for (let page = firstPage; page <= lastPage; page++) {
      if (watched.has(page)) continue;
      const stop = watch("mail.list", { list, skip: page * PAGE_ROWS, limit: PAGE_ROWS }, (answer) => {
        if (answer === "refused") return;
        setHeld((before) => {
          const others = before?.key === key ? [...before.pages].filter(([other]) => watched.has(other)) : [];
          return { key, total: answer.total, pages: new Map(others).set(page, answer) };
        });
      });
      watched.set(page, stop);
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `key` is the list
  }, [firstPage, lastPage, key, watch, watched]);

  const current = held?.key === key ? held : undefined;
  const pages = current?.pages;
  return {
    total: current?.total,
    rowAt: (index) => pages?.get(Math.floor(index / PAGE_ROWS))?.rows[index % PAGE_ROWS],
    indexOf(wanted) {
      for (const [page, { rows }] of pages ?? []) {
        const at = rows.findIndex((row) => row.key === wanted);
        if (at >= 0) return page * PAGE_ROWS + at;
      }
      return undefined;
    },
  };
}
