import type { Locale } from "../base/index.ts";
import type { FileFacts } from "../files/index.ts";

/**
 * What replicas hold of mail. A *mailbox* is decided by policy; its folders, messages and bodies are seen with it, where
 * its section `content` is. Words as in RFC 5322 (message, thread, mailbox) and RFC 3501 (flag, UID).
 *
 * A message's text lies in a row of its own (`BodyDoc`, same id), because flags change often and bodies never.
 */

export const mailboxKinds = ["personal", "shared", "external"] as const;
export type MailboxKind = (typeof mailboxKinds)[number];

/** What members of a shared mailbox and delegates of a personal one may do; each includes the ones before it. */
export const mailboxRoles = ["reader", "editor", "sender", "manager"] as const;
export type MailboxRole = (typeof mailboxRoles)[number];

export interface MailboxDoc {
  readonly id: string;
  readonly kind: MailboxKind;
  /** Whose it is; absent for shared ones. */
  readonly ownerId?: string;
  readonly name: string;
  /** The main address, in lower case. */
  readonly address: string;
  /** All addresses under which it is reached and may send, the main one first. */
  readonly addresses: readonly string[];
  readonly members: readonly { readonly userId: string; readonly role: MailboxRole }[];
  /** An external account's state, for its owner. */
  readonly account?: AccountState;
  /** What this reader may do (a hint; the server decides): `read`, `edit`, `send`, `manage`. */
  readonly can: readonly string[];
}

export const accountStates = ["connecting", "syncing", "ready", "waiting", "needsSignIn", "failed", "off"] as const;
export interface AccountState {
  readonly state: (typeof accountStates)[number];
  /** Stable key with words in the interface, for `waiting`, `needsSignIn` and `failed`. */
  readonly reason?: string;
  /** The far server's own words, cleaned. */
  readonly message?: string;
  /** The first filling: messages fetched and known. */
  readonly progress?: { readonly done: number; readonly total: number };
  readonly retryAt?: string;
}

/** Roles of folders (RFC 6154 special use, and our own `outbox` for what is still to be sent). */
export const folderRoles = ["inbox", "drafts", "outbox", "sent", "archive", "junk", "trash"] as const;
export type FolderRole = (typeof folderRoles)[number];

export interface FolderDoc {
  readonly id: string;
  readonly mailboxId: string;
  readonly parentId?: string;
  /** Absent: made by the user. */
  readonly role?: FolderRole;
  readonly name: string;
}

export interface MailAddress {
  readonly address: string;
  readonly name?: string;
}

/** Where a message that leaves stands. Absent for messages that came in. */
export const sendStates = ["draft", "scheduled", "sending", "sent", "failed"] as const;
export type SendState = (typeof sendStates)[number];

/** One recipient of a message that left, as its sender may know. */
export interface DeliveryDoc {
  readonly address: string;
  readonly state: "waiting" | "held" | "delivered" | "relayed" | "delayed" | "failed" | "cancelled";
  /** The far server's answer, cleaned and cut. */
  readonly reply?: string;
  readonly at: string;
}

/** Verdicts on where a message comes from (RFC 7208, 6376, 7489). `internal`: made here, by who signed in. */
export interface Authenticity {
  readonly internal: boolean;
  readonly spf?: "pass" | "fail" | "softfail" | "neutral" | "none" | "temperror" | "permerror";
  readonly dkim?: "pass" | "fail" | "neutral" | "none" | "temperror" | "permerror" | "policy";
  readonly dmarc?: "pass" | "fail" | "none" | "temperror" | "permerror";
  /** Reasons to be careful, as stable keys: `nameLooksInternal`, `replyToDiffers`, `dmarcFail`, `lookalikeDomain`, `ownDomainForged`. */
  readonly warnings: readonly string[];
}

/** An attachment, or a picture that the text shows (`cid`). The body is fetched as of any file. */
export interface AttachmentDoc extends FileFacts {
  /** Content-ID without its brackets, when the text shows it. */
  readonly cid?: string;
  readonly inline?: boolean;
  /** Of this kind of file, programs are made: the interface warns before opening. */
  readonly risky?: boolean;
  /** Its author chose that people outside get a link to it that ends; people inside have the file itself. */
  readonly as?: "link";
}

/** A record shown in a message: people inside see the live card by their own rights, people outside read words. */
export interface CardDoc {
  readonly recordId: string;
  readonly type: string;
  /** As its author saw it, for themselves; people inside read the record itself. */
  readonly title: string;
  /** Fields that its author chose for people outside, in this language; read anew when it leaves. Absent: its name only. */
  readonly outside?: {
    readonly fields: readonly string[];
    readonly locale: Locale;
    /** They get a PDF of it, too. */
    readonly pdf?: true;
  };
}

