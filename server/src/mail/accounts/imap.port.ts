import type { FolderRole } from "@kontor/shared/mail";
import type { Flags, Marks } from "./marks.ts";

/**
 * What two-way sync needs of an IMAP server, and no more. One session is one connection; its calls are made one after the
 * other. Everything rejects with an `AccountFailure`; after `closed` or `timeout` the session is of no more use.
 *
 * Rules, quoted by the contract suite (`imap.contract.ts`):
 * - **IMP-1** Without encryption nothing is sent, unless that was chosen; a certificate that nobody vouches for ends it.
 * - **IMP-2** Each way of failing has its reason, and the secret is in none of them.
 * - **IMP-3** What is read is what lies there, byte for byte, and reading marks nothing as seen.
 * - **IMP-4** A UID that is no longer there is left out of an answer; it is no error.
 * - **IMP-5** Only the messages named are removed, on servers without UIDPLUS, too.
 * - **IMP-6** `changesSince` tells every flag that changed, and what vanished where the server can say so.
 * - **IMP-7** Waiting ends as soon as something happens in the selected folder, and when it is told to.
 * - **IMP-8** Labels are keywords (`keyword.ts`); what else is there is left as it is.
 */
export interface ImapPort {
  connect(settings: ImapSettings): Promise<ImapSession>;
}

export interface ImapSettings {
  readonly host: string;
  readonly port: number;
  readonly security: Security;
  readonly user: string;
  readonly secret: AccountSecret;
}

/** `none` sends the password as it is: only where its owner chose that. */
export const securities = ["tls", "starttls", "none"] as const;
export type Security = (typeof securities)[number];

export type AccountSecret =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "oauth"; readonly accessToken: string };

export interface ImapSession {
  readonly offers: ImapOffers;
  /** All folders that a person would see, with how they stand. */
  listFolders(): Promise<readonly RemoteFolder[]>;
  /** Everything below works on the folder selected last. */
  select(path: string): Promise<SelectedFolder>;
  /** UIDs in the range that are not marked as deleted, ascending. `unlabelled`: in Gmail's "all", what lies nowhere else. */
  listUids(range: UidRange, only?: "unlabelled"): Promise<readonly number[]>;
  /** Flags of all messages in the range. */
  fetchFlags(range: UidRange): Promise<readonly FetchedFlags[]>;
  /** CONDSTORE: what changed after that; with QRESYNC also what vanished, which may name UIDs that never were here. */
  changesSince(
    modseq: string,
  ): Promise<{ readonly flags: readonly FetchedFlags[]; readonly vanished?: readonly number[] }>;
  fetchSizes(uids: readonly number[]): Promise<ReadonlyMap<number, number>>;
  fetchIdentities(uids: readonly number[]): Promise<readonly FetchedIdentity[]>;
  /** One after the other, in the order of the UIDs; the next is asked for when the last has been taken. */
  fetchSources(uids: readonly number[]): AsyncIterable<FetchedSource>;
  /** The first bytes of one message; undefined when it is gone. */
  fetchStart(uid: number, maxBytes: number): Promise<FetchedSource | undefined>;
  /** Messages with this Message-ID (without brackets), of `fromUid` and above. */
  findByMessageId(messageId: string, fromUid: number): Promise<readonly number[]>;
  setMarks(uids: readonly number[], change: { readonly add: Marks; readonly remove: Marks }): Promise<void>;
  /** Where the folder takes keywords of ours; elsewhere nothing is done. */
  setLabels(
    uids: readonly number[],
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void>;
  /** Where each lies now, as far as the server says so (UIDPLUS). */
  move(uids: readonly number[], path: string): Promise<Moved>;
  /** For good. */
  expunge(uids: readonly number[]): Promise<void>;
  append(
    path: string,
    message: Buffer,
    flags: Flags & { readonly isDraft?: boolean },
    receivedAt: string,
  ): Promise<Appended>;
  /** Names from the top; returns the path. One that exists is no error. */
  createFolder(names: readonly string[]): Promise<string>;
  renameFolder(path: string, names: readonly string[]): Promise<string>;
  /** One that is not there is no error. */
  deleteFolder(path: string): Promise<void>;
  /** Until something happened in the selected folder (IDLE, or a look now and then), the time is over or `signal` aborts. */
  waitForNews(options: {
    readonly maxMs: number;
    readonly signal: AbortSignal;
  }): Promise<"news" | "elapsed" | "aborted">;
  close(): Promise<void>;
}

/** UIDs of the target by those of the source, and the UIDVALIDITY under which they are so. */
export interface Moved {
  readonly uids: ReadonlyMap<number, number>;
  readonly uidValidity: number | undefined;
}

/** Undefined where the server does not say (UIDPLUS). */
export interface Appended {
  readonly uid: number | undefined;
  readonly uidValidity: number | undefined;
}

export interface ImapOffers {
  /** Without it, moving is copying and then removing, and may be cut off in between. */
  readonly move: boolean;
  readonly condstore: boolean;
  readonly qresync: boolean;
  readonly idle: boolean;
  /** Gmail's extensions (X-GM-EXT-1): labels are folders there, and one message lies in several. */
  readonly gmail: boolean;
}

export interface RemoteFolder {
  readonly path: string;
  /** From the top, without the prefix of the personal namespace. */
  readonly names: readonly string[];
  /** `all`: every message there is (Gmail); `view`: messages that lie elsewhere (starred, important). */
  readonly role: FolderRole | "all" | "view" | undefined;
  /** False: it only has folders in it. */
  readonly holdsMessages: boolean;
  /** Undefined where it holds none. */
  readonly status: FolderStatus | undefined;
}

export interface FolderStatus {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly unseen: number;
  /** A number of up to 63 bits, as text. */
  readonly highestModseq: string | undefined;
}

export interface SelectedFolder {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly exists: number;
  /** Absent: the folder has none, and flags must be compared. */
  readonly highestModseq: string | undefined;
  /** Flags that last in it (PERMANENTFLAGS); others are dropped, or forgotten with the session. */
  readonly keeps: Marks;
  /** New keywords last in it, too (PERMANENTFLAGS with `\\*`). */
  readonly takesLabels: boolean;
}

/** Inclusive; without `to`, up to the last. */
export interface UidRange {
  readonly from: number;
  readonly to?: number;
}

/** Labels by their keywords (`keyword.ts`). */
export interface FetchedFlags extends Flags {
  readonly uid: number;
  readonly isDeleted: boolean;
}

export interface FetchedIdentity extends FetchedFlags {
  /** Without brackets. */
  readonly messageId: string | undefined;
  readonly size: number;
  /** INTERNALDATE, ISO 8601. */
  readonly receivedAt: string;
}

export interface FetchedSource extends FetchedFlags {
  readonly source: Buffer;
  readonly receivedAt: string;
}
