import { Button } from "@mantine/core";
import { useState } from "react";
import type { ReplicaMessage } from "#contract";
import { deliveryReasonWords, mailLimits, readAnswer, type DeliveryDoc } from "@kontor/shared/mail";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { complain, StateBadge, Time } from "../../ui/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { ChooseMoment } from "../compose/index.ts";
import type { Addresses } from "../useAddresses.ts";
import classes from "./read.module.css";

const STATES = {
  waiting: { words: "mail.delivery.waiting", tone: "neutral" },
  held: { words: "mail.delivery.held", tone: "warn" },
  delivered: { words: "mail.delivery.delivered", tone: "good" },
  relayed: { words: "mail.delivery.relayed", tone: "good" },
  delayed: { words: "mail.delivery.delayed", tone: "warn" },
  failed: { words: "mail.delivery.failed", tone: "bad" },
  cancelled: { words: "mail.delivery.cancelled", tone: "neutral" },
} as const satisfies Record<
  DeliveryDoc["state"],
  { readonly words: WordKey; readonly tone: "neutral" | "warn" | "good" | "bad" }
>;

const LONGEST_UNDO_MS = Math.max(...mailLimits.undoSeconds) * 1_000;

/** How far what one sent has come: quiet while all is well, open where somebody did not get it. */
export function Deliveries({
  addresses,
  message,
}: {
  readonly message: ReplicaMessage;
  readonly addresses: Addresses;
}) {
  const { t, reason } = useWords();
  const { call, status } = useReplica();
  const failureWords = useFailureWords();
  const deliveries = message.deliveries ?? [];
  const isTroubled = deliveries.some(({ state }) => state === "failed" || state === "delayed" || state === "held");
  const [chosen, setChosen] = useState<boolean>();
  const shown = chosen ?? isTroubled; // also when the trouble comes while one looks
  const { send } = message;
  const [choosing, setChoosing] = useState(false);
  const [opened] = useState(() => Date.now());
  // What waits for its undo time alone is gone before another one is chosen.
  const isPutOff = send?.at !== undefined && Date.parse(send.at) - opened > LONGEST_UNDO_MS;

  /** Back to the drafts and off again: each of it is decided as if a person did it. */
  async function sendAt(at: Date): Promise<void> {
    try {
      await call("mail.cancelSend", { id: message.id });
      await call("mail.send", { id: message.id, undoSeconds: 0, at: at.toISOString() });
    } catch (error) {
      complain(failureWords(error));
    }
  }

  return (
    <>
      {send?.state === "scheduled" && (
        <div className={classes.sendBar}>
          <span>
            {status.connection === "online" && message.pending === 0
              ? t("mail.send.leavesAt")
              : t("mail.send.leavesOnline")}{" "}
            {send.at !== undefined && <Time at={send.at} withClock />}
          </span>
          <span className={classes.sendActs}>
            {isPutOff && (
              <Button size="compact-sm" onClick={() => setChoosing(true)}>
                {t("mail.send.changeTime")}
              </Button>
            )}
            <Button size="compact-sm" onClick={() => void call("mail.cancelSend", { id: message.id })}>
              {t("mail.send.cancel")}
            </Button>
          </span>
        </div>
      )}
      {choosing && send?.at !== undefined && (
        <ChooseMoment before={new Date(send.at)} close={() => setChoosing(false)} chosen={(at) => void sendAt(at)} />
      )}
      {send?.state === "failed" && (
        <p className={classes.sendFailed} role="alert">
          {t("mail.send.failedWhy", { reason: reason(send.reason ?? "", send.message ?? "") })}
        </p>
      )}
      {deliveries.length > 0 && (
        <div className={classes.deliveries}>
          <button type="button" className={classes.link} aria-expanded={shown} onClick={() => setChosen(!shown)}>
            {t("mail.delivery.summary", {
              done: deliveries.filter(({ state }) => state === "delivered" || state === "relayed").length,
              count: deliveries.length,
            })}
          </button>
          {shown && (
            <ul>
              {deliveries.map(({ address, at, reply, state }) => (
                <li key={address}>
                  <StateBadge tone={STATES[state].tone}>{t(STATES[state].words)}</StateBadge>
                  <span>{addresses.nameOf({ address })}</span>
                  <Time at={at} withClock />
                  {reply && <Answer reply={reply} state={state} />}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </>
  );
}

/** Why it has not arrived, in the reader's words; and what the far server said, in its own. */
function Answer({ reply, state }: Required<Pick<DeliveryDoc, "reply" | "state">>) {
  const { label } = useWords();
  if (state === "delivered" || state === "relayed") return <small>{reply}</small>;
  const { reason, said } = readAnswer(reply, { isOver: state === "failed" });
  return (
    <>
      <p>{label(deliveryReasonWords[reason])}</p>
      {said !== undefined && (
        <small>
          <q>{said}</q>
        </small>
      )}
    </>
  );
}
