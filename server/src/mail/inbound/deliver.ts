import { buffer } from "node:stream/consumers";
import { sql } from "kysely";
import { Counter } from "prom-client";
import type { Clock } from "@kontor/shared/base";
import { addressKey, type Authenticity } from "@kontor/shared/mail";
import type { BlobStore } from "#files";
import type { Database, Log, Metrics, Transaction } from "#kernel";
import { createDueLoop, type DueLoop } from "../dueLoop.ts";
import { findMailboxes } from "../mailboxes/mailboxes.repo.ts";
import { resolveAddresses } from "../mailboxes/resolveAddresses.ts";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import type { PlacedMessage } from "../messages/placeMessage.ts";
import type { Arrival } from "../messages/receiveMessage.ts";
import { keepAttachments, storeContent, type ContentDeps, type StoredBody } from "../messages/storeContent.ts";
import { warningsOf, type OwnNames } from "../mime/authenticity.ts";
import type { MessageReader } from "../mime/messageReader.ts";
import type { Bounce } from "../mime/parseBounce.ts";
import type { ParsedMessage } from "../mime/parsedMessage.ts";
import { applyBounce } from "./applyBounce.ts";
import {
  claimInbound,
  findRepeats,
  finishInbound,
  lockInbound,
  noteFailure,
  pruneInbound,
  type InboundRow,
} from "./inbound.repo.ts";
import { inThreadOf } from "./inThreadOf.ts";
import { isRoleAddress } from "./roleAddress.ts";

/**
 * Lays what came in into mailboxes. Everything that a message changes is one transaction with the end of its row, so that a kill
 * leaves it waiting or delivered, and nothing between. What cannot be read, or fails again and again, ends in quarantine with its
 * reason: nothing is tried for ever, and nothing is thrown away.
 */
export interface DeliverDeps extends ContentDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly blobs: Pick<BlobStore, "get" | "put">;
  readonly read: MessageReader["read"];
  receive(trx: Transaction, arrival: Arrival): Promise<readonly PlacedMessage[]>;
  /** Our names as they are now; read often, so the caller may remember them for a while. */
  ownNames(): Promise<OwnNames>;
  /** Users who get mail to postmaster where nobody has that address. */
  administrators(): Promise<readonly string[]>;
  /** The change log grew. */
  changed(): void;
}

/** One at a time reads and parses while another waits for the database. */
const AT_ONCE = 2;
const BATCH = 20;
const EVERY_MS = 2_000;
const PRUNE_EVERY_MS = 3_600_000;
/** For how long a repeat of the same bytes is recognised, and where a message came from can be looked up. */
const KEPT_MS = 30 * 86_400_000;

export interface InboundDelivery extends DueLoop {
  /** When the last message came to lie in a mailbox, ISO 8601. */
  lastSuccess(): string | undefined;
}

