import type { RxJsonSchema } from "rxdb";
import type {
  BodyDoc,
  ContactDoc,
  FolderDoc,
  FolderRole,
  MailAddress,
  MailboxDoc,
  MailLinkDoc,
  MailLinkRecordDoc,
  MailSettingsDoc,
  MessageDoc,
  RuleDoc,
} from "@kontor/shared/mail";

/**
 * What a replica holds of mail. Windows do not open these collections: RxDB tells each window of every change with the
 * whole row before and after, which for 300,000 messages and their texts is gigabytes, and holds at most 13 collections
 * open. They watch questions instead (`queries.ts`), answered by the replica from indexes of its own.
 */
export interface Pending {
  /** Intents of this device that the server has not answered. */
  readonly pending: number;
}
export interface ReplicaMessage extends MessageDoc, Pending {
  /** This device's uploads of what is attached, by file, while they last. */
  readonly uploads?: Readonly<Record<string, AttachmentUpload>>;
}
/** A draft and its text, of one moment. */
export interface ReplicaDraft {
  readonly message: ReplicaMessage;
  readonly html: string;
  /** What one wrote while the draft was changed or sent elsewhere is kept in this one. */
  readonly keptBesideId?: string;
}
export interface AttachmentUpload {
  readonly state: "waiting" | "uploading" | "failed";
  readonly sentBytes: number;
  readonly reason?: string;
}
export type ReplicaFolder = FolderDoc & Pending;
export type ReplicaRule = RuleDoc & Pending;
export type ReplicaContact = ContactDoc & Pending;
export type ReplicaBody = BodyDoc;

export interface MailDocuments {
  readonly mailboxes: MailboxDoc;
  readonly mailFolders: ReplicaFolder;
  readonly messages: ReplicaMessage;
  readonly mailBodies: BodyDoc;
  readonly mailLinks: MailLinkDoc & Pending;
  readonly mailLinkRecords: MailLinkRecordDoc;
  readonly mailRules: ReplicaRule;
  readonly contacts: ReplicaContact;
  readonly mailSettings: MailSettingsDoc;
}
export type MailCollectionName = keyof MailDocuments;

const id = { type: "string", maxLength: 36 } as const;
const text = { type: "string", maxLength: 400 } as const;
const plain = { version: 0, primaryKey: "id", type: "object", additionalProperties: true } as const;

/** Messages are found through the narrow tables of `replica/mail`, so they need no index of their own. */
export const mailSchemas = {
  mailboxes: { ...plain, properties: { id }, required: ["id"] },
  mailFolders: { ...plain, properties: { id }, required: ["id"] },
  messages: { ...plain, properties: { id }, required: ["id"] },
  mailBodies: { ...plain, properties: { id }, required: ["id"] },
  mailLinks: { ...plain, properties: { id, threadId: id }, required: ["id", "threadId"], indexes: ["threadId"] },
  mailLinkRecords: { ...plain, properties: { id, recordId: id }, required: ["id", "recordId"], indexes: ["recordId"] },
  mailRules: { ...plain, properties: { id, mailboxId: id }, required: ["id", "mailboxId"], indexes: ["mailboxId"] },
  contacts: { ...plain, properties: { id, name: text }, required: ["id", "name"], indexes: ["name"] },
  mailSettings: { ...plain, properties: { id }, required: ["id"] },
} as const satisfies Record<MailCollectionName, unknown>;

export const mailSchemaOf = (name: MailCollectionName): RxJsonSchema<object> =>
  mailSchemas[name] as unknown as RxJsonSchema<object>;

/* ---------- what windows are told ---------- */

/** How many lie in a folder; kept with every change, never counted by looking. */
export interface MailCounts {
  readonly total: number;
  readonly unread: number;
  readonly threads: number;
  readonly unreadThreads: number;
}

export interface MailBoxes {
  readonly mailboxes: readonly MailboxDoc[];
  readonly folders: readonly ReplicaFolder[];
  /** By folder; one without anything in it is not there. */
  readonly counts: Readonly<Record<string, MailCounts>>;
  readonly flagged: number;
  readonly snoozed: number;
  readonly followUps: number;
  readonly assigned: number;
  /** False while the replica is filled for the first time. */
  readonly known: boolean;
}

/** What the system is to show: how much lies unread in one's own inboxes, and what has just come. */
export interface MailNews {
  readonly unread: number;
  readonly arrived?: {
    readonly count: number;
    readonly newest: { readonly threadId: string; readonly sender: string; readonly subject: string };
  };
}

/** One person of a row: who wrote, or to whom it goes. */
export interface MailRowPerson {
  readonly address: string;
  readonly name?: string;
  readonly me?: true;
}

/** A line of a list: a conversation, or one message. */
export interface MailRow {
  /** The conversation's thread or the message's id; unique within a list together with `folderId`. */
  readonly key: string;
  readonly threadId: string;
  readonly mailboxId: string;
  readonly folderId: string;
  /** The newest message of the conversation here. */
  readonly messageId: string;
  readonly people: readonly MailRowPerson[];
  /** Messages of the whole conversation, wherever they lie but in trash and junk. */
  readonly count: number;
  readonly unread: number;
  readonly flagged: boolean;
  readonly files: boolean;
  readonly answered: boolean;
  readonly forwarded: boolean;
  readonly subject: string;
  readonly snippet: string;
  readonly at: string;
  readonly labels: readonly string[];
  readonly hasDraft: boolean;
  readonly pending: number;
  readonly send?: MessageDoc["send"];
  readonly importance?: MessageDoc["importance"];
  readonly warned: boolean;
  readonly assigneeId?: string;
  readonly snoozedUntil?: string;
  readonly followUpAt?: string;
  /** The first record that it is linked to, as far as it can be seen here. */
  readonly record?: { readonly id: string; readonly type: string; readonly title: string };
}

export interface MailPage {
  readonly total: number;
  readonly rows: readonly MailRow[];
}

export interface MailThread {
  readonly threadId: string;
  /** The oldest first; at most as many as a pane can hold. */
  readonly messages: readonly ReplicaMessage[];
  /** Older ones that are not among them. */
  readonly omitted: number;
  readonly links: readonly MailLinked[];
}

export interface MailLinked {
  readonly id: string;
  readonly messageId?: string;
  readonly threadId: string;
  readonly recordId: string;
  readonly how: MailLinkDoc["how"];
  readonly pending: number;
}

/** A conversation of a record's card. */
export interface LinkedMail {
  readonly linkId: string;
  readonly how: MailLinkDoc["how"];
  readonly row: MailRow;
}

export interface MailSuggestion extends MailAddress {
  readonly lastAt: string;
}

export interface MailSearchAnswer {
  readonly rows: readonly MailRow[];
  /** False while messages wait for the index: then it says "searching", never "nothing found". */
  readonly complete: boolean;
  readonly more: boolean;
}

export type MailPlaceRole = FolderRole | "flagged" | "snoozed" | "followUp" | "assigned";
