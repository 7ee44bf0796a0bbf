import { RichTextEditor, Link } from "@mantine/tiptap";
import { Placeholder } from "@tiptap/extension-placeholder";
import type { Editor as TiptapEditor } from "@tiptap/core";
import { useEditor } from "@tiptap/react";
import { StarterKit } from "@tiptap/starter-kit";
import { useEffect, useRef } from "react";
import { useWords } from "../../words/index.ts";
import { createPictureNode, type FindPicture } from "./picture.node.ts";
import { QuotationNode } from "./quotation.node.tsx";
import classes from "./compose.module.css";

export interface EditorEvents {
  changed(): void;
  /** Files that were pasted or dropped into the text; pictures among them are wanted where they fell. */
  files(files: readonly File[], at: number | undefined): void;
  readonly findPicture: FindPicture;
}

/** The text of a draft. Its HTML is made by `savedHtml`; what is given at first is from `shownHtml`. */
export function useDraftEditor(html: string, events: EditorEvents): TiptapEditor {
  const { t, locale } = useWords();
  const latest = useRef(events);
  const words = useRef(t);
  useEffect(() => {
    latest.current = events;
    words.current = t;
  });
  const editor = useEditor({
    extensions: [
      StarterKit.configure({ link: false, codeBlock: false, heading: { levels: [1, 2, 3] } }),
      Link.configure({ openOnClick: false, autolink: true, linkOnPaste: true, protocols: ["mailto", "tel"] }),
      // oxlint-disable-next-line react/refs -- asked when the editor draws, and never while this does
      Placeholder.configure({ placeholder: () => words.current("compose.text.placeholder") }),
      // oxlint-disable-next-line react/refs -- asked when a picture is drawn, and never while this is
      createPictureNode((cid) => latest.current.findPicture(cid)),
      QuotationNode,
    ],
    content: html,
    editorProps: {
      attributes: () => ({
        "aria-label": words.current("compose.text"),
        "aria-multiline": "true",
        role: "textbox",
        spellcheck: "true",
      }),
      // It sends; the editor would make a line of it, in place of a picture that is selected.
      handleKeyDown: (_view, event) => event.key === "Enter" && (event.ctrlKey || event.metaKey),
      handlePaste: (_view, event) => take(event.clipboardData, undefined, event),
      handleDrop: (view, event, _slice, isMoved) =>
        !isMoved && take(event.dataTransfer, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos, event),
    },
    onUpdate: ({ transaction }) => {
      if (transaction.docChanged && transaction.getMeta(FROM_ELSEWHERE) !== true) latest.current.changed();
    },
  });
  // An editor lives longer than a language: its own words are drawn anew with nothing changed.
  useEffect(() => {
    if (!editor.isDestroyed) editor.view.dispatch(editor.state.tr.setMeta("addToHistory", false));
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- the language is why, though nothing here names it
  }, [editor, locale]);
  return editor;

  function take(data: DataTransfer | null, at: number | undefined, event: Event): boolean {
    const files = [...(data?.files ?? [])];
    // Office programs put a picture of the text beside the text: the text is meant.
    if (files.length === 0 || (event.type === "paste" && data?.types.includes("text/html"))) return false;
    event.preventDefault();
    event.stopPropagation();
    latest.current.files(files, at);
    return true;
  }
}

/** On a transaction: what came from another device, and is not to be saved as one's own. */
export const FROM_ELSEWHERE = "fromElsewhere";

/** The text with its tools; these come and go with `toolsShown`, the shortcuts always work. */
export function EditorArea({ editor, toolsShown }: { readonly editor: TiptapEditor; readonly toolsShown: boolean }) {
  const { t } = useWords();
  return (
    <RichTextEditor
      editor={editor}
      variant="subtle"
      withCodeHighlightStyles={false}
      classNames={{
        root: classes.editor ?? "",
        toolbar: classes.toolbar ?? "",
        Typography: classes.paper ?? "",
        content: classes.content ?? "",
        control: classes.tool ?? "",
        controlsGroup: classes.tools ?? "",
      }}
      labels={{
        boldControlLabel: t("compose.tool.bold"),
        italicControlLabel: t("compose.tool.italic"),
        underlineControlLabel: t("compose.tool.underline"),
        strikeControlLabel: t("compose.tool.strike"),
        clearFormattingControlLabel: t("compose.tool.plain"),
        h1ControlLabel: t("compose.tool.h1"),
        h2ControlLabel: t("compose.tool.h2"),
        h3ControlLabel: t("compose.tool.h3"),
        bulletListControlLabel: t("compose.tool.bullets"),
        orderedListControlLabel: t("compose.tool.numbers"),
        blockquoteControlLabel: t("compose.tool.quote"),
        linkControlLabel: t("compose.tool.link"),
        unlinkControlLabel: t("compose.tool.unlink"),
        linkEditorInputLabel: t("compose.tool.link.address"),
        linkEditorInputPlaceholder: "https://",
        linkEditorExternalLink: t("compose.tool.link.newTab"),
        linkEditorInternalLink: t("compose.tool.link.sameTab"),
        linkEditorSave: t("compose.tool.link.save"),
      }}
    >
      <RichTextEditor.Content />
      {toolsShown && (
        <RichTextEditor.Toolbar>
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.Bold />
            <RichTextEditor.Italic />
            <RichTextEditor.Underline />
            <RichTextEditor.Strikethrough />
          </RichTextEditor.ControlsGroup>
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.H1 />
            <RichTextEditor.H2 />
            <RichTextEditor.H3 />
          </RichTextEditor.ControlsGroup>
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.BulletList />
            <RichTextEditor.OrderedList />
            <RichTextEditor.Blockquote />
          </RichTextEditor.ControlsGroup>
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.Link />
            <RichTextEditor.Unlink />
            <RichTextEditor.ClearFormatting />
          </RichTextEditor.ControlsGroup>
        </RichTextEditor.Toolbar>
      )}
    </RichTextEditor>
  );
}
