import { z } from "zod";
import type { IntentStatus } from "@kontor/shared/protocol";
import { grantIntentSchemas, type Hint } from "@kontor/shared/access";
import type { FieldProblem, Json } from "@kontor/shared/base";
import { contactSchema, folderRoles, mailIntentSchemas, ruleSchema } from "@kontor/shared/mail";
import type { MailSearchAnswer, MailSuggestion } from "./mail.rows.ts";
import { mailListSchema } from "./queries.ts";

/**
 * What a window may ask of the replica process, as one typed table: writing, searching, files and status. Reading goes
 * over the RxDB port. Each command's input is parsed on the replica's side before anything happens; a write resolves
 * when it is durable on this device, never later (SYN-1).
 */
const id = z.uuid();
const fieldKey = z.string().min(1).max(64);
const fields = z.record(fieldKey, z.json());
const source = z.union([z.object({ path: z.string() }), z.object({ bytes: z.instanceof(Uint8Array) })]);
const fileName = z.string().min(1).max(255);

/** A bulk: half a minute of the server's work, with progress and one undo. */
const MAX_MESSAGES = 10_000;

/** Which messages: named, or by the rows of a list (all of it, or some of its keys; of a conversation what lies there). */
export const mailTargetsSchema = z.union([
  z.object({ ids: z.array(id).min(1).max(MAX_MESSAGES) }),
  z.object({
    list: mailListSchema,
    keys: z.array(z.string().max(64)).min(1).max(MAX_MESSAGES).optional(),
    except: z.array(z.string().max(64)).max(MAX_MESSAGES).optional(),
  }),
]);
export type MailTargets = z.infer<typeof mailTargetsSchema>;

