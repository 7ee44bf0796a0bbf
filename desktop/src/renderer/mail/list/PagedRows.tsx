import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useId,
  useRef,
  useState,
  type DragEvent,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type RefObject,
} from "react";
import type { MailBoxes, MailList, MailRow } from "#contract";
import { useShortcuts } from "../../app/index.ts";
import { once, useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { startDrag, type Dragged } from "../places/drag.ts";
import { mailboxOfPlace, roleOfFolder, roleOfPlace } from "../places/place.ts";
import { useAddresses } from "../useAddresses.ts";
import { useRefusedSends } from "../useRefusedSends.ts";
import { BulkBar } from "./BulkBar.tsx";
import { Row } from "./Row.tsx";
import {
  chosenCount,
  everything,
  isChosen,
  nothing,
  targetsOf,
  toggled,
  withRange,
  type Selection,
} from "./selection.ts";
import { useListKeys } from "./useListKeys.ts";
import { useMailPages } from "./useMailPages.ts";
import classes from "./list.module.css";

const ROW_PX = 58;
/** Keys of a range are asked for by the page. */
const RANGE_PAGE = 200;

/** Where each list was left, while the app runs. */
const scrollOffsets = new Map<string, number>();

export interface PagedRowsProps {
  readonly list: MailList;
  readonly boxes: MailBoxes;
  readonly selected: string | undefined;
  readonly open: (key: string | undefined) => void;
  readonly empty: ReactNode;
  /** Set by whoever has just ended what had the keys. */
  readonly takesKeys: RefObject<boolean>;
}

/** A list of any length, with what is chosen of it and its keys. */
export function PagedRows(props: PagedRowsProps) {
  const { boxes, list, open, selected, takesKeys } = props;
  const { t } = useWords();
  const { watch } = useReplica();
  const addresses = useAddresses();
  const refused = useRefusedSends();
  const [range, setRange] = useState({ first: 0, last: 20 });
  const [selection, setSelection] = useState<Selection>(nothing);
  const pages = useMailPages(list, range.first, range.last);
  const { total } = pages;
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const place = JSON.stringify(list);
  // oxlint-disable-next-line react/incompatible-library -- the React compiler, which cannot cache around it, is not used
  const virtualizer = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    initialOffset: scrollOffsets.get(place) ?? 0,
  });
  useEffect(() => {
    if (!takesKeys.current || !scroller.current) return;
    takesKeys.current = false;
    scroller.current.focus({ preventScroll: true });
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    setRange((before) => (before.first === first && before.last === last ? before : { first, last }));
  }, [first, last]);

  const current = selected === undefined ? undefined : pages.indexOf(selected);
  /** Where one is, also when the row that was open has gone: its neighbour took its place. */
  const [cursor, setCursor] = useState(0);
  if (current !== undefined && current !== cursor) setCursor(current);

  const chosen = chosenCount(selection, total ?? 0);
  const role = roleOfPlace(list.place, boxes);
  const isOutgoing = role === "sent" || role === "drafts" || role === "outbox";

  function show(index: number): void {
    const target = Math.max(0, Math.min((total ?? 1) - 1, index));
    setCursor(target);
    virtualizer.scrollToIndex(target);
    const row = pages.rowAt(target);
    if (row) open(row.key);
    else void once(watch, "mail.list", { list, skip: target, limit: 1 }).then((page) => open(page?.rows[0]?.key));
  }

  async function chooseTo(index: number): Promise<void> {
    const from = selection.anchor ?? current ?? cursor;
    const [low, high] = [Math.min(from, index), Math.max(from, index)];
    const keys: string[] = [];
    for (let skip = low; skip <= high; skip += RANGE_PAGE) {
      const limit = Math.min(RANGE_PAGE, high - skip + 1);
      const page = await once(watch, "mail.list", { list, skip, limit });
      keys.push(...(page?.rows ?? []).map(({ key }) => key));
    }
    setSelection((before) => withRange({ ...before, anchor: from }, keys));
  }

  function onRowClick(event: MouseEvent, row: MailRow, index: number): void {
    scroller.current?.focus({ preventScroll: true });
    if (event.shiftKey) return void chooseTo(index);
    if (event.ctrlKey || event.metaKey) {
      // The row that is open is one of those that are meant.
      const open = chosen === 0 && current !== undefined && selected !== undefined && selected !== row.key;
      return setSelection((before) => toggled(open ? toggled(before, selected, current) : before, row.key, index));
    }
    setSelection(nothing);
    setCursor(index);
    open(row.key);
  }

  const targets =
    chosen > 0
      ? { of: targetsOf(selection, list), count: chosen }
      : selected !== undefined && current !== undefined
        ? { of: targetsOf({ all: false, keys: new Set([selected]) }, list), count: 1 }
        : undefined;
  /** What was meant is done with: the next one takes its place. */
  const goOn = () => {
    const at = cursor;
    if (chosen > 0) {
      if (selected !== undefined && isChosen(selection, selected)) open(undefined);
      return setSelection(nothing);
    }
    void once(watch, "mail.list", { list, skip: Math.max(0, at), limit: 2 }).then((page) =>
      open((page?.rows.find(({ key }) => key !== selected) ?? page?.rows[0])?.key),
    );
  };
  const row = current === undefined ? undefined : pages.rowAt(current);
  // What is marked lies anywhere: of a single one it is known where.
  const one = chosen === 0 ? row : undefined;
  useListKeys({
    role: role ?? (one && roleOfFolder(one.folderId, boxes.folders)),
    folderId:
      list.place.at === "folder" ? list.place.folderId : list.place.at === "role" ? row?.folderId : one?.folderId,
    boxes,
    targets,
    row,
    goOn,
  });
  useShortcuts({
    nextRow: () => show(selected === undefined ? 0 : cursor + 1),
    previousRow: () => show(cursor - 1),
    mailSelect: () => {
      const row = pages.rowAt(cursor);
      if (row) setSelection((before) => toggled(before, row.key, cursor));
    },
    mailExtendNext: () => extend(1),
    mailExtendPrevious: () => extend(-1),
  });

  function extend(step: 1 | -1): void {
    const next = Math.max(0, Math.min((total ?? 1) - 1, cursor + step));
    const from = selection.anchor ?? cursor;
    setCursor(next);
    virtualizer.scrollToIndex(next);
    setSelection((before) => ({ ...before, anchor: from }));
    void chooseTo(next);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_PX) / ROW_PX) - 1);
    const by = ({ ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page } as Record<string, number>)[event.key];
    if (by !== undefined && event.shiftKey) extend(by > 0 ? 1 : -1);
    else if (by !== undefined) show(selected === undefined && by > 0 ? 0 : cursor + by);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show((total ?? 1) - 1);
    else if (event.code === "KeyA" && (event.ctrlKey || event.metaKey)) setSelection(everything);
    else if (event.key === "Escape" && chosen > 0) setSelection(nothing);
    else return;
    event.preventDefault();
  }

  function onDragStart(event: DragEvent, row: MailRow): void {
    const isOfChosen = chosen > 0 && isChosen(selection, row.key);
    const dragged: Dragged = {
      targets: isOfChosen ? targetsOf(selection, list) : targetsOf({ all: false, keys: new Set([row.key]) }, list),
      count: isOfChosen ? chosen : 1,
      mailboxId: mailboxOfPlace(list.place, boxes) ?? row.mailboxId,
    };
    startDrag(event, dragged, t("mail.drag", { count: dragged.count }));
  }

  if (total === undefined) return null;
  if (total === 0) return props.empty;
  return (
    <>
      {chosen > 0 && targets && (
        <BulkBar
          list={list}
          boxes={boxes}
          count={chosen}
          total={total}
          targets={targets.of}
          chooseAll={() => setSelection(everything)}
          done={goOn}
          clear={() => {
            setSelection(nothing);
            scroller.current?.focus({ preventScroll: true });
          }}
        />
      )}
      <div
        ref={scroller}
        className={classes.rows}
        role="listbox"
        aria-multiselectable
        tabIndex={0}
        data-region-start
        aria-label={t("mail.messages")}
        aria-activedescendant={`${listId}-${cursor}`}
        onKeyDown={onKeyDown}
        onScroll={(event) => scrollOffsets.set(place, event.currentTarget.scrollTop)}
      >
        <div style={{ height: virtualizer.getTotalSize(), position: "relative" }} role="presentation">
          {items.map((item) => {
            const row = pages.rowAt(item.index);
            const isOpen = row !== undefined && row.key === selected;
            return (
              <div
                key={item.key}
                id={`${listId}-${item.index}`}
                role="option"
                tabIndex={-1}
                aria-selected={row !== undefined && (isChosen(selection, row.key) || (chosen === 0 && isOpen))}
                aria-setsize={total}
                aria-posinset={item.index + 1}
                className={classes.row}
                data-unread={row !== undefined && row.unread > 0 ? true : undefined}
                data-open={isOpen || undefined}
                data-chosen={(chosen > 0 && row !== undefined && isChosen(selection, row.key)) || undefined}
                data-cursor={item.index === cursor || undefined}
                style={{ transform: `translateY(${item.start}px)` }}
                draggable={row !== undefined}
                onDragStart={(event) => row && onDragStart(event, row)}
                onClick={(event) => row && onRowClick(event, row, item.index)}
                onKeyDown={(event) => event.key === "Enter" && row && open(row.key)}
                onDoubleClick={() =>
                  row &&
                  void window.kontor.openMailWindow(
                    row.send?.state === "draft"
                      ? { kind: "draft", id: row.messageId }
                      : { kind: "thread", id: row.threadId },
                  )
                }
              >
                {row && (
                  <Row row={row} addresses={addresses} isOutgoing={isOutgoing} isRefused={refused.has(row.messageId)} />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}
