import { Node, mergeAttributes } from "@tiptap/core";
import type { Node as DocumentNode } from "@tiptap/pm/model";
import { NodeViewWrapper, ReactNodeViewRenderer, type NodeViewProps } from "@tiptap/react";
import { Button } from "@mantine/core";
import { useState } from "react";
import { draftText, snippetOf } from "@kontor/shared/mail";
import { useWords } from "../../words/index.ts";
import { FORWARDED_CLASS, type Quotation, type QuotationKind } from "./draft.html.ts";
import { QuotedFrame } from "./QuotedFrame.tsx";
import classes from "./compose.module.css";

/**
 * What is quoted or forwarded stands in the text as one piece that the editor does not take apart: a newsletter's tables would
 * not survive it. It can be deleted, moved, and on demand taken into the text to be edited.
 */
export const QuotationNode = Node.create({
  name: "quotation",
  group: "block",
  atom: true,
  selectable: true,
  addAttributes: () => ({
    kind: { default: "cite", parseHTML: (element) => kindOf(element), renderHTML: () => ({}) },
    html: { default: "", parseHTML: (element) => element.innerHTML, renderHTML: () => ({}) },
  }),
  // Before the ordinary quotation of a text's own.
  parseHTML: () => [
    // An empty line is written with a break, as mail programs need it; in the editor it is an empty paragraph.
    {
      tag: "p > br",
      priority: 100,
      ignore: true,
      getAttrs: (element) => (element.parentNode?.childNodes.length === 1 ? null : false),
    },
    { tag: 'blockquote[type="cite"]:not([data-quotation])', priority: 100 },
    { tag: `div.${FORWARDED_CLASS}:not([data-quotation])`, priority: 100 },
  ],
  // Its place only: `savedHtml` fills it. So nothing foreign is ever part of this page.
  renderHTML: ({ HTMLAttributes, node }) =>
    node.attrs["kind"] === "forwarded"
      ? ["div", mergeAttributes(HTMLAttributes, { class: FORWARDED_CLASS, "data-quotation": "forwarded" })]
      : ["blockquote", mergeAttributes(HTMLAttributes, { type: "cite", "data-quotation": "cite" })],
  addNodeView: () => ReactNodeViewRenderer(QuotationView),
});

const kindOf = (element: HTMLElement): QuotationKind => (element.tagName === "DIV" ? "forwarded" : "cite");

/** In the order in which they stand. */
export function quotationsOf(doc: DocumentNode): readonly Quotation[] {
  const found: Quotation[] = [];
  doc.descendants((node) => {
    if (node.type.name !== "quotation") return true;
    found.push({ kind: node.attrs["kind"] as QuotationKind, html: String(node.attrs["html"]) });
    return false;
  });
  return found;
}

const SHOWN_CHARS = 160;

function QuotationView({ deleteNode, editor, getPos, node, selected }: NodeViewProps) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  const html = String(node.attrs["html"]);

  function takeIn(): void {
    const at = getPos();
    if (at === undefined) return;
    const own = node.attrs["kind"] === "cite" ? `<blockquote>${html}</blockquote>` : html;
    editor
      .chain()
      .insertContentAt({ from: at, to: at + node.nodeSize }, own)
      .focus()
      .run();
  }

  return (
    <NodeViewWrapper className={classes.quotation} data-selected={selected || undefined} contentEditable={false}>
      <div className={classes.quotationHead}>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? "compose.quote.hide" : "compose.quote.show")}
        </button>
        {!open && <span>{snippetOf(draftText(html), SHOWN_CHARS)}</span>}
        {open && (
          <>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={takeIn}>
              {t("compose.quote.edit")}
            </Button>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => deleteNode()}>
              {t("compose.quote.remove")}
            </Button>
          </>
        )}
      </div>
      {open && <QuotedFrame html={html} />}
    </NodeViewWrapper>
  );
}
