import type { Log } from "#kernel";
import { createBatches } from "./batches.ts";
import type { OutboundGroup } from "./claimGroups.ts";
import { writeOutcomes } from "./outbound.repo.ts";
import { settleAnswer, type Settled } from "./settleAnswer.ts";
import type { AnswerKind, RecipientAnswer } from "./transport.port.ts";
import { keepNotice, writeNotices, type NoticeDeps } from "./writeNotices.ts";

export interface AnswerDeps extends NoticeDeps {
  readonly log: Log;
  readonly metrics: { answered(kind: AnswerKind): void };
  /** A notice lies in `mail_inbound`. */
  noticed(): void;
  /** The change log grew. */
  changed(): void;
}

export interface Answers {
  /**
   * Resolves once they are written. They are in memory alone until then: they are written as soon as the database takes them,
   * whatever happens to it now; `onLate` says that it did not take them at once.
   */
  record(group: OutboundGroup, answers: readonly RecipientAnswer[], onLate: () => void): Promise<void>;
  /** When the last message left, ISO 8601. */
  lastSuccess(): string | undefined;
}

interface AttemptEnd {
  readonly group: OutboundGroup;
  readonly answers: readonly RecipientAnswer[];
}

/** How long answers gather. Whoever is killed meanwhile sends what they are about once more; a commit takes no less on most disks. */
const GATHER_MS = 10;
const WRITE_AGAIN_MS = 1_000;
const MAX_WRITES = 600; // ten minutes: longer than a database takes to start again

const NO_ANSWER: Omit<RecipientAnswer, "recipient"> = { kind: "connection", words: "" };

/** Writes what an attempt came to, in one transaction with what its sender is told. */
export function createAnswers(deps: AnswerDeps): Answers {
  const { db, clock, log, metrics } = deps;
  const together = createBatches(writeEnds, { restMs: GATHER_MS });
  let lastSuccess: string | undefined;

  async function record(group: OutboundGroup, answers: readonly RecipientAnswer[], onLate: () => void): Promise<void> {
    const end = { group, answers };
    for (let attempt = 0; ; attempt++) {
      try {
        // One that cannot be written must not keep others from it: then each is written alone.
        return await (attempt === 0 ? together.add(end) : writeEnds([end]));
      } catch (error) {
        if (attempt >= MAX_WRITES) throw error;
        onLate();
        log.warn({ err: error, envelopeId: group.envelopeId }, "an answer could not be written down yet");
        if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, WRITE_AGAIN_MS).unref());
      }
    }
  }

  async function writeEnds(ends: readonly AttemptEnd[]): Promise<void> {
    const now = clock.now();
    const settled = ends.map(({ group, answers }) => ({
      group,
      recipients: group.rows.map((row, at) => settleAnswer(row, answers[at] ?? NO_ANSWER, now)),
    }));
    const written = await Promise.all(settled.map(({ group, recipients }) => writeNotices(deps, group, recipients)));
    const notices = written.flat();
    const all = settled.flatMap(({ recipients }) => recipients);
    const kept = await db.transaction().execute(async (trx) => {
      const ended = await writeOutcomes(
        trx,
        all.map(({ outcome }) => outcome),
      );
      for (const notice of notices) if (notice.ids.some((id) => ended.has(id))) await keepNotice(trx, deps, notice);
      return ended;
    });
    for (const { group, recipients } of settled) {
      if (!recipients.every(({ row }) => kept.has(row.id)))
        log.warn({ envelopeId: group.envelopeId }, "an attempt was taken for dead, and made a second time");
      for (const each of recipients) tell(log, group, each);
    }
    for (const { answer } of all) metrics.answered(answer.kind);
    if (all.some(({ answer }) => hasLeft(answer))) lastSuccess = new Date(now).toISOString();
    deps.changed();
    if (notices.length > 0) deps.noticed();
  }

  return { record, lastSuccess: () => lastSuccess };
}

const hasLeft = ({ kind }: Settled["answer"]) => kind === "delivered" || kind === "relayed";

function tell(log: Log, { envelopeId }: OutboundGroup, { row, answer, outcome }: Settled): void {
  const { recipient, attempts: attempt } = row;
  const { state, reply } = outcome;
  log.info({ envelopeId, recipient, attempt, state, reply }, hasLeft(answer) ? "mail left" : "mail did not leave");
}
