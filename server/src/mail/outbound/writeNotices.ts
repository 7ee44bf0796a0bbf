import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { sql } from "kysely";
import { newId, type Clock, type Locale } from "@kontor/shared/base";
import { noteBlob, type BlobStore } from "#files";
import type { Database, Transaction } from "#kernel";
import { insertInbound } from "../inbound/inbound.repo.ts";
import type { OutboundGroup } from "./claimGroups.ts";
import { rawOf } from "./handOver.ts";
import { buildNotice, readHeader, type Notice } from "./notice.ts";
import type { Settled } from "./settleAnswer.ts";

export interface NoticeDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly blobs: Pick<BlobStore, "get" | "put">;
  readonly ownName: string;
  readonly timeZone: string;
}

/** It lies in the file store, and is told once its transaction says so. */
export interface WrittenNotice {
  /** Rows that it is about. */
  readonly ids: readonly string[];
  readonly to: string;
  readonly mailboxId: string;
  readonly sha256: string;
  readonly size: number;
}

const iso = (clock: Clock) => new Date(clock.now()).toISOString();

/** What the sender is told of an attempt, in their language: who was not reached for good, and whom it takes long to reach. */
export async function writeNotices(
  deps: NoticeDeps,
  group: OutboundGroup,
  settled: readonly Settled[],
): Promise<readonly WrittenNotice[]> {
  // RFC 5321 §4.5.5: what has no sender is a notice itself, and none follows it.
  if (group.envelopeFrom === "") return [];
  const failed = settled.filter(({ outcome }) => outcome.state === "failed");
  const delayed = settled.filter(({ tellDelay }) => tellDelay);
  const wanted = (
    [
      ["failed", failed],
      ["delayed", delayed],
    ] as const
  ).filter(([, about]) => about.length > 0);
  return Promise.all(wanted.map(([kind, about]) => writeNotice(deps, { group, kind, about })));
}

async function writeNotice(
  { db, clock, blobs, ownName, timeZone }: NoticeDeps,
  {
    group,
    kind,
    about,
  }: { readonly group: OutboundGroup; readonly kind: Notice["kind"]; readonly about: readonly Settled[] },
): Promise<WrittenNotice> {
  const { content, rows, envelopeFrom, envelopeId } = group;
  const raw = await buildNotice({
    kind,
    locale: await localeOf(db, group),
    timeZone,
    ownName,
    to: envelopeFrom,
    id: `${randomUUID()}@${ownName}`,
    now: iso(clock),
    message: {
      messageId: content.messageId,
      envelopeId,
      subject: content.subject,
      queuedAt: rows[0]?.queued_at ?? iso(clock),
      header: await readHeader(rawOf(blobs, content)).catch(() => ""), // a message that is gone is one of the things to tell
    },
    recipients: about.map(({ row, outcome, expired }) => ({
      address: row.recipient,
      reply: outcome.reply,
      lastAttemptAt: row.attempt_started_at ?? iso(clock),
      expired,
    })),
  });
  const { sha256, size } = await blobs.put(Readable.from([raw]));
  return {
    ids: about.map(({ row }) => row.id),
    to: envelopeFrom,
    mailboxId: rows[0]?.mailbox_id ?? "",
    sha256,
    size,
  };
}

/** It comes in as other mail does. */
export async function keepNotice(
  trx: Transaction,
  { clock }: Pick<NoticeDeps, "clock">,
  { to, mailboxId, sha256, size }: WrittenNotice,
): Promise<void> {
  await noteBlob(trx, { sha256, size });
  await insertInbound(trx, {
    id: newId(),
    raw: { sha256, size },
    bodySha256: sha256,
    envelopeFrom: "",
    recipients: [to],
    mailboxId,
    verdict: { own: true },
    receivedAt: iso(clock),
  });
}

async function localeOf(db: Database, { rows }: OutboundGroup): Promise<Locale> {
  const { rows: found } = await sql<{ locale: Locale }>`
    select locale from app_user where id = coalesce(
      (select send_by from mail_message where id = ${rows[0]?.message_id ?? null}),
      (select owner_id from mailbox where id = ${rows[0]?.mailbox_id ?? null}))`.execute(db);
  return found[0]?.locale ?? "en";
}
