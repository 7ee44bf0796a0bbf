import { sql, type RawBuilder } from "kysely";
import { z } from "zod";
import type { Clock } from "@kontor/shared/base";
import { auditActor, defineEndpoint, recordAudit, type Database, type Endpoint } from "#kernel";
import { actOnOutbound, type OutboundState, type QueueAct } from "./outbound.repo.ts";
import { countQueue } from "./queue.metrics.ts";

export interface QueueAdminDeps {
  readonly db: Database;
  readonly clock: Clock;
  /** Something may be due. */
  wake(): void;
  /** The change log grew. */
  changed(): void;
}

const ADMINISTER = { kind: "system", action: "administer" } as const;
const states = ["waiting", "delayed", "sending", "held", "delivered", "relayed", "failed", "cancelled"] as const;
const NOTED = { retry: "mail.queueRetried", hold: "mail.queueHeld", cancel: "mail.queueCancelled" } as const;
const MAX_PAGE = 200;
const MAX_IDS = 500;

const filter = z.object({
  state: z
    .enum([...states, "open"])
    .default("open")
    .describe("open: what has not come to its end"),
  domain: z.string().trim().toLowerCase().max(255).optional(),
  search: z.string().trim().max(320).optional().describe("A part of a recipient's or sender's address"),
});
const row = z.object({
  id: z.uuid(),
  state: z.enum(states),
  sender: z.string(),
  recipient: z.string(),
  size: z.number(),
  route: z.enum(["own", "account"]),
  attempts: z.number(),
  queuedAt: z.string(),
  lastAt: z.string().nullable(),
  nextAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  reply: z.string().nullable(),
});
type Filter = z.output<typeof filter>;

/**
 * The queue to the outside, for administrators: addresses, sizes and answers, and not a word of what a message says, its subject
 * included.
 */
export function queueAdminEndpoints(deps: QueueAdminDeps): readonly Endpoint[] {
  const { db } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/queue",
      summary: "Recipients of messages that leave, or left, the newest first",
      tag: "mail administration",
      access: ADMINISTER,
      query: filter.extend({
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
        before: z.uuid().optional().describe("The id of the last row of the page before"),
      }),
      reply: z.object({
        rows: z.array(row),
        next: z.uuid().optional(),
        counts: z.object({
          waiting: z.number(),
          delayed: z.number(),
          sending: z.number(),
          held: z.number(),
          oldestSeconds: z.number(),
        }),
      }),
      async handle({ query: { limit, before, ...wanted } }) {
        const [rows, counts] = await Promise.all([listQueue(db, wanted, { limit: limit + 1, before }), countQueue(db)]);
        const page = rows.slice(0, limit);
        const next = rows.length > limit ? page.at(-1)?.id : undefined;
        return { rows: page, counts, ...(next !== undefined && { next }) };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/queue/:act",
      summary: "Try again now, hold or cancel: of the recipients named, or of all that fit a filter",
      tag: "mail administration",
      access: ADMINISTER,
      params: z.object({ act: z.enum(["retry", "hold", "cancel"]) }),
      body: z.union([z.object({ ids: z.array(z.uuid()).min(1).max(MAX_IDS) }), z.object({ filter })]),
      reply: z.object({ changed: z.number() }),
      async handle({ params: { act }, body }, { principal, ip }) {
        const where = "ids" in body ? sql<boolean>`id = any(${body.ids}::uuid[])` : whereOf(body.filter);
        const changed = await actAndNote(deps, act, { where, by: auditActor(principal, ip) });
        if (act === "retry") deps.wake();
        if (changed > 0) deps.changed();
        return { changed };
      },
    }),
  ];
}

async function actAndNote(
  { db, clock }: QueueAdminDeps,
  act: QueueAct,
  { where, by }: { where: RawBuilder<boolean>; by: ReturnType<typeof auditActor> },
): Promise<number> {
  const now = new Date(clock.now()).toISOString();
  return db.transaction().execute(async (trx) => {
    const rows = await actOnOutbound(trx, act, { where, now });
    const recipients = rows.map(({ recipient }) => recipient);
    await recordAudit(trx, now, [
      {
        action: NOTED[act],
        outcome: "done",
        by,
        object: { kind: "mailQueue" },
        // Enough to find them again; a list of thousands would be nobody's to read.
        details: { count: rows.length, recipients: recipients.slice(0, 50) },
      },
    ]);
    return rows.length;
  });
}

function whereOf({ state, domain, search }: Filter): RawBuilder<boolean> {
  const wanted = state === "open" ? ["waiting", "delayed", "sending", "held"] : [state];
  const pattern = `%${(search ?? "").replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return sql<boolean>`state = any(${wanted}::text[])
    and (${domain ?? null}::text is null or domain = ${domain ?? null})
    and (recipient ilike ${pattern} or envelope_from ilike ${pattern})`;
}

interface ListedRow {
  readonly id: string;
  readonly state: OutboundState;
  readonly sender: string;
  readonly recipient: string;
  readonly size: number;
  readonly route: "own" | "account";
  readonly attempts: number;
  readonly queuedAt: string;
  readonly lastAt: string | null;
  readonly nextAt: string | null;
  readonly finishedAt: string | null;
  readonly reply: string | null;
}

/** Ids are in the order of time (UUIDv7). */
async function listQueue(
  db: Database,
  wanted: Filter,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<ListedRow[]> {
  const { rows } = await sql<ListedRow>`
    select id, state, envelope_from as sender, recipient, attempts, reply, queued_at as "queuedAt",
      attempt_started_at as "lastAt", finished_at as "finishedAt",
      case when state in ('waiting', 'delayed') then next_at end as "nextAt",
      case when account_id is null then 'own' else 'account' end as route,
      (select raw_size from mail_content where mail_content.id = content_id) as size
    from mail_outbound where ${whereOf(wanted)} and (${before ?? null}::uuid is null or id < ${before ?? null})
    order by id desc limit ${limit}`.execute(db);
  return [...rows];
}
