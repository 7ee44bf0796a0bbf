import { sql } from "kysely";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import { DomainError, isDomainError, isForGood, newId, type Clock } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import type { Database, Log, Transaction } from "#kernel";
import { accessToMailbox, mayInMailbox, requireMailbox, type MailReader } from "../mailboxes/mailbox.resource.ts";
import { buildMessage } from "../mime/buildMessage.ts";
import { namesOfCards, noteSheets, papersOfCards, sheetsOfCards, type CardDeps } from "./cards.ts";
import type { KeepFilesDeps } from "./copyAttachments.ts";
import { deliver, type DeliverDeps, type Departure } from "./deliver.ts";
import { findSource, type DraftSource } from "./draft.source.ts";
import { findLeaving, holdLeaving, noteFailedAttempt, setSendStatus, type LeavingRow } from "./drafts.repo.ts";
import { composeOutgoing, findAttachments, type OutgoingDeps, type OutgoingParts } from "./outgoing.ts";
import { copyContent, redirectSource } from "./redirect.ts";
import { folderIdOf, requireRecipients } from "./sendDraft.ts";

/**
 * A message leaves.
 *
 * - **DSP-1** What was decided when its author sent it is decided once more: they may still send, everybody it goes to is there.
 * - **DSP-2** The raw message is in the blob store before a row names it.
 * - **DSP-3** One transaction puts it into every mailbox inside, into the queue for every recipient outside, and makes the copy of its
 *   author a sent one. Killed at any moment, it has left to all of them or to none, and then leaves later.
 * - **DSP-4** Exactly one of leaving and being called back happens: both hold the message's row.
 * - **DSP-5** What can never leave goes back to the drafts and says why. Faults of ours are tried again.
 */
export interface DispatchDeps extends DeliverDeps, KeepFilesDeps, OutgoingDeps, CardDeps {
  readonly db: Database;
  readonly blobs: Pick<BlobStore, "get" | "put">;
  readonly clock: Clock;
  readonly log: Log;
  engine(): AccessEngine;
  loadSubject(userId: string): Promise<Subject | undefined>;
  /** After a commit that replicas and the queue to the outside should hear of. */
  changed(): void;
}

/** `busy`: another node is at it, or it changed meanwhile. */
export type DispatchOutcome = "sent" | "failed" | "busy" | "postponed";

export async function dispatchMessage(deps: DispatchDeps, id: string): Promise<DispatchOutcome> {
  const seen = await findLeaving(deps.db, id);
  if (seen?.send_state !== "scheduled") return "busy";
  try {
    const reader = await readerOf(deps, seen);
    const outcome = await deps.db.transaction().execute((trx) => depart(trx, deps, seen, reader));
    if (outcome === "sent") deps.changed();
    return outcome;
  } catch (error) {
    const refusal = await refusalOf(deps, seen, error);
    if (refusal) return await giveBack(deps, seen, refusal);
    return "postponed";
  }
}

/** Before the transaction: inside, it would ask the pool for a second connection while holding one. */
async function readerOf({ loadSubject, engine, clock }: DispatchDeps, row: LeavingRow): Promise<MailReader> {
  const subject = row.send_by === null ? undefined : await loadSubject(row.send_by);
  if (!subject) throw new DomainError("forbidden", "Who sent this is no longer here.", { reason: "send.authorGone" });
  const context = { channel: "job" as const, ...row.send_context, time: new Date(clock.now()).toISOString() };
  return { subject, engine: engine(), context };
}

/**
 * The lock keeps other nodes away while the message is built, which may take as long as its attachments are large. It is one that
 * gives the transaction no number: until a transaction with a number ends, nobody's replica hears of anything later.
 */
async function depart(
  trx: Transaction,
  deps: DispatchDeps,
  seen: LeavingRow,
  reader: MailReader,
): Promise<DispatchOutcome> {
  const { rows } = await sql<{ isMine: boolean }>`
    select pg_try_advisory_xact_lock(${LOCK}, hashtext(${seen.id})) as "isMine"`.execute(trx);
  if (!rows[0]?.isMine) return "busy";
  const departure = await prepare(trx, deps, seen, reader);
  const held = await holdLeaving(trx, seen.id);
  // It was called back, sent by another node, or changed and sent anew while it was built.
  if (held?.rev !== seen.rev) return "busy";
  await deliver(trx, await departure(trx), deps);
  return "sent";
}

/** First part of the advisory lock's key ("msnd" in ASCII); the second is the message's hash. */
const LOCK = 0x6d736e64;

