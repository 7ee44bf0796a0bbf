import { useEffect, useState } from "react";
import type { Refusal } from "#contract";
import { useWords } from "../words/index.ts";

/** Sends a password, and turns what comes back into words; while throttled, it counts down and waits. */
export function useSignIn() {
  const { t, reason, locale } = useWords();
  const [refusal, setRefusal] = useState<Refusal & { until?: number }>();
  const [busy, setBusy] = useState(false);
  const [now, setNow] = useState(() => Date.now());
  const until = refusal?.until;

  useEffect(() => {
    if (until === undefined || until <= now) return;
    const timer = window.setTimeout(() => setNow(Date.now()), 1000);
    return () => window.clearTimeout(timer);
  }, [until, now]);

  async function signIn(input: { url: string; login: string; password: string }): Promise<boolean> {
    setBusy(true);
    const answer = await window.kontor.signIn(input);
    setBusy(false);
    setNow(Date.now());
    setRefusal(
      answer.ok
        ? undefined
        : { ...answer, ...(answer.retryAfterMs === undefined ? {} : { until: Date.now() + answer.retryAfterMs }) },
    );
    return answer.ok;
  }

  const waitMs = until === undefined ? 0 : Math.max(0, until - now);
  const problem =
    refusal &&
    (until === undefined
      ? reason(refusal.reason, refusal.message)
      : waitMs > 0
        ? t("signIn.throttled", { time: formatWait(waitMs, locale) })
        : t("signIn.throttledNow"));
  return { signIn, busy, problem, waiting: waitMs > 0, clear: () => setRefusal(undefined), refuse: setRefusal };
}

function formatWait(ms: number, locale: string): string {
  const seconds = Math.ceil(ms / 1000);
  const unit = seconds < 90 ? "second" : "minute";
  const amount = unit === "second" ? seconds : Math.ceil(seconds / 60);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(amount);
}
