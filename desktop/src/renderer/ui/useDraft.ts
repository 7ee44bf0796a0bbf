import { useCallback, useEffect, useRef, useState } from "react";
import type { Json } from "@kontor/shared/base";
import { useReplica } from "../replica/index.ts";

const SAVE_AFTER_MS = 250; // short enough that a crash costs a word, long enough not to write at every key

/**
 * What was typed and not yet saved, kept on this device under a key: it outlives a crash, and nobody else sees it.
 * `undefined` until the replica has said what there is; `null` for nothing.
 */
export function useDraft<Value extends Json>(key: string) {
  const { call } = useReplica();
  const [draft, setDraft] = useState<{ key: string; value: Value | null }>();
  const pending = useRef<{ key: string; value: Value | null; timer: number }>(undefined);

  const flush = useCallback(() => {
    const waiting = pending.current;
    if (!waiting) return;
    window.clearTimeout(waiting.timer);
    pending.current = undefined;
    void call("draft.set", { key: waiting.key, value: waiting.value as never }).catch(() => undefined);
  }, [call]);

  useEffect(() => {
    let gone = false;
    call("draft.get", { key }).then(
      ({ value }) =>
        !gone && setDraft((before) => (before?.key === key ? before : { key, value: value as Value | null })),
      () => !gone && setDraft((before) => (before?.key === key ? before : { key, value: null })),
    );
    window.addEventListener("blur", flush);
    window.addEventListener("pagehide", flush);
    return () => {
      gone = true;
      window.removeEventListener("blur", flush);
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [call, key, flush]);

  const change = useCallback(
    (value: Value | null) => {
      setDraft({ key, value });
      window.clearTimeout(pending.current?.timer);
      pending.current = { key, value, timer: window.setTimeout(flush, SAVE_AFTER_MS) };
      if (value === null) flush();
    },
    [key, flush],
  );

  return [draft?.key === key ? draft.value : undefined, change] as const;
}