export interface MessageDoc {
  readonly id: string;
  readonly mailboxId: string;
  readonly folderId: string;
  readonly threadId: string;
  /** RFC 5322 Message-ID without its brackets. */
  readonly messageId: string;
  readonly subject: string;
  readonly from: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  /** Only on the sender's own copy. */
  readonly bcc?: readonly MailAddress[];
  readonly replyTo?: readonly MailAddress[];
  /** The author's clock (Date). */
  readonly sentAt: string;
  /** The server's: lists are ordered by it. */
  readonly receivedAt: string;
  readonly snippet: string;
  readonly size: number;
  readonly seen: boolean;
  readonly flagged: boolean;
  readonly answered: boolean;
  readonly forwarded: boolean;
  readonly labels: readonly string[];
  readonly attachments: readonly AttachmentDoc[];
  readonly cards: readonly CardDoc[];
  readonly snoozedUntil?: string;
  readonly followUpAt?: string;
  /** Who answers, in shared mailboxes. */
  readonly assigneeId?: string;
  readonly send?: {
    readonly state: SendState;
    /** When it leaves: the end of the undo time, or what was scheduled. */
    readonly at?: string;
    readonly by?: string;
    /** Stable key, for `failed`. */
    readonly reason?: string;
    readonly message?: string;
  };
  readonly deliveries?: readonly DeliveryDoc[];
  readonly authenticity: Authenticity;
  /** Mailing list (RFC 2919) and what unsubscribes from it (RFC 2369, 8058). */
  readonly list?: { readonly id: string; readonly unsubscribe?: string };
  readonly importance?: "high" | "low";
  /** S/MIME and PGP parts are named and kept whole, never merged with what surrounds them. */
  readonly sealed?: "signed" | "encrypted";
  /** Of a draft: what it answers or forwards, how, and the server's revision on which this text stands (0: none yet). */
  readonly draft?: DraftOrigin & { readonly rev: number };
  /** Of a message in the trash: the folder where it lay, to be put back. */
  readonly trashedFrom?: string;
}

export interface DraftOrigin {
  readonly kind: "new" | "reply" | "replyAll" | "forward" | "redirect";
  /** The message that it answers or forwards. */
  readonly sourceId?: string;
  /** What somebody wrote while this draft was changed or sent elsewhere: both are kept, and a person decides. */
  readonly conflictOf?: string;
}

/** The text of a message; same id, same mailbox. */
export interface BodyDoc {
  readonly id: string;
  readonly mailboxId: string;
  readonly text: string;
  /** Cleaned on the server, and cleaned again where it is shown. Absent: there is only text. */
  readonly html?: string;
  /** The text or HTML was too long to be held here; the raw message has it all. */
  readonly cut?: boolean;
  /** It would load something from elsewhere, which is blocked until the reader allows it. */
  readonly hasRemote?: boolean;
}

/**
 * A message or a whole thread belongs to a record. A link is known to whoever sees both, so it is two rows of one id, each seen
 * with its own side: this one with the mailbox's messages …
 */
export interface MailLinkDoc {
  readonly id: string;
  readonly mailboxId: string;
  readonly threadId: string;
  /** Absent: the whole thread. */
  readonly messageId?: string;
  readonly how: "hand" | "rule" | "number";
  readonly createdAt: string;
  readonly createdBy?: string;
}

/** … and this one with the record. Each half alone says only that there is something else. */
export interface MailLinkRecordDoc {
  /** The link's. */
  readonly id: string;
  readonly recordId: string;
}

export const contactKinds = ["personal", "shared"] as const;

export interface ContactDoc {
  readonly id: string;
  readonly kind: (typeof contactKinds)[number];
  readonly name: string;
  readonly organisation?: string;
  readonly title?: string;
  readonly emails: readonly { readonly address: string; readonly label?: string }[];
  readonly phones: readonly { readonly number: string; readonly label?: string }[];
  readonly note?: string;
  /** A contact that is a group: its members' addresses. */
  readonly members?: readonly MailAddress[];
  readonly updatedAt: string;
}

/** A rule of a mailbox: works on the server, on messages as they arrive, and on what lies there when asked. */
export interface RuleDoc {
  readonly id: string;
  readonly mailboxId: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Rules run in this order. */
  readonly position: number;
  readonly match: "all" | "any";
  readonly conditions: readonly RuleCondition[];
  readonly actions: readonly RuleAction[];
  /** No rule after this one, for a message that it took. */
  readonly stop: boolean;
}

export const ruleFields = ["from", "to", "cc", "recipient", "subject", "text", "list", "attachmentName"] as const;
export const ruleTests = ["contains", "notContains", "is", "startsWith", "endsWith"] as const;
export type RuleCondition =
  | { readonly field: (typeof ruleFields)[number]; readonly test: (typeof ruleTests)[number]; readonly value: string }
  | { readonly field: "hasAttachment" | "internal"; readonly test: "is"; readonly value: boolean }
  | { readonly field: "size"; readonly test: "above" | "below"; readonly value: number };
export type RuleAction =
  | { readonly do: "move"; readonly folderId: string }
  | { readonly do: "label"; readonly label: string }
  | { readonly do: "markSeen" | "flag" | "archive" | "trash" }
  | { readonly do: "forward"; readonly to: string }
  | { readonly do: "assign"; readonly userId: string }
  | { readonly do: "link"; readonly recordId: string };

/** One per user: how mail is written and shown. The id is the user's. */
export interface MailSettingsDoc {
  readonly id: string;
  readonly undoSeconds: number;
  readonly conversations: boolean;
  readonly signatures: readonly MailSignature[];
  readonly templates: readonly MailTemplate[];
  /** Senders, in lower case, whose messages may load pictures from elsewhere. */
  readonly remoteAllowed: readonly string[];
}

export interface MailSignature {
  readonly id: string;
  readonly name: string;
  readonly html: string;
  /** Used by itself for new messages and for answers of these mailboxes. */
  readonly defaultFor: readonly string[];
}

export interface MailTemplate {
  readonly id: string;
  readonly name: string;
  readonly subject: string;
  readonly html: string;
}
