import { useEffect, useId, useRef, type KeyboardEvent } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { MailBoxes, MailRow } from "#contract";
import { useShortcuts } from "../../app/index.ts";
import { Empty } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { roleOfFolder } from "../places/place.ts";
import { useAddresses } from "../useAddresses.ts";
import { useRefusedSends } from "../useRefusedSends.ts";
import { Row } from "./Row.tsx";
import { useListKeys } from "./useListKeys.ts";
import { useMailSearch } from "./useMailSearch.ts";
import classes from "./list.module.css";

const ROW_PX = 58;

/** Results while one types, of all mailboxes, newest first; more of them as one scrolls. */
export function FoundRows(props: {
  readonly text: string;
  readonly boxes: MailBoxes;
  readonly selected: string | undefined;
  readonly open: (key: string | undefined) => void;
}) {
  const { boxes, open, selected, text } = props;
  const { t } = useWords();
  const { answer, asked, more } = useMailSearch(text);
  const addresses = useAddresses();
  const refused = useRefusedSends();
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const rows = answer?.rows ?? [];
  // oxlint-disable-next-line react/incompatible-library -- the React compiler, which cannot cache around it, is not used
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 5 && answer?.more) more();
  }, [last, rows.length, answer?.more, more]);

  const at = rows.findIndex(({ key }) => key === selected);
  const row = rows[at];
  useListKeys({
    role: row && roleOfFolder(row.folderId, boxes.folders),
    folderId: row?.folderId,
    boxes,
    targets: row && { of: { ids: [row.messageId] }, count: 1 },
    row,
    goOn: () => open(rows[at + 1]?.key),
  });
  const step = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!next) return;
    virtualizer.scrollToIndex(Math.max(0, at + by));
    open(next.key);
  };
  useShortcuts({ nextRow: () => step(1), previousRow: () => step(-1) });
  function onKeyDown(event: KeyboardEvent): void {
    const by = ({ ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    if (by === undefined) return;
    step(by);
    event.preventDefault();
  }

  if (rows.length === 0) {
    const isSettled = answer !== undefined && asked === text && answer.complete;
    return <Empty title={t(isSettled ? "mail.search.nothing" : "mail.search.searching")} />;
  }
  return (
    <>
      <div className={classes.found} role="status">
        {t(answer?.complete === false ? "mail.search.stillSearching" : "mail.search.found", {
          count: rows.length,
          more: answer?.more ? "+" : "",
        })}
      </div>
      <div
        ref={scroller}
        className={classes.rows}
        role="listbox"
        tabIndex={0}
        data-region-start
        aria-label={t("mail.search.results")}
        onKeyDown={onKeyDown}
      >
        <div style={{ height: virtualizer.getTotalSize(), position: "relative" }} role="presentation">
          {items.map((item) => {
            const found = rows[item.index];
            return (
              found && (
                <div
                  key={found.key}
                  id={`${listId}-${item.index}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={found.key === selected}
                  aria-setsize={rows.length}
                  aria-posinset={item.index + 1}
                  className={classes.row}
                  data-unread={found.unread > 0 || undefined}
                  data-open={found.key === selected || undefined}
                  style={{ transform: `translateY(${item.start}px)` }}
                  onClick={() => {
                    scroller.current?.focus({ preventScroll: true });
                    open(found.key);
                  }}
                  onKeyDown={(event) => event.key === "Enter" && open(found.key)}
                >
                  <Row
                    row={found}
                    addresses={addresses}
                    isOutgoing={isOutgoing(found, boxes)}
                    isRefused={refused.has(found.messageId)}
                  />
                </div>
              )
            );
          })}
        </div>
      </div>
    </>
  );
}

const isOutgoing = ({ folderId }: MailRow, boxes: MailBoxes): boolean => {
  const role = boxes.folders.find(({ id }) => id === folderId)?.role;
  return role === "sent" || role === "drafts" || role === "outbox";
};
