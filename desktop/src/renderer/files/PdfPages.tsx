import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import { fileAddress } from "#contract";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { useNear } from "./useNear.ts";
import type { PagesProps } from "./Viewer.tsx";
import classes from "./files.module.css";

const MAX_WIDTH = 900;

/** pdf.js is a megabyte: it comes when the first PDF is looked at. */
async function loadPdf() {
  const [pdf, worker] = await Promise.all([import("pdfjs-dist"), import("pdfjs-dist/build/pdf.worker.min.mjs?url")]);
  pdf.GlobalWorkerOptions.workerSrc = worker.default;
  return pdf;
}
type Pdf = Awaited<ReturnType<typeof loadPdf>>;

const asset = (folder: string) => new URL(`pdfjs/${folder}/`, document.baseURI).href;

/** The PDF itself: sharp at every zoom, and its text can be selected and copied. */
export function PdfPages({ file, onBroken, onPages, scroller, zoom }: PagesProps) {
  const { t, reason: reasonWords } = useWords();
  const { call } = useReplica();
  const [opened, setOpened] = useState<{ pdf: Pdf; document: PDFDocumentProxy }>();
  useEffect(() => {
    let gone = false;
    let close: (() => void) | undefined;
    async function open(): Promise<void> {
      const [pdf, { available, reason }] = await Promise.all([
        loadPdf(),
        call("file.fetch", { id: file.id, what: "pdf" }),
      ]);
      if (gone) return;
      if (!available) return onBroken(reason ? reasonWords(reason, t("files.notFetched")) : t("files.notFetched"));
      const task = pdf.getDocument({
        url: fileAddress.pdf(file.id),
        cMapUrl: asset("cmaps"),
        standardFontDataUrl: asset("standard_fonts"),
        wasmUrl: asset("wasm"),
        iccUrl: asset("iccs"),
        isEvalSupported: false,
      } as Parameters<Pdf["getDocument"]>[0]);
      close = () => void task.destroy();
      const document = await task.promise;
      if (gone) return close();
      onPages(document.numPages);
      setOpened({ pdf, document });
    }
    open().catch((error: unknown) => !gone && onBroken(error instanceof Error ? error.message : String(error)));
    return () => {
      gone = true;
      close?.();
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- opened once per file
  }, [call, file.id]);

  if (!opened) return null;
  return Array.from({ length: opened.document.numPages }, (_, index) => (
    <PdfPage
      key={index}
      pdf={opened.pdf}
      document={opened.document}
      page={index + 1}
      size={file.pageSizes?.[index]}
      scroller={scroller}
      zoom={zoom}
    />
  ));
}

function PdfPage(props: {
  readonly pdf: Pdf;
  readonly document: PDFDocumentProxy;
  readonly page: number;
  readonly size: { readonly width: number; readonly height: number } | undefined;
  readonly scroller: HTMLElement;
  readonly zoom: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  const near = useNear(box, props.scroller);
  const [size, setSize] = useState(props.size ?? { width: 595, height: 842 });
  const { document: pdfDocument, page: number, pdf, zoom } = props;

  useEffect(() => {
    if (!near) return;
    let gone = false;
    let stop: (() => void) | undefined;
    async function draw(): Promise<void> {
      const page: PDFPageProxy = await pdfDocument.getPage(number);
      if (gone || !canvas.current || !text.current || !box.current) return;
      const plain = page.getViewport({ scale: 1 });
      setSize({ width: plain.width, height: plain.height });
      const scale = box.current.clientWidth / plain.width;
      const viewport = page.getViewport({ scale });
      const dense = Math.min(2.5, window.devicePixelRatio || 1);
      canvas.current.width = Math.floor(viewport.width * dense);
      canvas.current.height = Math.floor(viewport.height * dense);
      const drawing = page.render({
        canvas: canvas.current,
        viewport,
        ...(dense === 1 ? {} : { transform: [dense, 0, 0, dense, 0, 0] }),
      });
      text.current.replaceChildren();
      text.current.style.setProperty("--total-scale-factor", String(scale));
      const layer = new pdf.TextLayer({
        textContentSource: page.streamTextContent(),
        container: text.current,
        viewport,
      });
      stop = () => {
        drawing.cancel();
        layer.cancel();
      };
      await Promise.all([drawing.promise, layer.render()]);
    }
    // A drawing that was cancelled by the next one rejects; there is nothing to tell.
    draw().catch(() => undefined);
    return () => {
      gone = true;
      stop?.();
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- another zoom is another width of the box
  }, [near, pdfDocument, number, pdf, zoom]);

  return (
    <div
      ref={box}
      className={classes.page}
      data-page={number}
      style={{ width: `min(${zoom * 100}%, ${MAX_WIDTH * zoom}px)`, aspectRatio: `${size.width} / ${size.height}` }}
    >
      <canvas ref={canvas} />
      <div ref={text} className={classes.text} />
    </div>
  );
}
