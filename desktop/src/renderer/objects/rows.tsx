import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import type { ReplicaRecord } from "#contract";
import { formatFieldValue, type TypeDefinition } from "@kontor/shared/objects";
import { useShortcuts } from "../app/index.ts";
import { useCount, usePages, useRowsById, useSearch, type Query, type Selector } from "../replica/index.ts";
import { Empty, StateBadge, Time } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import type { ListChoice } from "./list.query.ts";
import { relatedIds, useNames } from "./names.ts";
import { useRecordTitle } from "./useRecordTitle.ts";
import classes from "./objects.module.css";

const ROW_PX = 56;
const MANY = 200; // results of a search in one list; whoever needs more types another word

/** Where each list was left, while the app runs. */
const scrollOffsets = new Map<string, number>();

interface Shared {
  readonly type: TypeDefinition;
  readonly selected: string | undefined;
  readonly open: (id: string) => void;
}

/** A list of any length: only the rows in sight are asked for and drawn. */
export function PagedRows(props: Shared & { readonly choice: ListChoice; readonly query: Query<"records"> }) {
  const { t } = useWords();
  const count = useCount("records", props.query.selector as Selector<"records">);
  const [range, setRange] = useState({ first: 0, last: 20 });
  const rowAt = usePages(props.query, range.first, range.last);
  if (count === undefined) return null;
  if (count === 0) return <Empty title={t(props.choice.trashed ? "objects.trashEmpty" : emptyWords(props.choice))} />;
  return (
    <Rows
      {...props}
      count={count}
      rowAt={rowAt}
      place={JSON.stringify(props.choice)}
      seen={(first, last) =>
        setRange((before) => (before.first === first && before.last === last ? before : { first, last }))
      }
    />
  );
}

const emptyWords = (choice: ListChoice) =>
  choice.state !== undefined || choice.scope !== "all" ? "objects.nothingMatches" : "objects.nothingYet";

/** Ctrl+F: the replica's search within one type, answered while typing. */
export function FoundRows(props: Shared & { readonly text: string; readonly trashed: boolean }) {
  const { t } = useWords();
  const { text, type } = props;
  const { hits, isSearching } = useSearch({ text, type: type.name, limit: MANY });
  const ids = [...new Set(hits.map((hit) => hit.recordId))];
  const rows = useRowsById("records", ids);
  const found = ids.flatMap((id) => {
    const row = rows?.get(id);
    return row && row.trashed === props.trashed ? [row] : [];
  });
  if (found.length === 0) {
    const isSettled = !isSearching && rows !== undefined;
    return <Empty title={t(isSettled ? "app.palette.nothing" : "app.palette.searching")} />;
  }
  return <Rows {...props} count={found.length} rowAt={(index) => found[index]} place={`search ${type.name}`} />;
}

function Rows(
  props: Shared & {
    readonly count: number;
    readonly rowAt: (index: number) => ReplicaRecord | undefined;
    readonly place: string;
    readonly seen?: (first: number, last: number) => void;
  },
) {
  const { label } = useWords();
  const { count, open, rowAt, selected, seen, type } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  // oxlint-disable-next-line react/incompatible-library -- the React compiler, which cannot cache around it, is not used
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    initialOffset: scrollOffsets.get(props.place) ?? 0,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 20;
  useEffect(() => seen?.(first, last), [first, last, seen]);

  const shown = items.map((item) => ({ item, row: rowAt(item.index) }));
  const names = useNames(
    relatedIds(
      type,
      shown.flatMap(({ row }) => (row ? [row.fields] : [])),
      type.list.summary,
    ),
  );
  const current = shown.find(({ row }) => row?.id === selected && row !== undefined)?.item.index;
  const lastCurrent = useRef<number>(undefined);
  if (current !== undefined) lastCurrent.current = current;

  function moveTo(index: number): void {
    const target = Math.max(0, Math.min(count - 1, index));
    virtualizer.scrollToIndex(target);
    const row = rowAt(target);
    if (row) open(row.id);
  }
  const step = (by: number) => moveTo(lastCurrent.current === undefined ? 0 : lastCurrent.current + by);
  useShortcuts({ nextRow: () => step(1), previousRow: () => step(-1) });

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_PX) / ROW_PX) - 1);
    const by = ({ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page } as Record<string, number>)[event.key];
    if (by !== undefined) step(by);
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(count - 1);
    else return;
    event.preventDefault();
  }

  return (
    <div
      ref={scroller}
      className={classes.rows}
      role="listbox"
      tabIndex={0}
      data-region-start
      aria-label={label(type.plural)}
      aria-activedescendant={current === undefined ? undefined : `${listId}-${current}`}
      onKeyDown={onKeyDown}
      onScroll={(event) => scrollOffsets.set(props.place, event.currentTarget.scrollTop)}
    >
      <div style={{ height: virtualizer.getTotalSize(), position: "relative" }} role="presentation">
        {shown.map(({ item, row }) => (
          <div
            key={item.key}
            id={`${listId}-${item.index}`}
            role="option"
            tabIndex={-1}
            aria-selected={row !== undefined && row.id === selected}
            aria-setsize={count}
            aria-posinset={item.index + 1}
            className={classes.row}
            style={{ transform: `translateY(${item.start}px)` }}
            onClick={() => row && open(row.id)}
            onKeyDown={(event) => event.key === "Enter" && row && open(row.id)}
            onDoubleClick={() => row && void window.kontor.openRecordWindow(row.id)}
          >
            {row && <Row row={row} type={type} names={names} />}
          </div>
        ))}
      </div>
    </div>
  );
}

function Row(props: {
  readonly row: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly names: ReturnType<typeof useNames>;
}) {
  const { t, label, locale } = useWords();
  const titleOf = useRecordTitle();
  const { names, row, type } = props;
  const state = type.states?.list.find((each) => each.key === row.state);
  const number = type.list.summary.some((key) => type.fields[key]?.kind === "autoNumber") ? undefined : row.number;
  const summary = type.list.summary
    .flatMap((key) => {
      const field = type.fields[key];
      if (!field) return key === "state" && state ? [label(state.label)] : [];
      if (row.fields[key] === undefined) return [];
      return [formatFieldValue(field, row.fields[key], locale, names)];
    })
    .filter(Boolean);
  return (
    <>
      <span className={classes.rowTitle}>{titleOf(row)}</span>
      <span className={classes.rowTime}>
        <Time at={row.updatedAt} />
      </span>
      <span className={classes.rowSummary}>{[number, ...summary].filter(Boolean).join(" · ")}</span>
      <span className={classes.rowMarks}>
        {row.conflicts && Object.keys(row.conflicts).length > 0 && (
          <StateBadge tone="bad">{t("objects.conflict")}</StateBadge>
        )}
        {row.pending > 0 ? (
          <StateBadge tone="warn">{t("objects.waiting")}</StateBadge>
        ) : (
          state && (
            <span className={classes.rowState} data-tone={state.tone} title={label(state.label)}>
              <span>{label(state.label)}</span>
            </span>
          )
        )}
      </span>
    </>
  );
}
