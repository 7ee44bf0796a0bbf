import { useCallback, useEffect, useRef, useState } from "react";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { draftOf, type ComposerFields } from "./composer.fields.ts";

/** After the last key; a crash then costs a word or two. */
const SAVE_AFTER_MS = 350;
/** Whoever types without a pause is saved all the same: durable within a second. */
const SAVE_AT_LEAST_MS = 800;

export interface DraftSaving {
  /** Something is otherwise now: saved in a moment. */
  changed(): void;
  /** Saved when this resolves; false when it could not be, which has been said. */
  flush(): Promise<boolean>;
  /** Something that was typed is not in the replica yet, or is on its way there. */
  readonly hasUnsaved: () => boolean;
  readonly problem: string | undefined;
}

/** Saves a draft while it is written, and at once when the window loses its user. What it says is asked for when it is saved. */
export function useSavedDraft(
  draftId: string,
  said: () => { readonly fields: ComposerFields; readonly html: string; readonly base: number },
): DraftSaving {
  const { call } = useReplica();
  const { t } = useWords();
  const failureWords = useFailureWords();
  const [problem, setProblem] = useState<string>();
  const waiting = useRef<{ readonly since: number; timer: number }>(undefined);
  const running = useRef<Promise<boolean>>(Promise.resolve(true));
  const saves = useRef(0); // under way
  const latest = useRef(said);
  useEffect(() => {
    latest.current = said;
  });

  const save = useCallback(async (): Promise<boolean> => {
    const { base, fields, html } = latest.current();
    saves.current++;
    try {
      await call("mail.saveDraft", { id: draftId, mailboxId: fields.mailboxId, draft: draftOf(fields, html), base });
      setProblem(undefined);
      return true;
    } catch (error) {
      setProblem(t("compose.notSaved", { reason: failureWords(error) }));
      return false;
    } finally {
      saves.current--;
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
  }, [call, draftId]);

  const flush = useCallback((): Promise<boolean> => {
    if (!waiting.current) return running.current;
    window.clearTimeout(waiting.current.timer);
    waiting.current = undefined;
    // One after the other: an older text must not overtake a newer one.
    running.current = running.current.then(save);
    return running.current;
  }, [save]);

  const changed = useCallback(() => {
    const now = performance.now();
    const since = waiting.current?.since ?? now;
    window.clearTimeout(waiting.current?.timer);
    const delay = Math.max(0, Math.min(SAVE_AFTER_MS, since + SAVE_AT_LEAST_MS - now));
    waiting.current = { since, timer: window.setTimeout(() => void flush(), delay) };
  }, [flush]);

  useEffect(() => {
    const leave = () => void flush();
    window.addEventListener("blur", leave);
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("blur", leave);
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [flush]);

  return { changed, flush, hasUnsaved: () => waiting.current !== undefined || saves.current > 0, problem };
}
