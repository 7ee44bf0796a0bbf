import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useReplica, useWatched } from "../../replica/index.ts";
import { MomentField } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { sendTimes, type SendPreset } from "../compose/send.times.ts";
import type { MailRequest } from "../mail.requests.ts";
import { useMailActions } from "../useMailActions.tsx";
import classes from "./dialogs.module.css";

const WORDS: Readonly<Record<SendPreset, WordKey>> = {
  inAnHour: "mail.moment.inAnHour",
  thisEvening: "mail.moment.thisEvening",
  tomorrowMorning: "mail.moment.tomorrow",
  mondayMorning: "mail.moment.monday",
};

/** Until when something is out of sight, or when it is to be remembered. */
export function MomentDialog(props: {
  readonly asked: Extract<MailRequest, { ask: "snooze" | "followUp" }>;
  readonly close: () => void;
}) {
  const { asked, close } = props;
  const { t, locale } = useWords();
  const { call } = useReplica();
  const actions = useMailActions();
  const [now] = useState(() => new Date());
  const [chosen, setChosen] = useState<string | null>(null);
  const isSnooze = asked.ask === "snooze";
  const boxes = useWatched("mail.boxes", {});
  const shared = boxes?.mailboxes.find(({ id, kind }) => isSnooze && id === asked.mailboxId && kind === "shared");
  const format = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  async function take(at: Date): Promise<void> {
    close();
    const iso = at.toISOString();
    if (isSnooze) {
      const done = await actions.update(asked.targets, { snoozedUntil: iso }, "mail.done.snoozed", {
        params: { at: format.format(at) },
      });
      if (done) asked.after?.();
    } else await call("mail.update", { targets: asked.targets, change: { followUpAt: iso } });
  }
  return (
    <Modal
      opened
      onClose={close}
      size={360}
      title={t(isSnooze ? "mail.snooze.title" : "mail.followUp.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <div className={classes.pickList}>
        {sendTimes(now).map(({ at, preset }, index) => (
          <button
            key={preset}
            type="button"
            className={classes.pick}
            data-autofocus={index === 0 || undefined}
            onClick={() => void take(at)}
          >
            <span>{t(WORDS[preset])}</span>
            <small>{format.format(at)}</small>
          </button>
        ))}
      </div>
      {shared && <p className={classes.hint}>{t("mail.snooze.shared", { mailbox: shared.name })}</p>}
      <MomentField label={t("mail.moment.choose")} value={chosen} min={now} onChange={setChosen} />
      <div className={classes.dialogButtons}>
        <Button onClick={close}>{t("app.cancel")}</Button>
        <Button
          variant="filled"
          disabled={chosen === null || new Date(chosen) <= now}
          onClick={() => chosen !== null && void take(new Date(chosen))}
        >
          {t(isSnooze ? "mail.snooze" : "mail.followUp.set")}
        </Button>
      </div>
    </Modal>
  );
}
