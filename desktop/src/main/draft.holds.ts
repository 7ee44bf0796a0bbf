/**
 * Which window writes a draft: one of them at a time, or the one that saves last would undo what was typed in the other.
 *
 *   HLD-1  a draft is written in one window; others say so, and show that one
 *   HLD-2  a draft's own window takes it over from a pane, when the pane's text is in the replica
 *   HLD-3  whoever cannot save keeps it
 *   HLD-4  a window that is gone holds nothing, and whoever waits is told
 */
export interface DraftHolds<Window> {
  /** True when this window may write the draft. `token` is one showing of it: an older one cannot give up a newer one. */
  claim(window: Window, hold: DraftHold): Promise<boolean>;
  /** What was typed there is in the replica. */
  release(hold: DraftHold): void;
  /** The answer to being asked to leave: what was typed there could not be saved. */
  keep(id: string): void;
  windowOf(id: string): Window | undefined;
  gone(window: Window): void;
}

export interface DraftHold {
  readonly id: string;
  readonly token: string;
}

export interface DraftHoldsDeps<Window> {
  readonly isOwnWindow: (window: Window, id: string) => boolean;
  /** Asks a window to save a draft and let it go: by `release`, or `keep`. */
  readonly askToLeave: (window: Window, id: string) => void;
  /** Nobody writes it now. */
  readonly onFree: (id: string) => void;
  /** A page that hangs is not waited for. */
  readonly leaveMs: number;
}

export function createDraftHolds<Window>(deps: DraftHoldsDeps<Window>): DraftHolds<Window> {
  const holds = new Map<string, { readonly window: Window; readonly token: string }>();
  /** Who waits until a draft is let go, or kept. */
  const asked = new Map<string, ((isFree: boolean) => void)[]>();

  function free(id: string): void {
    holds.delete(id);
    answer(id, true);
    deps.onFree(id);
  }

  function answer(id: string, isFree: boolean): void {
    const waiting = asked.get(id) ?? [];
    asked.delete(id);
    for (const each of waiting) each(isFree);
  }

  function leaving(window: Window, id: string): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), deps.leaveMs);
      const done = (isFree: boolean) => {
        clearTimeout(late);
        resolve(isFree);
      };
      asked.set(id, [...(asked.get(id) ?? []), done]);
      deps.askToLeave(window, id);
    });
  }

  return {
    async claim(window, { id, token }) {
      const held = holds.get(id);
      if (held && held.window !== window) {
        if (!deps.isOwnWindow(window, id) || !(await leaving(held.window, id))) return false;
        if (holds.has(id)) return false; // somebody was faster
      }
      holds.set(id, { window, token });
      return true;
    },
    release: ({ id, token }) => void (holds.get(id)?.token === token && free(id)),
    keep: (id) => answer(id, false),
    windowOf: (id) => holds.get(id)?.window,
    gone(window) {
      for (const [id, held] of holds) if (held.window === window) free(id);
    },
  };
}
