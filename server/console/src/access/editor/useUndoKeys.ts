import { useEffect } from "react";
import type { DraftStore } from "./draft.store.ts";

/** Ctrl+Z and Ctrl+Y outside of text fields, which undo their own typing. */
export function useUndoKeys(store: DraftStore): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, [contenteditable=true]")) return;
      // by physical key, so that a Russian layout works
      const isUndo = event.code === "KeyZ" && !event.shiftKey;
      const isRedo = event.code === "KeyY" || (event.code === "KeyZ" && event.shiftKey);
      if (!isUndo && !isRedo) return;
      event.preventDefault();
      if (isUndo) store.undo();
      else store.redo();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [store]);
}
