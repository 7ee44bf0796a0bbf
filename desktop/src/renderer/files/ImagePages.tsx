import { useEffect, useRef, useState } from "react";
import { fileAddress } from "#contract";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import type { Viewable } from "./file.state.ts";
import { useNear } from "./useNear.ts";
import type { PagesProps } from "./Viewer.tsx";
import classes from "./files.module.css";

const MAX_WIDTH = 900; // px at zoom 1: a page wider than this is harder to read, not easier
const A4 = { width: 595, height: 842 };

/** The page images that the server has made; each is fetched as it comes into sight. */
export function ImagePages({ file, onPages, scroller, zoom }: PagesProps) {
  const { t } = useWords();
  const count = file.pageImages ?? 0;
  useEffect(() => onPages(count), [count, onPages]);
  return (
    <>
      {Array.from({ length: count }, (_, index) => (
        <ImagePage key={index} file={file} page={index + 1} scroller={scroller} zoom={zoom} />
      ))}
      {(file.pages ?? count) > count && <p>{t("viewer.morePages", { count })}</p>}
    </>
  );
}

function ImagePage(props: {
  readonly file: Viewable;
  readonly page: number;
  readonly scroller: HTMLElement;
  readonly zoom: number;
}) {
  const { t, reason: reasonWords } = useWords();
  const { call } = useReplica();
  const { file, page, scroller, zoom } = props;
  const box = useRef<HTMLDivElement>(null);
  const near = useNear(box, scroller);
  const [state, setState] = useState<"ready" | string>();
  useEffect(() => {
    if (!near || state === "ready") return;
    let gone = false;
    call("file.fetch", { id: file.id, what: "page", page }).then(
      ({ available, reason }) => !gone && setState(available ? "ready" : (reason ?? "file.unavailable")),
      (error: Error) => !gone && setState(error.message),
    );
    return () => {
      gone = true;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a page that could not be fetched is asked for when it comes into sight again
  }, [near, call, file.id, page]);
  const size = file.pageSizes?.[page - 1] ?? A4;
  return (
    <div
      ref={box}
      className={classes.page}
      data-page={page}
      style={{ width: `min(${zoom * 100}%, ${MAX_WIDTH * zoom}px)`, aspectRatio: `${size.width} / ${size.height}` }}
    >
      {state === "ready" && <img src={fileAddress.page(file.id, page)} alt={t("viewer.pageImage", { page })} />}
      {state !== undefined && state !== "ready" && <p>{reasonWords(state, t("files.notFetched"))}</p>}
    </div>
  );
}
