import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { newId } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import type { Database, Transaction } from "#kernel";
import { createMailboxes } from "../mailboxes/createMailbox.ts";
import { mailboxTables } from "../mailboxes/mailboxes.repo.ts";
import { jsonb, messageTables } from "../messages/messages.repo.ts";
import { placeMessage } from "../messages/placeMessage.ts";
import { outboundTables, type OutboundRow } from "./outbound.repo.ts";
import type { RecipientAnswer, Transmission, Transport } from "./transport.port.ts";

/** Bodies in memory. */
export function memoryBlobs(): Pick<BlobStore, "get" | "put" | "delete"> & { readonly bodies: Map<string, Buffer> } {
  const bodies = new Map<string, Buffer>();
  return {
    bodies,
    async put(body) {
      const bytes = await buffer(Readable.from(body));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      bodies.set(sha256, bytes);
      return { sha256, size: bytes.length };
    },
    async get(sha256, range) {
      const bytes = bodies.get(sha256);
      if (!bytes) throw new Error("there is no such body");
      return Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes]);
    },
    async delete(sha256) {
      bodies.delete(sha256);
    },
  };
}

/** A far world that answers as told; what it answered `delivered` to is kept. */
export interface ScriptedTransport extends Transport {
  answer: (recipient: string, transmission: Transmission) => Omit<RecipientAnswer, "recipient"> | "wait";
  readonly transmissions: Transmission[];
  readonly delivered: string[];
  /** Ends those that were told to wait, as delivered. */
  release(): void;
}

export const DELIVERED = { kind: "delivered", code: 250, enhancedCode: "2.0.0", words: "Taken" } as const;

export function scriptedTransport(): ScriptedTransport {
  let waiting: (() => void)[] = [];
  const scripted: ScriptedTransport = {
    answer: () => DELIVERED,
    transmissions: [],
    delivered: [],
    release() {
      for (const go of waiting.splice(0)) go();
    },
    close: () => undefined,
    async transmit(transmission) {
      scripted.transmissions.push(transmission);
      const { recipients } = transmission.envelope;
      const said = recipients.map((recipient) => scripted.answer(recipient, transmission));
      if (said.includes("wait"))
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          transmission.signal.addEventListener("abort", () => resolve(), { once: true });
        });
      return recipients.map((recipient, at): RecipientAnswer => {
        const answer = said[at] ?? DELIVERED;
        if (answer === "wait" && transmission.signal.aborted)
          return { recipient, kind: "connection", words: "stopped" };
        const settled = answer === "wait" ? DELIVERED : answer;
        if (settled.kind === "delivered" || settled.kind === "relayed") scripted.delivered.push(recipient);
        return { recipient, ...settled };
      });
    },
  };
  return scripted;
}

export interface Sender {
  readonly userId: string;
  readonly mailboxId: string;
  readonly address: string;
}

/** Somebody with a mailbox at ours.example. */
export async function addSender(db: Database, login: string, locale: "en" | "ru" = "en"): Promise<Sender> {
  const [userId, mailboxId] = [newId(), newId()];
  const address = `${login}@ours.example`;
  await db.transaction().execute(async (trx) => {
    await trx
      .withTables<{ app_user: { id: string; login: string; name: string; locale: string } }>()
      .insertInto("app_user")
      .values({ id: userId, login, name: login, locale })
      .execute();
    await mailboxTables(trx)
      .insertInto("mail_domain")
      .values({ name: "ours.example" })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await createMailboxes(trx, [{ id: mailboxId, kind: "personal", name: login, ownerId: userId, address }]);
  });
  return { userId, mailboxId, address };
}

export interface SentMessage {
  readonly id: string;
  readonly contentId: string;
  readonly messageId: string;
  readonly envelopeId: string;
}

/** A message that was dispatched, as `send` leaves it: the sender's copy, and one row a recipient. */
export async function dispatch(
  db: Database,
  blobs: Pick<BlobStore, "put">,
  {
    sender,
    to,
    at,
    subject = "Hello",
    raw,
    from = sender.address,
    accountId,
  }: {
    readonly sender: Sender;
    readonly to: readonly string[];
    readonly at: number;
    readonly subject?: string;
    readonly raw?: string;
    /** Of the envelope. */
    readonly from?: string;
    readonly accountId?: string;
  },
): Promise<SentMessage> {
  const now = new Date(at).toISOString();
  const messageId = `${newId()}@ours.example`;
  const text =
    raw ??
    `From: ${sender.address}\r\nTo: ${to.join(", ")}\r\nSubject: ${subject}\r\nMessage-ID: <${messageId}>\r\nDate: ${new Date(at).toUTCString()}\r\n\r\nHello\r\n`;
  const body = await blobs.put(Readable.from([Buffer.from(text)]));
  const contentId = newId();
  const envelopeId = newId();
  const id = await db.transaction().execute(async (trx: Transaction) => {
    await messageTables(trx)
      .insertInto("mail_content")
      .values({
        id: contentId,
        raw_sha256: body.sha256,
        raw_size: body.size,
        message_id: messageId,
        in_reply_to: [],
        refs: [],
        subject,
        people: jsonb({ from: [{ address: sender.address }], to: to.map((address) => ({ address })), cc: [] }),
        sent_at: now,
        words: "",
        body_html: null,
        authenticity: jsonb({ internal: true, warnings: [] }),
        extras: jsonb({}),
      })
      .execute();
    const placed = await placeMessage(trx, {
      mailboxId: sender.mailboxId,
      folder: { role: "sent" },
      contentId,
      receivedAt: now,
      send: { state: "sent", by: sender.userId },
    });
    await outboundTables(trx)
      .insertInto("mail_outbound")
      .values(
        to.map((recipient) => ({
          id: newId(),
          message_id: placed.id,
          content_id: contentId,
          mailbox_id: sender.mailboxId,
          account_id: accountId ?? null,
          envelope_from: from,
          recipient,
          domain: recipient.slice(recipient.lastIndexOf("@") + 1),
          queued_at: now,
          next_at: now,
          envelope_id: envelopeId,
        })),
      )
      .execute();
    return placed.id;
  });
  return { id, contentId, messageId, envelopeId };
}

export const outboundOf = (db: Database, { envelopeId }: SentMessage): Promise<readonly OutboundRow[]> =>
  outboundTables(db)
    .selectFrom("mail_outbound")
    .selectAll()
    .where("envelope_id", "=", envelopeId)
    .orderBy("recipient")
    .execute();
