import { useEffect } from "react";
import { enterList, enterRegion } from "./regions.ts";

/** Mantine gives the keys back itself, 10 ms after a dialog that stays mounted was closed; whatever it does comes first. */
const MANTINE_MS = 30;

/**
 * Whoever closes a dialog or a menu goes on where they were before it. Ours are mounted only while they are asked for, and what
 * had the focus when one opened is often the item of a menu that is gone: the keys would go to the page, and the next Tab to its top.
 */
export function useFocusBack(): void {
  useEffect(() => {
    let last: HTMLElement | undefined;
    let inDialog: HTMLElement | undefined;
    let region: HTMLElement | undefined;
    let timer = 0;
    const observer = new MutationObserver(() => {
      window.clearTimeout(timer);
      timer = window.setTimeout(goBack, MANTINE_MS);
    });

    function goBack(): void {
      const dialog = [...document.querySelectorAll<HTMLElement>('[data-portal] [aria-modal="true"]')].at(-1);
      if (dialog) return goBackInto(dialog);
      if (document.activeElement !== document.body) return;
      if (last?.isConnected && last.offsetParent !== null) last.focus({ preventScroll: true });
      if (document.activeElement !== document.body) return;
      // A letter that was sent from its dialog is gone with its region: the list beside it is still there.
      if (region?.isConnected) enterRegion(region);
      else enterList();
    }

    /** A button that was pressed takes no keys while it works, and is gone with its step: the dialog keeps them. */
    function goBackInto(dialog: HTMLElement): void {
      if (document.activeElement !== document.body && document.activeElement !== dialog) return;
      if (inDialog && dialog.contains(inDialog) && !inDialog.matches(":disabled")) return inDialog.focus();
      dialog.focus();
    }

    function onFocusIn({ target }: FocusEvent): void {
      if (!(target instanceof HTMLElement)) return;
      const portal = target.closest("[data-portal]");
      if (portal) {
        if (!target.matches('[aria-modal="true"]')) inDialog = target;
        return observer.observe(portal, { childList: true, subtree: true });
      }
      observer.disconnect();
      last = target;
      region = target.closest<HTMLElement>("[data-region]") ?? region;
    }

    document.addEventListener("focusin", onFocusIn);
    return () => {
      document.removeEventListener("focusin", onFocusIn);
      observer.disconnect();
      window.clearTimeout(timer);
    };
  }, []);
}