export function createInboundDelivery(deps: DeliverDeps): InboundDelivery {
  const { db, clock, log } = deps;
  const outcomes = new Counter({
    name: "kontor_mail_inbound_delivered_total",
    help: "Messages from outside that were laid into mailboxes, junk or quarantine",
    labelNames: ["outcome"],
    registers: [deps.metrics],
  });
  for (const outcome of ["delivered", "junk", "repeated", "quarantined"]) outcomes.inc({ outcome }, 0);
  let lastSuccess: string | undefined;
  let prunedAt = 0;

  const now = () => new Date(clock.now()).toISOString();

  async function turn(): Promise<boolean> {
    const rows = [...(await claimInbound(db, { now: clock.now(), limit: BATCH }))];
    const isFull = rows.length === BATCH;
    const work = async () => {
      for (let row = rows.shift(); row; row = rows.shift()) await deliver(row);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await prune();
    return isFull;
  }

  async function prune(): Promise<void> {
    if (clock.now() - prunedAt < PRUNE_EVERY_MS) return;
    prunedAt = clock.now();
    await pruneInbound(db, new Date(prunedAt - KEPT_MS).toISOString());
  }

  async function deliver(row: InboundRow): Promise<void> {
    try {
      const outcome = await deliverInbound(deps, row, now());
      outcomes.inc({ outcome });
      if (outcome === "quarantined") return;
      lastSuccess = now();
      deps.changed();
      log.info({ id: row.id, outcome }, "mail was laid into mailboxes");
    } catch (error) {
      log.warn({ err: error, id: row.id, attempt: row.attempts }, "mail that came in could not be laid into mailboxes");
      const isOver = await noteFailure(db, row, { message: (error as Error).message, now: now() });
      if (isOver) outcomes.inc({ outcome: "quarantined" });
    }
  }

  const loop = createDueLoop({ turn, everyMs: EVERY_MS, log, what: "mail that came in" });
  return { ...loop, lastSuccess: () => lastSuccess };
}

export type DeliverOutcome = "delivered" | "junk" | "repeated" | "quarantined";

/** `release`: an administrator looked at it: it goes to the inbox whatever stands against it. */
export async function deliverInbound(
  deps: DeliverDeps,
  row: InboundRow,
  now: string,
  { release = false }: { release?: boolean } = {},
): Promise<DeliverOutcome> {
  const raw = await buffer(await deps.blobs.get(row.raw_sha256));
  const { outcome: read, bounce } = await deps.read(raw);
  if (read.kind === "unreadable" && !release) {
    const { reason, message } = read;
    const end = { state: "quarantined", reason: `unreadable.${reason}`, message, now } as const;
    await deps.db.transaction().execute((trx) => finishInbound(trx, row.id, end));
    deps.log.warn({ id: row.id, reason }, "mail that cannot be read is in quarantine");
    return "quarantined";
  }
  const parsed = read.kind === "parsed" ? read.message : asAttachment(row, raw);
  const bodies = await keepAttachments(deps.blobs, parsed);
  const own = await deps.ownNames();
  const administrators = row.recipients.some(isRoleAddress) ? await deps.administrators() : [];
  return deps.db
    .transaction()
    .execute((trx) =>
      place(trx, deps, { row, parsed, bodies, bounce: reportIn(row, bounce), own, administrators, now, release }),
    );
}

/** Released all the same: whoever gets it opens it with whatever reads it. */
const asAttachment = ({ raw_sha256, envelope_from }: InboundRow, raw: Buffer): ParsedMessage => ({
  messageId: `${raw_sha256}@unreadable.invalid`,
  inReplyTo: [],
  refs: [],
  subject: "message.eml",
  people: { from: envelope_from === "" ? [] : [{ address: envelope_from }], to: [], cc: [] },
  sentAt: undefined,
  snippet: "",
  text: "",
  html: undefined,
  isCut: false,
  hasRemote: false,
  attachments: [{ name: "message.eml", mime: "application/octet-stream", bytes: raw, inline: false }],
  extras: {},
  oddities: ["unreadable"],
});

/**
 * Reports come without a sender (RFC 3464 §2); those of old servers often have one, but say who they are. What
 * one of our own says, its rows say already.
 */
const reportIn = ({ verdict }: InboundRow, bounce: Bounce | undefined): Bounce | undefined =>
  verdict.own ? undefined : bounce;

interface Placing {
  readonly row: InboundRow;
  readonly parsed: ParsedMessage;
  readonly bodies: readonly StoredBody[];
  readonly bounce: Bounce | undefined;
  readonly own: OwnNames;
  readonly administrators: readonly string[];
  readonly now: string;
  readonly release: boolean;
}

async function place(trx: Transaction, deps: DeliverDeps, placing: Placing): Promise<DeliverOutcome> {
  const { row, now, release } = placing;
  // Whoever else works at it, or at the same bytes, comes afterwards, and finds it done.
  const current = await lockInbound(trx, row);
  if (current?.state !== row.state) return "repeated";
  const { recipients, isRepeat } = await recipientsOf(trx, placing);
  if (isRepeat) {
    await finishInbound(trx, row.id, { state: "delivered", reason: "repeated", now });
    return "repeated";
  }
  if (recipients.length === 0) {
    const message = "None of its recipients has a mailbox any longer.";
    await finishInbound(trx, row.id, { state: "quarantined", reason: "noRecipient", message, now });
    return "quarantined";
  }

  const report = placing.bounce && (await applyBounce(trx, placing.bounce, { now }));
  const authenticity = authenticityOf(placing);
  const contentId = await storeContent(trx, deps, {
    parsed: inThreadOf(placing.parsed, report),
    raw: { sha256: row.raw_sha256, size: row.raw_size },
    authenticity,
    receivedAt: row.received_at,
    bodies: placing.bodies,
  });
  // Servers seldom sign their reports; what proves that it is one is worth more than that.
  const isJunk = !release && isForged(row) && !report?.isProved;
  const placed = await deps.receive(trx, { contentId, receivedAt: row.received_at, recipients, isJunk });
  await tellProviders(trx, row, placed);
  await finishInbound(trx, row.id, {
    state: release ? "released" : "delivered",
    ...(isJunk && { reason: "junk" }),
    now,
  });
  return isJunk ? "junk" : "delivered";
}

/** The domain in From asks for it: what it did not send is not to lie where people look. */
const isForged = ({ verdict }: InboundRow): boolean =>
  !verdict.own && verdict.dmarc === "fail" && verdict.policy !== "none";

async function recipientsOf(
  trx: Transaction,
  { row, administrators }: Placing,
): Promise<{ readonly recipients: Arrival["recipients"]; readonly isRepeat: boolean }> {
  if (row.mailbox_id !== null)
    return { recipients: [{ mailboxId: row.mailbox_id, addresses: row.recipients }], isRepeat: false };
  const had = new Set((await findRepeats(trx, row)).flatMap(({ recipients }) => recipients));
  const addresses = row.recipients.filter((address) => !had.has(address));
  const destinations = await resolveAddresses(trx, addresses);
  const fallback = await mailboxesOf(trx, administrators);
  const recipients = addresses.flatMap((address) => {
    const destination = destinations.get(addressKey(address));
    const isFallback = destination?.kind === "unknown" && isRoleAddress(address);
    const mailboxIds = destination?.kind === "inside" ? destination.mailboxIds : isFallback ? fallback : [];
    return mailboxIds.map((mailboxId) => ({ mailboxId, addresses: [address] }));
  });
  return { recipients, isRepeat: addresses.length === 0 };
}

async function mailboxesOf(trx: Transaction, userIds: readonly string[]): Promise<readonly string[]> {
  if (userIds.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select id from mailbox where kind = 'personal' and disabled_at is null and owner_id = any(${userIds}::uuid[])
    order by id`.execute(trx);
  return rows.map(({ id }) => id);
}

function authenticityOf({ row, parsed, own }: Placing): Authenticity {
  const { verdict } = row;
  if (verdict.own) return { internal: true, warnings: [] };
  const { spf, dkim, dmarc } = verdict;
  const judged = { internal: false, spf, dkim, dmarc };
  return { ...judged, warnings: warningsOf(parsed.people, judged, own) };
}

/** A notice of ours about mail through an account lies with the provider as well, where its sender has the rest of it. */
async function tellProviders(trx: Transaction, row: InboundRow, placed: readonly PlacedMessage[]): Promise<void> {
  if (row.mailbox_id === null) return;
  const [mailbox] = await findMailboxes(trx, [row.mailbox_id]);
  if (mailbox?.kind !== "external") return;
  await noteRemoteChanges(
    trx,
    placed.map(({ id, mailboxId, folderId }) => ({
      mailboxId,
      kind: "append" as const,
      messageId: id,
      folderId,
      args: { folderId },
    })),
  );
}
