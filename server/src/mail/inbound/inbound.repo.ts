import { sql, type Generated } from "kysely";
import type { Database, Transaction } from "#kernel";
import type { Verdict } from "./verdict.ts";

/** SQL of what came in and was acknowledged. */

export type InboundState = "waiting" | "delivered" | "quarantined" | "released" | "dropped";

export interface InboundRow {
  readonly id: string;
  readonly raw_sha256: string;
  readonly raw_size: number;
  readonly body_sha256: string;
  readonly envelope_from: string;
  readonly recipients: readonly string[];
  readonly mailbox_id: string | null;
  readonly verdict: Verdict;
  readonly received_at: string;
  readonly state: InboundState;
  readonly reason: string | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly next_at: string;
  readonly finished_at: string | null;
}

type Defaulted = "mailbox_id" | "state" | "reason" | "message" | "attempts" | "next_at" | "finished_at";
type InboundTables = {
  mail_inbound: {
    [Key in keyof Omit<InboundRow, Defaulted | "recipients">]: InboundRow[Key];
  } & { [Key in Defaulted]: Generated<InboundRow[Key]> } & { recipients: string[] };
};

export const inboundTables = (db: Database | Transaction) => db.withTables<InboundTables>();

export interface NewInbound {
  readonly id: string;
  readonly raw: { readonly sha256: string; readonly size: number };
  readonly bodySha256: string;
  readonly envelopeFrom: string;
  readonly recipients: readonly string[];
  /** Of a notice of ours. */
  readonly mailboxId?: string;
  readonly verdict: Verdict;
  readonly receivedAt: string;
}

export async function insertInbound(trx: Transaction, inbound: NewInbound): Promise<void> {
  const { id, raw, bodySha256, envelopeFrom, recipients, mailboxId, verdict, receivedAt } = inbound;
  await inboundTables(trx)
    .insertInto("mail_inbound")
    .values({
      id,
      raw_sha256: raw.sha256,
      raw_size: raw.size,
      body_sha256: bodySha256,
      envelope_from: envelopeFrom,
      recipients: [...recipients],
      mailbox_id: mailboxId ?? null,
      verdict: sql`${JSON.stringify(verdict)}::jsonb`,
      received_at: receivedAt,
      next_at: receivedAt,
    })
    .execute();
}