export const commandInputs = {
  "status.get": z.object({}),

  "record.create": z.object({ id, type: fieldKey, fields }),
  "record.edit": z.object({ id, set: fields }),
  "record.transition": z.object({ id, transition: fieldKey }),
  "record.delete": z.object({ id }),
  "record.restore": z.object({ id }),
  "record.resolve": z.object({
    id,
    field: fieldKey,
    choice: z.enum(["mine", "theirs", "value"]),
    value: z.json().optional(),
  }),

  /** Copies the file into the replica first, so that the original may vanish; then uploads when it can. */
  "file.attach": z.object({
    id,
    recordId: id,
    field: fieldKey,
    name: z.string().min(1).max(255),
    source,
  }),
  "file.rename": z.object({ id, name: fileName }),
  "file.detach": z.object({ id }),
  "file.restore": z.object({ id }),
  /** Brings body, preview PDF or page images into the cache; resolves when they are there. */
  "file.fetch": z.object({
    id,
    what: z.enum(["content", "pdf", "page", "thumbnail"]),
    page: z.number().int().min(1).max(10_000).optional(),
  }),

  /** Asks somebody for access; `id` becomes the request's. */
  "access.request": grantIntentSchemas["access.request"].extend({ id }),
  "access.withdrawRequest": z.object({ id }),
  "access.grant": grantIntentSchemas["access.grant"].extend({ id }),
  "access.refuse": grantIntentSchemas["access.refuse"].extend({ id }),
  "access.endGrant": z.object({ id }),
  /** Why, as the server decides now. What one may not know of, and what cannot be asked now, is not known. */
  "access.explain": z.object({ type: fieldKey, id, action: z.string().min(1).max(100), field: fieldKey.optional() }),

  /**
   * Made or written anew. What is still being typed rests here for a moment before it travels; it is durable at once. `base` is
   * the `draft.rev` of the text that was changed.
   */
  "mail.saveDraft": mailIntentSchemas["mail.saveDraft"].extend({ id }),
  /** Copies the file in first, as `file.attach` does. */
  "mail.attach": z.object({
    id,
    fileId: id,
    name: fileName,
    mime: z.string().max(255).optional(),
    cid: z.string().max(200).optional(),
    source,
  }),
  "mail.attachStored": mailIntentSchemas["mail.attachStored"].extend({ id }),
  "mail.attachAs": mailIntentSchemas["mail.attachAs"].extend({ id }),
  "mail.detach": z.object({ id, fileId: id }),
  "mail.send": mailIntentSchemas["mail.send"].extend({ id }),
  "mail.cancelSend": z.object({ id }),
  "mail.discardDraft": z.object({ id }),
  /** Flags, labels, place and the rest, of up to 10,000 messages as one act with one undo. */
  "mail.update": z.object({
    targets: mailTargetsSchema,
    change: mailIntentSchemas["mail.update"],
    /** To the folder of this role in each message's own mailbox, instead of a folder that is named. */
    moveTo: z.enum(folderRoles).optional(),
  }),
  "mail.undo": z.object({ undo: id }),
  /** For good; only what lies in trash or junk. */
  "mail.delete": z.object({ targets: mailTargetsSchema }),
  /** Into one thread: a new one, or (without `threadId`) that of the oldest of them. */
  "mail.regroup": z.object({ targets: mailTargetsSchema, threadId: id.optional() }),
  "folder.create": mailIntentSchemas["folder.create"].extend({ id }),
  "folder.rename": mailIntentSchemas["folder.rename"].extend({ id }),
  "folder.move": mailIntentSchemas["folder.move"].extend({ id }),
  "folder.delete": mailIntentSchemas["folder.delete"].extend({ id }),
  "mail.link": mailIntentSchemas["mail.link"].extend({ id }),
  "mail.unlink": z.object({ id }),
  "rule.save": z.object({ id, mailboxId: id, rule: ruleSchema }),
  "rule.delete": z.object({ id }),
  "contact.save": z.object({ id, contact: contactSchema }),
  "contact.delete": z.object({ id }),
  "mail.settings": mailIntentSchemas["mail.settings"],
  "mail.search": z.object({
    text: z.string().max(400),
    skip: z.int().min(0).max(10_000).default(0),
    limit: z.int().min(1).max(200).default(50),
    offsetMinutes: z.int().min(-900).max(900),
  }),
  /** People that were written to or wrote, by the beginning of a name or an address. */
  "mail.suggest": z.object({ text: z.string().max(200), limit: z.int().min(1).max(20).default(8) }),
  /** The messages that a bulk would be about. */
  "mail.count": z.object({ targets: mailTargetsSchema }),
  /** The message as it travelled. */
  "mail.raw": z.object({ id }),
  /** Pictures from elsewhere, through the server, as data addresses by their own. */
  "mail.remotePictures": z.object({ id, addresses: z.array(z.string().max(2_000)).max(100) }),
  /** Messages of other programs (.eml, .mbox), as they are, into a folder; the server leaves out what it has already. */
  "mail.import": z.object({ folderId: id, path: z.string().min(1).max(4_096) }),
  /** What only the server can do now (accounts, redirecting, running a rule): a request to its interface below /api/mail. */
  "mail.request": z.object({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path: z.string().regex(/^\/api\/mail\/[\w\-/]{1,200}(?:\?[\w\-=&%.]{0,400})?$/),
    body: z.json().optional(),
  }),

  "outbox.list": z.object({}),
  "outbox.retry": z.object({ mid: id.optional() }),
  "outbox.discard": z.object({ mid: id }),
  "issues.list": z.object({}),
  "issues.retry": z.object({ mid: id }),
  "issues.discard": z.object({ mid: id }),

  "search.query": z.object({
    text: z.string().max(400),
    type: fieldKey.optional(),
    limit: z.number().int().min(1).max(200).default(50),
  }),
  "sync.tryNow": z.object({}),
  /** Private to this user and device: list widths, last place, unsent form contents. */
  "draft.get": z.object({ key: z.string().max(200) }),
  "draft.set": z.object({ key: z.string().max(200), value: z.json().nullable() }),
} as const;

export type CommandName = keyof typeof commandInputs;
export type CommandInput<Name extends CommandName> = z.input<(typeof commandInputs)[Name]>;

export interface CommandResults {
  "status.get": ReplicaStatus;
  "record.create": Queued;
  "record.edit": Queued;
  "record.transition": Queued;
  "record.delete": Queued;
  "record.restore": Queued;
  "record.resolve": Queued;
  "file.attach": Queued;
  "file.rename": Queued;
  "file.detach": Queued;
  "file.restore": Queued;
  "file.fetch": { readonly available: boolean; readonly reason?: string };
  "access.request": Queued;
  "access.withdrawRequest": Queued;
  "access.grant": Queued;
  "access.refuse": Queued;
  "access.endGrant": Queued;
  "access.explain": { readonly hint?: Hint };
  "mail.saveDraft": Queued;
  "mail.attach": Queued;
  "mail.attachStored": Queued;
  "mail.attachAs": Queued;
  "mail.detach": Queued;
  "mail.send": Queued;
  "mail.cancelSend": Queued;
  "mail.discardDraft": Nothing;
  "mail.update": MailChanged;
  "mail.undo": { readonly count: number };
  "mail.delete": { readonly count: number };
  "mail.regroup": { readonly count: number };
  "folder.create": Queued;
  "folder.rename": Queued;
  "folder.move": Queued;
  "folder.delete": Queued;
  "mail.link": Queued;
  "mail.unlink": Queued;
  "rule.save": Queued;
  "rule.delete": Queued;
  "contact.save": Queued;
  "contact.delete": Queued;
  "mail.settings": Queued;
  "mail.search": MailSearchAnswer;
  "mail.suggest": readonly MailSuggestion[];
  "mail.count": { readonly count: number };
  "mail.raw": Answered<{ readonly bytes: Uint8Array }>;
  "mail.remotePictures": Answered<{ readonly pictures: Readonly<Record<string, string>> }>;
  "mail.import": Answered<{ readonly imported: number; readonly known: number; readonly refused: number }>;
  "mail.request": Answered<{ readonly status: number; readonly body: Json }>;
  "outbox.list": readonly OutboxItem[];
  "outbox.retry": Nothing;
  "outbox.discard": Nothing;
  "issues.list": readonly IssueItem[];
  "issues.retry": Nothing;
  "issues.discard": Nothing;
  "search.query": SearchResult;
  "sync.tryNow": Nothing;
  "draft.get": { readonly value: Json };
  "draft.set": Nothing;
}

