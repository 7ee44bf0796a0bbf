import { ActionIcon, SegmentedControl, Tooltip } from "@mantine/core";
import {
  IconChevronLeft,
  IconChevronRight,
  IconX,
  IconZoomIn,
  IconZoomOut,
  IconArrowAutofitWidth,
} from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useWords } from "../words/index.ts";
import type { Viewable } from "./file.state.ts";
import { ImagePages } from "./ImagePages.tsx";
import { PdfPages } from "./PdfPages.tsx";
import classes from "./files.module.css";

const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

export interface PagesProps {
  readonly file: Viewable;
  /** 1 is the width of the pane. */
  readonly zoom: number;
  readonly scroller: HTMLDivElement;
  readonly onPages: (count: number) => void;
  readonly onBroken: (reason: string) => void;
}

/** A file's preview over the card; everything below goes on, and Escape comes back to it. */
export function Viewer({ file, close }: { readonly file: Viewable; readonly close: () => void }) {
  const { t } = useWords();
  const hasImages = (file.pageImages ?? 0) > 0;
  const hasPdf = file.pdfSha256 !== undefined;
  const [mode, setMode] = useState<"pages" | "pdf">(hasImages ? "pages" : "pdf");
  const [zoom, setZoom] = useState(1);
  const [page, setPage] = useState(1);
  const [count, setCount] = useState(file.pages ?? file.pageImages ?? 1);
  const [broken, setBroken] = useState<string>();
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const cameFrom = useRef(document.activeElement);
  useEffect(() => {
    scroller?.focus();
    const before = cameFrom.current;
    return () => (before instanceof HTMLElement ? before.focus() : undefined);
  }, [scroller]);

  function goTo(next: number): void {
    const target = Math.max(1, Math.min(count, next));
    scroller?.querySelector(`[data-page="${target}"]`)?.scrollIntoView({ block: "start" });
    setPage(target);
  }
  function follow(): void {
    if (!scroller) return;
    const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 3;
    const seen = [...scroller.querySelectorAll<HTMLElement>("[data-page]")].find(
      (each) => each.getBoundingClientRect().bottom > middle,
    );
    if (seen) setPage(Number(seen.dataset["page"]));
  }
  const zoomBy = (step: 1 | -1) =>
    setZoom((before) => {
      const next = step === 1 ? STEPS.find((each) => each > before) : STEPS.findLast((each) => each < before);
      return next ?? before;
    });

  function onKeyDown(event: KeyboardEvent): void {
    const isInput = event.target instanceof HTMLInputElement && event.target.type === "number";
    if (event.key === "Escape") close();
    else if (event.code === "Equal" || event.code === "NumpadAdd") zoomBy(1);
    else if (event.code === "Minus" || event.code === "NumpadSubtract") zoomBy(-1);
    else if (event.code === "Digit0" && !isInput) setZoom(1);
    else if (!isInput && event.key === "PageDown") goTo(page + 1);
    else if (!isInput && event.key === "PageUp") goTo(page - 1);
    else if (!isInput && event.key === "Home") goTo(1);
    else if (!isInput && event.key === "End") goTo(count);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const button = (name: string, icon: React.ReactNode, act: () => void, off = false) => (
    <Tooltip label={name}>
      <ActionIcon aria-label={name} onClick={act} disabled={off}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the region's keys; each has a button too
    <section
      className={classes.viewer}
      aria-label={t("viewer.label", { name: file.name })}
      data-region="viewer"
      onKeyDown={onKeyDown}
    >
      <div className={classes.bar}>
        <h2>{file.name}</h2>
        {hasImages && hasPdf && (
          <SegmentedControl
            size="xs"
            aria-label={t("viewer.mode")}
            value={mode}
            onChange={(next) => {
              setMode(next as "pages" | "pdf");
              setBroken(undefined);
              setPage(1);
            }}
            data={[
              { value: "pages", label: t("viewer.pages") },
              { value: "pdf", label: t("viewer.pdf") },
            ]}
          />
        )}
        {button(t("viewer.previous"), <IconChevronLeft size={16} />, () => goTo(page - 1), page <= 1)}
        <label>
          <input
            type="number"
            aria-label={t("viewer.page")}
            min={1}
            max={count}
            value={page}
            onChange={(event) => event.currentTarget.valueAsNumber && goTo(event.currentTarget.valueAsNumber)}
          />
          {t("viewer.pageOf", { count })}
        </label>
        {button(t("viewer.next"), <IconChevronRight size={16} />, () => goTo(page + 1), page >= count)}
        {button(t("viewer.zoomOut"), <IconZoomOut size={16} />, () => zoomBy(-1), zoom <= (STEPS[0] ?? 1))}
        {button(t("viewer.fit"), <IconArrowAutofitWidth size={16} />, () => setZoom(1))}
        {button(t("viewer.zoomIn"), <IconZoomIn size={16} />, () => zoomBy(1), zoom >= (STEPS.at(-1) ?? 1))}
        {button(t("viewer.close"), <IconX size={16} />, close)}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolled region must take keys (WCAG 2.1.1) */}
      <div ref={setScroller} className={classes.pages} tabIndex={0} data-region-start onScroll={follow} role="document">
        {broken && <p role="alert">{t("viewer.broken", { reason: broken })}</p>}
        {scroller &&
          (mode === "pages" ? (
            <ImagePages file={file} zoom={zoom} scroller={scroller} onPages={setCount} onBroken={setBroken} />
          ) : (
            <PdfPages file={file} zoom={zoom} scroller={scroller} onPages={setCount} onBroken={setBroken} />
          ))}
      </div>
    </section>
  );
}
