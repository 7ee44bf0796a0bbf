import { useEffect } from "react";
import type { ReplicaMessage } from "#contract";
import { useReplica } from "../../replica/index.ts";

/** Whoever only walks past on the way to another has not read it. */
const READ_AFTER_MS = 1_200;

/** What is open before somebody's eyes is read after a moment; what they mark unread afterwards stays so. */
export function useMarkRead(messages: readonly ReplicaMessage[], opened: ReadonlySet<string>): void {
  const { call } = useReplica();
  const key = messages
    .filter(({ id }) => opened.has(id))
    .map(({ id }) => id)
    .join();
  useEffect(() => {
    if (key === "") return;
    const timer = window.setTimeout(() => {
      if (!document.hidden)
        void call("mail.update", { targets: { ids: key.split(",") }, change: { seen: true } }).catch(() => undefined);
    }, READ_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [call, key]);
}
