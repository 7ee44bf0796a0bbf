export { Composer } from "./Composer.tsx";
export type { ComposerEnd, ComposerProps } from "./Composer.tsx";
export { ComposeWindow } from "./ComposeWindow.tsx";
export { NoSender, useStartDraft } from "./startDraft.ts";
export type { StartDraft } from "./startDraft.ts";
export { UndoSendBar } from "./UndoSendBar.tsx";
export { cardOf, RecordSearch } from "./CardPicker.tsx";
export { EditorArea, useDraftEditor } from "./Editor.tsx";
export { savedHtml } from "./draft.html.ts";
