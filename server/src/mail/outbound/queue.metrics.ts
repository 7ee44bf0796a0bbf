import { Counter, Gauge } from "prom-client";
import { sql } from "kysely";
import type { Database, Metrics } from "#kernel";
import { answerKinds, type AnswerKind } from "./transport.port.ts";

/** Counts answers, and shows the queue to whoever asks for metrics. */
export function createQueueMetrics({ metrics, db }: { readonly metrics: Metrics; readonly db: Database }): {
  answered(kind: AnswerKind): void;
} {
  const answers = new Counter({
    name: "kontor_mail_outbound_answers_total",
    help: "Answers of far mail servers, one a recipient and attempt, by kind",
    labelNames: ["kind"],
    registers: [metrics],
  });
  for (const kind of answerKinds) answers.inc({ kind }, 0);
  const oldest = new Gauge({
    name: "kontor_mail_outbound_oldest_seconds",
    help: "Age of the oldest recipient that waits to be served",
    registers: [metrics],
  });
  const recipients = new Gauge({
    name: "kontor_mail_outbound_recipients",
    help: "Recipients in the queue of outgoing mail, by state",
    labelNames: ["state"],
    registers: [],
    async collect() {
      const counts = await countQueue(db);
      for (const state of queuedStates) this.set({ state }, counts[state]);
      oldest.set(counts.oldestSeconds);
    },
  });
  metrics.registerMetric(recipients);
  return { answered: (kind) => answers.inc({ kind }) };
}

const queuedStates = ["waiting", "delayed", "sending", "held"] as const;
type QueueCounts = Readonly<Record<(typeof queuedStates)[number] | "oldestSeconds", number>>;

/** What waits, and for how long the oldest of it does. */
export async function countQueue(db: Database): Promise<QueueCounts> {
  const { rows } = await sql<QueueCounts>`
    select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'delayed') as delayed,
      count(*) filter (where state = 'sending') as sending, count(*) filter (where state = 'held') as held,
      coalesce(extract(epoch from now() - min(queued_at) filter (where state <> 'held')), 0)::int as "oldestSeconds"
    from mail_outbound where state in ('waiting', 'delayed', 'sending', 'held')`.execute(db);
  return rows[0] ?? { waiting: 0, delayed: 0, sending: 0, held: 0, oldestSeconds: 0 };
}
