import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import classes from "./ui.module.css";

const ROW_PX = 52; // a name and a line below it

export interface RowListState {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rows: readonly { readonly id: string; readonly startPx: number }[];
  readonly totalPx: number;
  readonly selected: string | undefined;
  open(id: string): void;
  /** To the next row, or back by a negative number; for whoever has keys of their own for it. */
  step(by: number): void;
}

/** A list of any length of which one is open beside it. */
export function useRowList({
  ids,
  selected,
  open,
}: {
  readonly ids: readonly string[];
  readonly selected: string | undefined;
  readonly open: (id: string) => void;
}): RowListState {
  const scroller = useRef<HTMLDivElement>(null);
  // oxlint-disable-next-line react/incompatible-library -- the React compiler, which cannot cache around it, is not used
  const virtualizer = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const current = selected === undefined ? -1 : ids.indexOf(selected);
  return {
    scroller,
    rows: virtualizer.getVirtualItems().flatMap(({ index, start }) => {
      const id = ids[index];
      return id === undefined ? [] : [{ id, startPx: start }];
    }),
    totalPx: virtualizer.getTotalSize(),
    selected: current < 0 ? undefined : selected,
    open,
    step(by) {
      const index = Math.max(0, Math.min(ids.length - 1, current + by));
      const id = ids[index];
      if (id === undefined) return;
      virtualizer.scrollToIndex(index);
      open(id);
    },
  };
}

/** `children`: what a row shows: a picture, and a name with a line below it. `name`: of one of them, in ids of the page. */
export function RowList({
  list: { scroller, rows, totalPx, selected, open, step },
  name,
  label,
  children,
}: {
  readonly list: RowListState;
  readonly name: string;
  readonly label: string;
  readonly children: (id: string) => ReactNode;
}) {
  function onKeyDown(event: KeyboardEvent): void {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    step(by);
  }
  return (
    <div
      ref={scroller}
      className={classes.rows}
      role="listbox"
      tabIndex={0}
      data-region-start
      aria-label={label}
      aria-activedescendant={selected === undefined ? undefined : `${name}-${selected}`}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: totalPx, position: "relative" }} role="presentation">
        {rows.map(({ id, startPx }) => (
          <div
            key={id}
            id={`${name}-${id}`}
            role="option"
            tabIndex={-1}
            aria-selected={id === selected}
            className={classes.namedRow}
            style={{ transform: `translateY(${startPx}px)` }}
            onClick={() => open(id)}
            onKeyDown={(event) => event.key === "Enter" && open(id)}
          >
            {children(id)}
          </div>
        ))}
      </div>
    </div>
  );
}
