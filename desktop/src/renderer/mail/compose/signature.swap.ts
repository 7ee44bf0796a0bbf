import { createDocument, type Editor } from "@tiptap/core";
import type { Node as DocumentNode } from "@tiptap/pm/model";
import type { DraftOrigin } from "@kontor/shared/mail";
import { shapeOf } from "./draft.shape.ts";

/**
 * The other sender's signature in the place of the one that stands there, as long as its author left that as it was: what was
 * edited, or deleted, is theirs. Where the first sender has none, the other's comes to stand above what is quoted.
 */
export function swapSignature(
  editor: Editor,
  { before, after, kind }: { readonly before: string; readonly after: string; readonly kind: DraftOrigin["kind"] },
): void {
  const { doc, schema, tr } = editor.state;
  const read = (html: string) => (html === "" ? [] : createDocument(html, schema).children);
  const [old, next] = [read(before), read(after)];
  const place = old.length > 0 ? placeOf(doc, old) : placeForSignature(doc, kind);
  if (!place || (old.length === 0 && next.length === 0)) return;
  const empty = schema.nodes["paragraph"]?.create();
  const apart = old.length === 0 && empty ? [empty] : []; // from what is written above it
  editor.view.dispatch(tr.replaceWith(place.from, place.to, [...apart, ...next]));
}

export interface Place {
  readonly from: number;
  readonly to: number;
}

/** Where these blocks stand in a text, one after the other and as they are; the last time, since a signature ends a text. */
export function placeOf(doc: DocumentNode, blocks: readonly DocumentNode[]): Place | undefined {
  const shapes = blocks.map((block) => shapeOf(block.toJSON()));
  const texts = doc.children.map((block) => shapeOf(block.toJSON()));
  for (let at = texts.length - shapes.length; at >= 0; at--) {
    if (!shapes.every((shape, index) => texts[at + index] === shape)) continue;
    return { from: positionOf(doc, at), to: positionOf(doc, at + shapes.length) };
  }
  return undefined;
}

/** Paragraphs of `answerDraft` in front of what is quoted: who wrote it, or the head of what is forwarded. */
const HEAD_BLOCKS: Readonly<Record<DraftOrigin["kind"], number>> = {
  new: 0,
  reply: 1,
  replyAll: 1,
  forward: 2,
  redirect: 0,
};

/** Above the head of what is quoted, else at the end. */
export function placeForSignature(doc: DocumentNode, kind: DraftOrigin["kind"]): Place {
  const quoted = doc.children.findIndex(({ type }) => type.name === "quotation");
  const at = quoted === -1 ? doc.childCount : Math.max(0, quoted - HEAD_BLOCKS[kind]);
  const from = positionOf(doc, at);
  return { from, to: from };
}

const positionOf = (doc: DocumentNode, index: number): number =>
  doc.children.slice(0, index).reduce((sum, { nodeSize }) => sum + nodeSize, 0);
