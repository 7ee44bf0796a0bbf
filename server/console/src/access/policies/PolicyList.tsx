import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { Link } from "../../ui/Link.tsx";
import { keptScroll, useKeptScroll } from "../../ui/useKeptScroll.ts";
import { useWords } from "../../words/words.ts";
import { Mark } from "../parts/Mark.tsx";
import { accessAddress } from "../routes.ts";
import { EditButton } from "./EditButton.tsx";
import type { ListEntry, PolicyRow } from "./policyRows.ts";

const ROW_PX = 54;
const GROUP_PX = 38;
const SCROLL = "policies";

/** Thousands of rows, of which those in sight are drawn. */
export function PolicyList({ entries }: { entries: readonly ListEntry[] }) {
  const { t } = useWords();
  const scroll = useRef<HTMLDivElement>(null);
  useKeptScroll(SCROLL, scroll);
  // nothing of it is passed to memoised components: each row gets plain values
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroll.current,
    estimateSize: (index) => (isGroupHead(entries[index]) ? GROUP_PX : ROW_PX),
    overscan: 12,
    initialOffset: () => keptScroll(SCROLL),
  });
  return (
    <div ref={scroll} className="list-scroll" tabIndex={0} role="region" aria-label={t("access.policies.list")}>
      <div style={{ position: "relative", height: rows.getTotalSize() }} role="list">
        {rows.getVirtualItems().map(({ index, key, start, size }) => {
          const entry = entries[index];
          const place = { transform: `translateY(${start}px)`, height: size };
          if (!entry) return null;
          return "group" in entry ? (
            <div key={key} className="list-group" style={place} role="listitem">
              <span>{entry.group}</span>
              <span className="quiet">{entry.count}</span>
            </div>
          ) : (
            <Row key={key} row={entry.row} place={place} />
          );
        })}
      </div>
    </div>
  );
}

const isGroupHead = (entry: ListEntry | undefined) => entry !== undefined && "group" in entry;

function Row({ row, place }: { row: PolicyRow; place: React.CSSProperties }) {
  const { t } = useWords();
  const { policy, title, words, isBuiltIn, stale } = row;
  return (
    <div className="list-row" style={place} role="listitem">
      <Mark tone={policy.effect === "allow" ? "good" : "bad"}>{t(`access.effect.${policy.effect}`)}</Mark>
      <span className="two-lines">
        <Link to={accessAddress.policy(policy.id)}>{title}</Link>
        {stale[0] ? (
          <span className="bad">{stale[0].words}</span>
        ) : (
          <span className="quiet" title={words}>
            {words}
          </span>
        )}
      </span>
      <span className="toolbar">
        {stale.length > 0 && <Mark tone="bad">{t("access.policies.staleMark")}</Mark>}
        {isBuiltIn ? (
          <Mark tone="neutral">{t("access.policies.builtIn")}</Mark>
        ) : (
          <EditButton policyId={policy.id} title={title} />
        )}
      </span>
    </div>
  );
}
