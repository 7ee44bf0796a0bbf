import { ownAnswers } from "@kontor/shared/mail";
import type { ClaimedRow } from "./claimGroups.ts";
import type { Outcome, OutboundRow } from "./outbound.repo.ts";
import { nextStep } from "./retrySchedule.ts";
import { replyOf, type RecipientAnswer } from "./transport.port.ts";

export interface Settled {
  readonly row: ClaimedRow;
  readonly answer: Omit<RecipientAnswer, "recipient">;
  readonly outcome: Outcome;
  readonly tellDelay: boolean;
  /** It was not refused: the time is over. */
  readonly expired: boolean;
}

/** What an answer means for a recipient. */
export function settleAnswer(row: ClaimedRow, answer: Omit<RecipientAnswer, "recipient">, now: number): Settled {
  const at = new Date(now).toISOString();
  const reply = replyOf(answer);
  const end = (state: "delivered" | "relayed" | "failed", expired = false): Settled => ({
    row,
    answer,
    outcome: { id: row.id, state, reply, finishedAt: at },
    tellDelay: false,
    expired,
  });
  if (answer.kind === "delivered" || answer.kind === "relayed") return end(answer.kind);
  if (answer.kind === "permanent") return end("failed");
  const step = nextStep({ attempts: row.attempts, queuedAt: Date.parse(row.queued_at), now });
  if (step.kind === "giveUp") return end("failed", true);
  const isTold = row.delay_told_at !== null;
  const outcome: Outcome = {
    id: row.id,
    state: step.tellDelay ? "delayed" : "waiting",
    reply,
    nextAt: new Date(step.at).toISOString(),
    ...(step.tellDelay && !isTold && { delayToldAt: at }),
  };
  return { row, answer, outcome, tellDelay: step.tellDelay && !isTold, expired: false };
}

/** An attempt without an answer is made again; never given up by this, since nobody would tell its sender. */
export function retake(row: OutboundRow, now: number): Outcome {
  const step = nextStep({ attempts: row.attempts, queuedAt: Date.parse(row.queued_at), now });
  return {
    id: row.id,
    state: row.delay_told_at === null ? "waiting" : "delayed",
    reply: ownAnswers.attemptLost,
    nextAt: new Date(step.kind === "retry" ? step.at : now).toISOString(),
  };
}
