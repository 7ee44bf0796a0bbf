import type { ReplicaMessage } from "#contract";
import type { CardDoc, Draft, MailAddress, MailboxDoc } from "@kontor/shared/mail";
import { addressKey, draftText } from "@kontor/shared/mail";

/** What a composer holds of a draft besides its text. */
export interface ComposerFields {
  readonly mailboxId: string;
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly subject: string;
  readonly importance: "high" | "low" | undefined;
  readonly cards: readonly CardDoc[];
  readonly origin: Draft["origin"];
}

export function fieldsOf(message: ReplicaMessage): ComposerFields {
  const { bcc = [], cards, cc, draft, from, importance, mailboxId, subject, to } = message;
  const { kind = "new", sourceId } = draft ?? {};
  return {
    mailboxId,
    from: from[0] ?? { address: "" },
    to,
    cc,
    bcc,
    subject,
    importance,
    cards,
    origin: { kind, ...(sourceId === undefined ? {} : { sourceId }) },
  };
}

export function draftOf(fields: ComposerFields, html: string): Draft {
  const { bcc, cards, cc, from, importance, origin, subject, to } = fields;
  return {
    from,
    to: [...to],
    cc: [...cc],
    bcc: [...bcc],
    subject,
    html,
    ...(importance === undefined ? {} : { importance }),
    cards: [...cards],
    origin,
  };
}

export const recipientsOf = ({ bcc, cc, to }: Pick<ComposerFields, "to" | "cc" | "bcc">): readonly MailAddress[] => [
  ...to,
  ...cc,
  ...bcc,
];

/** Nobody named, nothing said but a signature: closing it leaves nothing worth keeping. */
export function isUntouched(
  fields: ComposerFields,
  said: { readonly text: string; readonly attachments: number; readonly signatures: readonly string[] },
): boolean {
  const text = oneLine(said.text);
  return (
    fields.origin.kind === "new" &&
    recipientsOf(fields).length === 0 &&
    fields.subject.trim() === "" &&
    fields.cards.length === 0 &&
    said.attachments === 0 &&
    (text === "" || said.signatures.some((html) => oneLine(draftText(html)) === text))
  );
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

/** An address that one may write from, and the mailbox that it is of. */
export interface Sender {
  readonly mailboxId: string;
  readonly address: MailAddress;
}

/** An account elsewhere sends as itself only; the own mailbox comes first, then shared ones by name. */
export function sendersOf(mailboxes: readonly MailboxDoc[], myId: string): readonly Sender[] {
  const rank = ({ kind, ownerId }: MailboxDoc) =>
    ownerId === myId && kind === "personal" ? 0 : kind === "shared" ? 1 : 2;
  return mailboxes
    .filter(({ can }) => can.includes("send"))
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .flatMap(({ address, addresses, id, kind, name }) =>
      (kind === "external" ? [address] : addresses).map((each) => ({
        mailboxId: id,
        address: name === "" ? { address: each } : { address: each, name },
      })),
    );
}

export const sameSender = (a: Sender, fields: ComposerFields): boolean =>
  a.mailboxId === fields.mailboxId && addressKey(a.address.address) === addressKey(fields.from.address);
