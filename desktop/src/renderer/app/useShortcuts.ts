import { useEffect, useLayoutEffect, useRef } from "react";
import { shortcutOf, type ShortcutId } from "./shortcuts.ts";

export type ShortcutActions = { readonly [Id in ShortcutId]?: (() => void) | undefined };

/** Binds some of the table while the caller is shown. The innermost caller that handles a key keeps it. */
export function useShortcuts(actions: ShortcutActions): void {
  const latest = useRef(actions);
  useLayoutEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const isMac = window.kontor.platform === "darwin";
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const id = shortcutOf(event, isMac, isTextField(event.target));
      const action = id && latest.current[id];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

const isTextField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !/^(checkbox|radio|button|range)$/.test(target.type)));