export type Nothing = Record<string, never>;

/** What the server said just now, or why nobody answered: `offline`, `signedOut`, or the server's own reason. */
export type Answered<Value> =
  | ({ readonly ok: true } & Value)
  | {
      readonly ok: false;
      readonly reason: string;
      readonly message: string;
      readonly problems?: readonly FieldProblem[];
    };

export interface MailChanged {
  /** Messages that are otherwise now. */
  readonly count: number;
  /** For `mail.undo`, while this process lives; absent when nothing changed. */
  readonly undo?: string;
}

export interface Queued {
  readonly mid: string;
}

export interface ReplicaStatus {
  readonly connection: "online" | "connecting" | "offline" | "signedOut" | "locked" | "outdated";
  /** Intents and uploads that the server has not answered. */
  readonly pending: number;
  readonly issues: number;
  readonly user: { readonly id: string; readonly name: string; readonly login: string; readonly isAdmin: boolean };
  readonly server: { readonly url: string; readonly name: string };
  readonly lastContactAt?: string;
  /** The first filling of an empty replica; absent afterwards. */
  readonly filling?: { readonly received: number };
  /** Set once when a damaged replica was set aside and is being rebuilt. */
  readonly rebuilt?: { readonly at: string; readonly setAsideAs: string };
  /** Why the last attempt to connect failed, in a stable key and in English. */
  readonly problem?: { readonly reason: string; readonly message: string };
}

export interface OutboxItem {
  readonly mid: string;
  readonly kind: "intent" | "upload";
  /** Intent name, or `file.upload`. */
  readonly name: string;
  /** What the change is of. */
  readonly collection: string;
  readonly rowId: string;
  readonly recordId?: string;
  readonly title: string;
  readonly at: string;
  readonly state: "waiting" | "sending" | "retrying";
  readonly attempts: number;
  readonly reason?: string;
  readonly progress?: { readonly sentBytes: number; readonly totalBytes: number };
  /** One act of many changes: so many of them are still to be answered. */
  readonly count?: number;
}

/** A refused change: the user's own input, and why (SYN-7). */
export interface IssueItem {
  readonly mid: string;
  readonly name: string;
  /** What the change was of: a record's id, a file's, a request's, a message's. */
  readonly rowId: string;
  readonly collection: string;
  readonly recordId?: string;
  readonly type?: string;
  readonly title: string;
  readonly at: string;
  readonly status: IntentStatus;
  readonly code?: string;
  readonly reason: string;
  readonly message: string;
  readonly problems: readonly FieldProblem[];
  /** Refused together, for the same reason. */
  readonly count?: number;
  /** What the user had put in, by field. */
  readonly input: Readonly<Record<string, Json>>;
}

export interface SearchResult {
  readonly hits: readonly {
    readonly collection: "records" | "files";
    readonly id: string;
    readonly recordId: string;
    readonly type: string;
    readonly title: string;
    readonly snippet?: string;
  }[];
  /** False while the index is still behind the rows: then it says "searching", never "nothing found". */
  readonly complete: boolean;
}

/* ---------- on the wire between a window and the replica: one MessagePort, requests and events ---------- */

export interface CommandRequest {
  readonly kind: "request";
  readonly id: number;
  readonly name: CommandName;
  readonly input: unknown;
}

export type CommandReply =
  | { readonly kind: "reply"; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: "reply"; readonly id: number; readonly ok: false; readonly error: CommandError };

export interface CommandError {
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly problems?: readonly FieldProblem[];
}

/** Pushed to every window. */
export type ReplicaEvent =
  | { readonly kind: "event"; readonly event: "status"; readonly status: ReplicaStatus }
  /** The outbox or the issues changed; a view that shows them asks again. */
  | { readonly kind: "event"; readonly event: "outbox" }
  | { readonly kind: "event"; readonly event: "issues" };
