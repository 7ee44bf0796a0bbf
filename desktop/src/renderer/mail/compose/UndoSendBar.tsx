import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import type { MailRow } from "#contract";
import { useFailureWords, useReplica, useWatched } from "../../replica/index.ts";
import { complain } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

/** Whoever undoes has at most a minute; what is scheduled for later is nobody's haste. */
const UNDO_MS = 61_000;
const SHOWN = 20;
const TICK_MS = 250;

const OUTBOX = {
  list: { place: { at: "role" as const, role: "outbox" as const }, conversations: false, filter: "all" as const },
  skip: 0,
  limit: SHOWN,
};

/** What was sent a moment ago and can still be called back, wherever one is. */
export function UndoSendBar({ reopen }: { readonly reopen: (draftId: string) => void }) {
  const { status } = useReplica();
  const page = useWatched("mail.list", OUTBOX);
  const rows = (page?.rows ?? []).filter(
    ({ send }) => send?.state === "scheduled" && send.at !== undefined && send.by === status.user.id,
  );
  const now = useSeconds(rows.length > 0);
  const leaving = rows.filter(({ send }) => {
    const left = Date.parse(send?.at ?? "") - now;
    return left > 0 && left < UNDO_MS;
  });
  if (leaving.length === 0) return null;
  return (
    <div className={classes.undoBars} role="status">
      {leaving.map((row) => (
        <Leaving key={row.messageId} row={row} now={now} reopen={reopen} />
      ))}
    </div>
  );
}

function Leaving(props: { readonly row: MailRow; readonly now: number; readonly reopen: (draftId: string) => void }) {
  const { call, status } = useReplica();
  const { t } = useWords();
  const failureWords = useFailureWords();
  const { messageId, send, subject } = props.row;
  const seconds = Math.ceil((Date.parse(send?.at ?? "") - props.now) / 1_000);
  const isOnline = status.connection === "online";

  async function undo(): Promise<void> {
    try {
      await call("mail.cancelSend", { id: messageId });
      props.reopen(messageId);
    } catch (error) {
      complain(failureWords(error));
    }
  }

  return (
    <div className={classes.undoBar}>
      <span aria-hidden className={classes.undoCount}>
        {seconds}
      </span>
      <span className={classes.undoText}>
        {t(isOnline ? "compose.undo.leaving" : "compose.undo.leavingOffline")}{" "}
        <b>{subject || t("compose.noSubject")}</b>
      </span>
      <Button size="compact-sm" variant="filled" onClick={() => void undo()}>
        {t("compose.undo")}
      </Button>
    </div>
  );
}

function useSeconds(isOn: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isOn) return;
    const tick = () => setNow(Date.now());
    tick();
    const timer = window.setInterval(tick, TICK_MS);
    return () => window.clearInterval(timer);
  }, [isOn]);
  return now;
}
