import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { newId } from "@kontor/shared/base";

export interface HeldDraft {
  readonly state: "asking" | "held" | "elsewhere";
  /** Whoever writes says how: it resolves when what was typed is in the replica, false when it could not be saved. */
  readonly savedBy: (save: () => Promise<boolean>) => void;
}

/** Writing a draft is one window's at a time (`main/draft.holds.ts`); another one that wants it gets it saved. */
export function useDraftHold(draftId: string): HeldDraft {
  const [state, setState] = useState<HeldDraft["state"]>("asking");
  const save = useRef<() => Promise<boolean>>(async () => true);
  useEffect(() => {
    const hold = { id: draftId, token: newId() };
    let gone = false;
    const ask = async () => {
      const isHeld = await window.kontor.claimDraft(hold);
      if (!gone) setState(isHeld ? "held" : "elsewhere");
      else if (isHeld) await window.kontor.releaseDraft(hold);
    };
    const leave = async () => {
      if (!(await save.current())) return window.kontor.keepDraft(draftId);
      // Nothing can be typed here from now on; what was in the meantime is saved as the editor goes.
      flushSync(() => setState("elsewhere"));
      await save.current();
      await window.kontor.releaseDraft(hold);
    };
    const off = window.kontor.onCommand(({ args, id }) => {
      if (args !== draftId) return;
      if (id === "draft.free") void ask();
      if (id === "draft.leave") void leave();
    });
    void ask();
    return () => {
      gone = true;
      off();
      void save.current().then(() => window.kontor.releaseDraft(hold));
    };
  }, [draftId]);
  return { state, savedBy: useCallback((how) => void (save.current = how), []) };
}
