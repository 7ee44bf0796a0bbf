import type { ReplicaMessage } from "#contract";
import { addressKey, isDraft, type MailAddress } from "@kontor/shared/mail";
import { stemOf, wordsOf } from "@kontor/shared/text";
import { FIELD_BREAK } from "#replica/storage";
import { BITS } from "./mail.tables.ts";

/** What the narrow tables hold of a message. */
export interface MailEntry {
  readonly id: string;
  /** The server's clock, in milliseconds. */
  readonly at: number;
  readonly mailboxId: string;
  /** Name of its place: its folder, or what is snoozed of its mailbox. */
  readonly place: string;
  readonly thread: string;
  readonly unread: number;
  readonly flagged: number;
  readonly files: number;
  readonly mine: number;
  readonly draft: number;
  readonly assigned: number;
  readonly snoozedUntil: number | null;
  readonly followAt: number | null;
  readonly bytes: number;
  /** See `BITS`. */
  readonly bits: number;
}

export interface EntryFrom {
  readonly myId: string;
  /** One's own addresses, in lower case. */
  readonly myAddresses: ReadonlySet<string>;
  readonly now: number;
}

export const snoozedPlace = (mailboxId: string): string => `snoozed ${mailboxId}`;

export function entryOf(doc: ReplicaMessage, { myAddresses, myId, now }: EntryFrom): MailEntry {
  const snoozedUntil = doc.snoozedUntil === undefined ? null : momentOf(doc.snoozedUntil);
  const isAsleep = snoozedUntil !== null && snoozedUntil > now;
  const isMine = (address: MailAddress) => myAddresses.has(addressKey(address.address));
  return {
    id: doc.id,
    at: momentOf(doc.receivedAt),
    mailboxId: doc.mailboxId,
    place: isAsleep ? snoozedPlace(doc.mailboxId) : doc.folderId,
    thread: doc.threadId,
    unread: doc.seen ? 0 : 1,
    flagged: doc.flagged ? 1 : 0,
    files: doc.attachments.some(({ inline }) => inline !== true) ? 1 : 0,
    // Whom it is for: who was asked to answer it, or else to whom it was written.
    mine: (doc.assigneeId === undefined ? doc.to.some(isMine) : doc.assigneeId === myId) ? 1 : 0,
    draft: isDraft(doc) ? 1 : 0,
    assigned: doc.assigneeId === myId ? 1 : 0,
    snoozedUntil: isAsleep ? snoozedUntil : null,
    followAt: doc.followUpAt === undefined ? null : momentOf(doc.followUpAt),
    bytes: doc.size,
    bits: bitsOf(doc),
  };
}

const bitsOf = ({ answered, assigneeId, authenticity, cards, forwarded, labels }: ReplicaMessage): number =>
  (answered ? BITS.answered : 0) |
  (forwarded ? BITS.forwarded : 0) |
  (authenticity.internal ? BITS.internal : 0) |
  (labels.length > 0 ? BITS.labelled : 0) |
  (cards.length > 0 ? BITS.cards : 0) |
  (assigneeId === undefined ? 0 : BITS.assignee);

/** A moment that cannot be read lies at the very beginning, where it hurts no order. */
function momentOf(iso: string): number {
  const ms = Date.parse(iso);
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/* ---------- words ---------- */

/** Raised when the same message gives other words than before. */
export const MAIL_WORDS_VERSION = 2;

/**
 * A word of a field that can be asked for alone stands in the index twice: as it is, and with the field's mark in front, a
 * private-use character that nobody can type. So `from:anna` is one look for one word.
 */
export const fieldMarks = { from: "\uE001", to: "\uE002", subject: "\uE003", file: "\uE004" } as const;

export type MailText = Pick<
  ReplicaMessage,
  "subject" | "from" | "to" | "cc" | "bcc" | "attachments" | "list" | "labels"
>;

/** Everything of a message that its words are made of: equal texts need no new index entry. */
export const textKeyOf = (doc: MailText): string =>
  JSON.stringify([
    doc.subject,
    doc.from,
    doc.to,
    doc.cc,
    doc.bcc,
    doc.list?.id,
    doc.attachments.map(({ name }) => name),
  ]);

export interface MailWords {
  /** What stands in the index. */
  readonly stems: string;
  /** Words that are no stems, with their stems. */
  readonly forms: ReadonlyMap<string, string>;
}

export function mailWords(doc: MailText, body: string): MailWords {
  const forms = new Map<string, string>();
  const stemsOf = (text: string): readonly string[] =>
    wordsOf(text).map((word) => {
      const stem = stemOf(word);
      if (stem !== word) forms.set(word, stem);
      return stem;
    });
  const people = (list: readonly MailAddress[]) =>
    list.map(({ address, name }) => `${name ?? ""} ${address}`).join(" ");
  const marked: readonly (readonly [keyof typeof fieldMarks, string])[] = [
    ["subject", doc.subject],
    ["from", people(doc.from)],
    ["to", people([...doc.to, ...doc.cc, ...(doc.bcc ?? [])])],
    ["file", doc.attachments.map(({ name }) => name).join(" ")],
  ];
  const parts = marked.flatMap(([field, text]) => {
    const stems = stemsOf(text);
    return [stems.join(" "), stems.map((stem) => fieldMarks[field] + stem).join(" ")];
  });
  const whole = [...parts, stemsOf(doc.list?.id ?? "").join(" "), stemsOf(body).join(" ")];
  return { stems: whole.join(` ${FIELD_BREAK} `), forms };
}
