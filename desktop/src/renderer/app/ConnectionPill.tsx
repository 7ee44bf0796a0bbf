import { Tooltip } from "@mantine/core";
import { useReplica } from "../replica/index.ts";
import { useWords, type WordKey } from "../words/index.ts";
import { askSignInAgain } from "../signIn/index.ts";
import { go } from "./route.ts";
import classes from "./shell.module.css";

/** Connection and unsent changes in one quiet place; the only thing it ever asks is "try now". */
export function ConnectionPill() {
  const { call, status } = useReplica();
  const { t, reason, locale } = useWords();
  const { connection, pending } = status;
  const isOnline = connection === "online";
  const tone =
    connection === "signedOut" || connection === "outdated"
      ? "bad"
      : isOnline && !pending
        ? "ok"
        : isOnline
          ? "idle"
          : "warn";
  const state: WordKey = status.filling
    ? "app.pill.filling"
    : isOnline
      ? pending > 0
        ? "app.pill.sending"
        : "app.pill.saved"
      : CONNECTION_WORDS[connection];
  const since = status.lastContactAt
    ? t("app.pill.lastContact", {
        time: new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(
          new Date(status.lastContactAt),
        ),
      })
    : "";
  const why = status.problem ? reason(status.problem.reason, status.problem.message) : "";
  return (
    <Tooltip label={[why, since].filter(Boolean).join(" ")} disabled={!why && !since} position="bottom-end">
      <span className={classes.pill} data-tone={tone} role="status" aria-live="polite" data-testid="connection">
        <span className={classes.dot} aria-hidden />
        <span>{t(state, { count: status.filling?.received ?? pending })}</span>
        {!isOnline && pending > 0 && (
          <>
            <span aria-hidden>·</span>
            <button type="button" onClick={() => go({ at: "outbox" })} style={{ textDecoration: "none" }}>
              {t("app.pill.waiting", { count: pending })}
            </button>
          </>
        )}
        {(connection === "offline" || connection === "connecting") && (
          <>
            <span aria-hidden>·</span>
            <button type="button" onClick={() => void call("sync.tryNow", {})}>
              {t("app.pill.tryNow")}
            </button>
          </>
        )}
        {connection === "signedOut" && (
          <>
            <span aria-hidden>·</span>
            <button type="button" onClick={() => askSignInAgain(t, status)}>
              {t("app.pill.signIn")}
            </button>
          </>
        )}
      </span>
    </Tooltip>
  );
}

const CONNECTION_WORDS = {
  online: "app.pill.saved",
  connecting: "app.pill.connecting",
  offline: "app.pill.offline",
  signedOut: "app.pill.signedOut",
  locked: "app.pill.locked",
  outdated: "app.pill.outdated",
} as const satisfies Record<string, WordKey>;
