import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { sql } from "kysely";
import MimeNode from "nodemailer/lib/mime-node";
import { newId, type Clock, type Locale } from "@kontor/shared/base";
import { noteBlob, type BlobStore } from "#files";
import type { Database, Transaction } from "#kernel";
import type { OffReason } from "#webhooks";
import { insertInbound } from "../inbound/inbound.repo.ts";
import { findMailboxes } from "../mailboxes/mailboxes.repo.ts";
import { offWords } from "./offNotice.words.ts";

export interface OffNoticeDeps {
  readonly db: Database;
  readonly blobs: Pick<BlobStore, "put">;
  readonly clock: Clock;
  /** This server's. */
  readonly ownName: string;
  /** Who is told of what nobody made, such as a service's own. */
  administrators(): Promise<readonly string[]>;
}

export interface SwitchedOff {
  readonly url: string;
  readonly created_by: string | null;
  readonly resource_id: string;
}

interface Reader {
  readonly mailboxId: string;
  readonly address: string;
  readonly locale: Locale;
}

/** A message to whoever made a webhook: it is in the blob store before, and comes in by the transaction that switches it off. */
export function createOffNotice({ db, blobs, clock, ownName, administrators }: OffNoticeDeps) {
  return async (hook: SwitchedOff, reason: OffReason): Promise<(trx: Transaction) => Promise<void>> => {
    const now = new Date(clock.now()).toISOString();
    const readers = await findReaders(db, hook.created_by === null ? await administrators() : [hook.created_by]);
    const [mailbox] = await findMailboxes(db, [hook.resource_id]);
    const about = { host: new URL(hook.url).host, mailbox: mailbox?.name ?? "", reason };
    const notices = await Promise.all(
      readers.map(async (reader) => {
        const raw = await buildNotice(reader, { ...about, now, ownName });
        return { reader, stat: await blobs.put(Readable.from([raw])) };
      }),
    );
    return async (trx) => {
      for (const { reader, stat } of notices) {
        await noteBlob(trx, stat);
        await insertInbound(trx, {
          id: newId(),
          raw: stat,
          bodySha256: stat.sha256,
          envelopeFrom: "",
          recipients: [reader.address],
          mailboxId: reader.mailboxId,
          verdict: { own: true },
          receivedAt: now,
        });
      }
    };
  };
}

async function findReaders(db: Database, userIds: readonly string[]): Promise<readonly Reader[]> {
  const { rows } = await sql<Reader>`
    select mailbox.id as "mailboxId", mailbox.address, app_user.locale
    from mailbox join app_user on app_user.id = mailbox.owner_id
    where mailbox.kind = 'personal' and mailbox.disabled_at is null and app_user.id = any(${userIds}::uuid[])
    order by mailbox.id`.execute(db);
  return rows;
}

interface About {
  readonly host: string;
  readonly mailbox: string;
  readonly reason: OffReason;
  readonly now: string;
  readonly ownName: string;
}

function buildNotice({ address, locale }: Reader, { host, mailbox, reason, now, ownName }: About): Promise<Buffer> {
  const words = offWords[locale];
  const notice = new MimeNode("text/plain; charset=utf-8");
  notice.setHeader([
    { key: "From", value: { name: words.from, address: `webhooks@${ownName}` } },
    { key: "To", value: address },
    { key: "Subject", value: words.subject(host) },
    { key: "Date", value: new Date(now).toUTCString().replace("GMT", "+0000") },
    { key: "Message-ID", value: `<${randomUUID()}@${ownName}>` },
    // RFC 3834: nobody's holiday reply answers it.
    { key: "Auto-Submitted", value: "auto-generated" },
  ]);
  notice.setContent(`${words.what(host, mailbox)} ${words.why[reason]}\n\n${words.next}\n`);
  return notice.build();
}