/** Decides and builds (DSP-1, DSP-2). What still writes to the database is left for when the row is held. */
async function prepare(
  trx: Transaction,
  deps: DispatchDeps,
  row: LeavingRow,
  reader: MailReader,
): Promise<(trx: Transaction) => Promise<Departure>> {
  const { mailbox } = await requireMailbox(trx, reader, row.mailbox_id, "send");
  const recipients = await requireRecipients(trx, row, mailbox);
  const now = new Date(deps.clock.now()).toISOString();
  const date = new Date(row.send_at ?? now);
  const source = row.origin?.sourceId === undefined ? undefined : await findSource(trx, reader, row.origin.sourceId);
  const marked = source && (await mayMark(trx, reader, source)) ? source : undefined;
  if (row.origin?.kind === "redirect") {
    const redirected = await redirectSource(trx, deps, { row, source, date });
    return async (held) => ({
      row,
      mailbox,
      recipients,
      raw: redirected.raw,
      contentId: await redirected.store(held, now),
      source: marked,
      now,
    });
  }
  const files = await findAttachments(trx, row.content_id);
  const goesOutside = recipients.outside.length > 0;
  const cards = row.extras.cards ?? [];
  const sheets = goesOutside ? await sheetsOfCards(trx, deps, reader, cards) : namesOfCards(cards);
  const papers = goesOutside ? await papersOfCards(cards, sheets, deps) : [];
  const build = async (given: Pick<OutgoingParts, "papers" | "sheets">) => {
    const outgoing = composeOutgoing({ row, files, ...given, date, goesOutside }, deps);
    const raw = await deps.blobs.put(buildMessage(outgoing));
    if (goesOutside && raw.size > mailLimits.maxMessageBytes) throw tooLarge(raw.size);
    return raw;
  };
  const toOutside = goesOutside ? await build({ sheets, papers }) : undefined;
  const isApart = recipients.inside.length > 0 && (papers.length > 0 || sheets.some(({ rows }) => rows.length > 0));
  const names = { sheets: sheets.map((sheet) => ({ ...sheet, rows: [] })), papers: [] };
  const raw = toOutside && !isApart ? toOutside : await build(names);
  return async (held) => {
    await noteSheets(held, sheets, { author: reader, now });
    const own = { row, mailbox, recipients, raw, contentId: row.content_id, source: marked, now };
    if (!toOutside || !isApart) return own;
    const contentId = newId();
    await copyContent(held, row.content_id, contentId);
    return { ...own, outside: { raw: toOutside, contentId } };
  };
}

const tooLarge = (bytes: number) =>
  new DomainError("tooLarge", `With its pictures the message has ${bytes} bytes, which no server would take.`, {
    reason: "send.tooLarge",
    params: { bytes, maxBytes: mailLimits.maxMessageBytes },
  });

async function mayMark(trx: Transaction, reader: MailReader, source: DraftSource): Promise<boolean> {
  const found = await accessToMailbox(trx, reader, source.mailbox_id);
  return found !== undefined && mayInMailbox(found.access, "edit");
}

/* ---------- what does not leave ---------- */

/** The longest that a store or a database is away on a weekend, with pauses that grow to an hour. */
const MAX_ATTEMPTS = 60;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 3_600_000;

/** Why it can never leave; undefined where it is tried again. */
async function refusalOf(deps: DispatchDeps, row: LeavingRow, error: unknown): Promise<DomainError | undefined> {
  if (isDomainError(error) && isForGood(error.code)) return error;
  const errorId = newId();
  deps.log.error({ err: error, errorId, messageId: row.id, attempt: row.send_attempts }, "a message could not leave");
  if (row.send_attempts + 1 >= MAX_ATTEMPTS) {
    return new DomainError("internal", `The server failed to send this. Error id: ${errorId}`, {
      reason: "send.internal",
      params: { errorId },
    });
  }
  const pause = Math.min(FIRST_RETRY_MS * 2 ** row.send_attempts, LONGEST_RETRY_MS);
  const retryAt = new Date(deps.clock.now() + pause).toISOString();
  await deps.db.transaction().execute((trx) => noteFailedAttempt(trx, row, retryAt));
  return undefined;
}

/** DSP-5: nothing of it is lost, and its author can mend it. */
async function giveBack(
  { db, changed }: Pick<DispatchDeps, "db" | "changed">,
  { id, rev, mailbox_id, send_by: by }: LeavingRow,
  { message, details }: DomainError,
): Promise<DispatchOutcome> {
  const outcome = await db.transaction().execute(async (trx): Promise<DispatchOutcome> => {
    const held = await holdLeaving(trx, id);
    if (held?.rev !== rev) return "busy";
    const folderId = await folderIdOf(trx, mailbox_id, "drafts");
    await setSendStatus(trx, id, { state: "failed", folderId, at: null, by, reason: details.reason, message });
    return "failed";
  });
  changed();
  return outcome;
}
