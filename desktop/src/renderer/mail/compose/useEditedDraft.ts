import { createDocument, type Editor } from "@tiptap/core";
import { useEffect, useRef, useState } from "react";
import { fileAddress, type ReplicaMessage } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { fieldsOf, type ComposerFields } from "./composer.fields.ts";
import { savedHtml, shownHtml } from "./draft.html.ts";
import { fieldsShape, shapeOf } from "./draft.shape.ts";
import { FROM_ELSEWHERE, useDraftEditor } from "./Editor.tsx";
import { quotationsOf } from "./quotation.node.tsx";
import { useSavedDraft, type DraftSaving } from "./useSavedDraft.ts";

export interface EditedDraft {
  readonly fields: ComposerFields;
  /** As they are at this moment, before anything is drawn. */
  readonly fieldsNow: () => ComposerFields;
  readonly change: (part: Partial<ComposerFields>) => void;
  readonly editor: Editor;
  /** The text as it is saved. */
  readonly htmlNow: () => string;
  readonly saving: DraftSaving;
}

/** One draft while it is written here: its own state, saved as it changes, and open to what other devices write in it. */
export function useEditedDraft(props: {
  readonly draftId: string;
  readonly message: ReplicaMessage;
  readonly html: string;
  readonly onFiles: (files: readonly File[], at: number | undefined) => void;
}): EditedDraft {
  const { draftId, html, message } = props;
  const { call } = useReplica();
  const [fields, setFields] = useState(() => fieldsOf(message));
  const fieldsNow = useRef(fields);
  const [firstHtml] = useState(() => shownHtml(html));
  const attachments = useRef(message.attachments);
  useEffect(() => {
    attachments.current = message.attachments;
  });
  async function findPicture(cid: string): Promise<string | undefined> {
    const file = attachments.current.find((each) => each.cid === cid);
    if (!file) return undefined;
    const { available } = await call("file.fetch", { id: file.id, what: "content" });
    return available ? fileAddress.content(file.id) : undefined;
  }
  const editor = useDraftEditor(firstHtml, {
    changed: () => saving.changed(),
    files: props.onFiles,
    findPicture,
  });
  // What is sent on stays as it came, whatever an editor would make of it.
  const isRedirect = fields.origin.kind === "redirect";
  const htmlNow = () => (isRedirect ? html : savedHtml(editor.getHTML(), quotationsOf(editor.state.doc)));
  // The revision on which what stands here was written: one that came while somebody typed was not before them.
  const base = useRef(message.draft?.rev ?? 0);
  const saving = useSavedDraft(draftId, () => ({ fields: fieldsNow.current, html: htmlNow(), base: base.current }));

  function setAll(next: ComposerFields): void {
    fieldsNow.current = next;
    setFields(next);
  }

  useEffect(() => {
    if (message.pending > 0 || saving.hasUnsaved()) return;
    base.current = message.draft?.rev ?? 0;
    const theirs = fieldsOf(message);
    if (fieldsShape(theirs) !== fieldsShape(fieldsNow.current)) setAll(theirs);
    if (isRedirect) return;
    const parsed = (text: string) => createDocument(shownHtml(text), editor.schema);
    const next = parsed(html);
    // Both as they are read: reading takes spaces away that are about to be followed by a word.
    if (shapeOf(next.toJSON()) === shapeOf(parsed(htmlNow()).toJSON())) return;
    const { from } = editor.state.selection;
    editor
      .chain()
      .setMeta(FROM_ELSEWHERE, true)
      .setMeta("addToHistory", false)
      .setContent(next.toJSON())
      .setTextSelection(Math.min(from, next.content.size))
      .run();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- when the replica says something, not when this one draws
  }, [message, html]);

  return {
    fields,
    fieldsNow: () => fieldsNow.current,
    editor,
    htmlNow,
    saving,
    change(part) {
      setAll({ ...fieldsNow.current, ...part });
      saving.changed();
    },
  };
}
