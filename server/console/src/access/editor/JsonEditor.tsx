import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Annotation, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Catalog } from "../policy/catalog.ts";
import { offersAt } from "./json.completion.ts";
import { rangeOfPlace, spotAt } from "./json.places.ts";

export interface JsonMark {
  readonly place: string;
  readonly words: string;
  /** Where the text is no JSON. */
  readonly offset?: number | undefined;
}

interface Props {
  readonly text: string;
  readonly label: string;
  readonly readOnly: boolean;
  readonly marks: readonly JsonMark[];
  readonly catalog: Catalog;
  readonly resource: string;
  readonly onType: (text: string) => void;
}

/** Set on changes that came from the form: they are not typing. */
const fromForm = Annotation.define<boolean>();

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--accent)" },
  { tag: tags.string, color: "var(--ink)" },
  { tag: tags.number, color: "var(--warn)" },
  { tag: [tags.bool, tags.null], color: "var(--warn)" },
  { tag: [tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-3)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--ink)", fontSize: "12.5px", height: "100%" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--ink-3)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "7px",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--accent)" },
  ".cm-completionDetail": { color: "var(--ink-3)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)",
  },
});

/** Tab leaves it, as everywhere (WCAG 2.1.2); Ctrl+Space completes. Another label or right to write is another editor. */
export default function JsonEditor({ text, label, readOnly, marks, catalog, resource, onType }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef({ catalog, resource, onType });

  useEffect(() => {
    latest.current = { catalog, resource, onType };
  });

  useEffect(() => {
    if (!box.current) return;
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        extensions: [
          [
            lineNumbers(),
            highlightActiveLine(),
            drawSelection(),
            history(),
            json(),
            bracketMatching(),
            closeBrackets(),
          ],
          [indentOnInput(), syntaxHighlighting(colours), look, lintGutter(), EditorView.lineWrapping],
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          autocompletion({
            icons: false,
            override: [
              (context) => {
                const spot = spotAt(context.state, context.pos);
                if (!spot) return null;
                const { catalog: words, resource: type } = latest.current;
                const options = offersAt(spot, type, words);
                return options.length === 0 ? null : { from: spot.from, to: spot.to, options: [...options] };
              },
            ],
          }),
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
          EditorView.updateListener.of((update) => {
            const typed = update.docChanged && !update.transactions.some((one) => one.annotation(fromForm));
            if (typed) latest.current.onType(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [label, readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || saysTheSame(editor.state.doc.toString(), text)) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      annotations: fromForm.of(true),
    });
  }, [text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    editor.dispatch(
      setDiagnostics(
        editor.state,
        marks.map((mark) => diagnosticOf(editor.state, mark)),
      ),
    );
  }, [marks]);

  return <div ref={box} className="json-editor" />;
}

/** What somebody typed is not laid out anew under their hands while it means the same. */
function saysTheSame(typed: string, text: string): boolean {
  if (typed === text) return true;
  try {
    return JSON.stringify(JSON.parse(typed)) === JSON.stringify(JSON.parse(text));
  } catch {
    return false;
  }
}

function diagnosticOf(state: EditorState, { place, words, offset }: JsonMark): Diagnostic {
  const at = offset === undefined ? undefined : Math.min(offset, state.doc.length);
  const range = at === undefined ? rangeOfPlace(state, place) : { from: at, to: Math.min(at + 1, state.doc.length) };
  return { ...range, severity: "error", message: words };
}
