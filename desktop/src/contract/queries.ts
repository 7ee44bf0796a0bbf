import { z } from "zod";
import { folderRoles, type MailSettingsDoc } from "@kontor/shared/mail";
import type {
  LinkedMail,
  MailBoxes,
  MailPage,
  MailThread,
  ReplicaBody,
  ReplicaContact,
  ReplicaDraft,
  ReplicaMessage,
  ReplicaRule,
} from "./mail.rows.ts";

/**
 * Questions that a window watches: answered at once and again whenever the answer is another one, until it is no longer
 * watched. The replica decides how to answer; nobody can ask for a scan.
 */
const id = z.uuid();

/** Where a list looks: one folder, the folders of a role in all mailboxes, or marks wherever they lie. */
export const mailPlaceSchema = z.discriminatedUnion("at", [
  z.object({ at: z.literal("folder"), folderId: id }),
  z.object({ at: z.literal("role"), role: z.enum(folderRoles) }),
  z.object({ at: z.enum(["flagged", "snoozed", "followUp", "assigned"]) }),
]);
export type MailPlace = z.infer<typeof mailPlaceSchema>;

export const mailFilters = ["all", "unread", "mine", "files", "flagged"] as const;
export type MailFilter = (typeof mailFilters)[number];

export const mailListSchema = z.object({
  place: mailPlaceSchema,
  conversations: z.boolean(),
  filter: z.enum(mailFilters),
});
export type MailList = z.infer<typeof mailListSchema>;

/** A page and a half of a large screen; a window asks for several. */
const MAX_PAGE = 200;
/** Cards of one conversation that are open at the same time. */
const MAX_BODIES = 300;

export const queryInputs = {
  "mail.boxes": z.object({}),
  "mail.list": z.object({
    list: mailListSchema,
    skip: z.int().min(0).max(10_000_000),
    limit: z.int().min(1).max(MAX_PAGE),
  }),
  "mail.thread": z.object({ threadId: z.string().min(1).max(64) }),
  "mail.message": z.object({ id }),
  /** A draft with its text, which a composer must have of one moment. */
  "mail.draft": z.object({ id }),
  "mail.bodies": z.object({ ids: z.array(id).max(MAX_BODIES) }),
  /** Conversations that are linked to a record. */
  "mail.ofRecord": z.object({ recordId: id }),
  "mail.rules": z.object({ mailboxId: id }),
  "mail.contacts": z.object({}),
  "mail.settings": z.object({}),
} as const;

export type QueryName = keyof typeof queryInputs;
export type QueryInput<Name extends QueryName> = z.input<(typeof queryInputs)[Name]>;

export interface QueryResults {
  "mail.boxes": MailBoxes;
  "mail.list": MailPage;
  "mail.thread": MailThread;
  "mail.message": ReplicaMessage | null;
  "mail.draft": ReplicaDraft | null;
  "mail.bodies": readonly ReplicaBody[];
  "mail.ofRecord": readonly LinkedMail[];
  "mail.rules": readonly ReplicaRule[];
  "mail.contacts": readonly ReplicaContact[];
  "mail.settings": MailSettingsDoc;
}

/* ---------- on the command port ---------- */

export interface WatchRequest {
  readonly kind: "watch";
  readonly id: number;
  readonly name: QueryName;
  readonly input: unknown;
}
export interface UnwatchRequest {
  readonly kind: "unwatch";
  readonly id: number;
}
export type WatchReply =
  | { readonly kind: "watched"; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: "watched"; readonly id: number; readonly ok: false };
