import { z } from "zod";
import { fileNameSchema, sha256Schema } from "../files/index.ts";
import { addressSchema, mailAddressSchema } from "./mail.address.ts";
import { ruleFields, ruleTests, type CardDoc } from "./mail.docs.ts";
import { mailLimits } from "./mail.limits.ts";

/**
 * Named changes of mail, as they travel up (PUSH) and as REST takes them. Each is of one row, whose id is the intent's:
 * a bulk operation is one intent a message, queued together, so that each stands on its own and undo is the same again.
 */
const id = z.uuid();
/** How people outside get an attachment: in the message, or as a link that ends. What is too large to travel is a link anyway. */
const attachedAs = z.enum(["file", "link"]);
const moment = z.iso.datetime();
const address = mailAddressSchema;
const addresses = z.array(address).max(mailLimits.maxRecipients);
const html = z.string().max(mailLimits.maxDraftHtmlChars);
const label = z.string().trim().min(1).max(mailLimits.maxLabelChars);
const folderName = z
  .string()
  .trim()
  .min(1)
  .max(mailLimits.maxFolderNameChars)
  // What no list could show, and what would end a line of IMAP.
  // oxlint-disable-next-line no-control-regex -- naming control characters is the point
  .refine((name) => !/[\u0000-\u001f\u007f/]/u.test(name), {
    error: "A folder's name has no control character.",
  });

export const cardSchema: z.ZodType<CardDoc> = z.object({
  recordId: id,
  type: z.string().min(1).max(64),
  title: z.string().max(400),
  /** What people outside read besides its name: as its author may see it when the message leaves, and never more. */
  outside: z
    .object({
      fields: z.array(z.string().min(1).max(64)).max(100),
      locale: z.enum(["en", "ru"]),
      /** Attached as a PDF, too. */
      pdf: z.literal(true).exactOptional(),
    })
    .exactOptional(),
});

/** Everything that an author decides about a draft; attachments come and go by intents of their own. */
export const draftSchema = z.object({
  /** One of the mailbox's own addresses. */
  from: address,
  to: addresses,
  cc: addresses,
  bcc: addresses,
  subject: z.string().max(mailLimits.maxSubjectChars),
  html,
  importance: z.enum(["high", "low"]).optional(),
  cards: z.array(cardSchema).max(mailLimits.maxAttachments),
  origin: z.object({
    kind: z.enum(["new", "reply", "replyAll", "forward", "redirect"]),
    sourceId: id.optional(),
  }),
});
export type Draft = z.infer<typeof draftSchema>;

export const ruleSchema = z.object({
  name: z.string().trim().min(1).max(200),
  enabled: z.boolean(),
  position: z.int().min(0).max(10_000),
  match: z.enum(["all", "any"]),
  conditions: z
    .array(
      z.union([
        z.object({ field: z.enum(ruleFields), test: z.enum(ruleTests), value: z.string().min(1).max(400) }),
        z.object({ field: z.enum(["hasAttachment", "internal"]), test: z.literal("is"), value: z.boolean() }),
        z.object({ field: z.literal("size"), test: z.enum(["above", "below"]), value: z.int().min(0) }),
      ]),
    )
    .max(50),
  actions: z
    .array(
      z.discriminatedUnion("do", [
        z.object({ do: z.literal("move"), folderId: id }),
        z.object({ do: z.literal("label"), label }),
        z.object({ do: z.enum(["markSeen", "flag", "archive", "trash"]) }),
        z.object({ do: z.literal("forward"), to: z.string().max(mailLimits.maxAddressChars) }),
        z.object({ do: z.literal("assign"), userId: id }),
        z.object({ do: z.literal("link"), recordId: id }),
      ]),
    )
    .min(1)
    .max(20),
  stop: z.boolean(),
});

export const contactSchema = z.object({
  kind: z.enum(["personal", "shared"]),
  name: z.string().trim().min(1).max(200),
  organisation: z.string().max(200).optional(),
  title: z.string().max(200).optional(),
  emails: z.array(z.object({ address: addressSchema, label: z.string().max(60).optional() })).max(30),
  phones: z.array(z.object({ number: z.string().min(1).max(60), label: z.string().max(60).optional() })).max(30),
  note: z.string().max(10_000).optional(),
  members: addresses.optional(),
});

const signature = z.object({
  id,
  name: z.string().trim().min(1).max(100),
  html: z.string().max(mailLimits.maxSignatureHtmlChars),
  defaultFor: z.array(id).max(50),
});
const template = z.object({
  id,
  name: z.string().trim().min(1).max(100),
  subject: z.string().max(mailLimits.maxSubjectChars),
  html,
});

export const mailIntentSchemas = {
  /* ---------- collection `messages`; the id is the message's ---------- */

  /**
   * Makes the draft, or writes all of it anew. `base` is the revision of the *server* that its author had before them (0: none) when
   * they began to change it: saves that wait in an outbox together carry the same one, and a revision that came while they typed and
   * that they never saw is none to stand on. Had somebody else saved since, or had it left, the server keeps both: the
   * answer is `merged` with the id of the other draft as `conflictDraftId`, to which later saves of this device are written, too.
   */
  "mail.saveDraft": z.object({ mailboxId: id, draft: draftSchema, base: z.int().min(0) }),
  /** Announces the body of an attachment of this draft, which follows by tus under `fileId`. */
  "mail.attach": z.object({
    fileId: id,
    name: fileNameSchema,
    size: z.int().nonnegative(),
    sha256: sha256Schema,
    mime: z.string().max(255).default("application/octet-stream"),
    /** The text shows it under this Content-ID. */
    cid: z.string().max(200).optional(),
    as: attachedAs.optional(),
  }),
  /** A file that the server has already, of a record or of another message; who sends must see it. */
  "mail.attachStored": z.object({
    fileId: id,
    sourceFileId: id,
    name: fileNameSchema.optional(),
    /** The text shows it under this Content-ID, as a quotation does. */
    cid: z.string().max(200).optional(),
    as: attachedAs.optional(),
  }),
  /** Chosen anew; a picture that the text shows travels with it. */
  "mail.attachAs": z.object({ fileId: id, as: attachedAs }),
  "mail.detach": z.object({ fileId: id }),
  /** After the undo time, or at `at`. Attachments that are still on their way hold it back; nothing else does. */
  "mail.send": z.object({
    undoSeconds: z.int().min(0).max(60),
    at: moment.optional(),
    /** It comes back when nobody has answered by then. */
    followUpAt: moment.optional(),
  }),
  /** Back to the drafts, as long as it has not left. */
  "mail.cancelSend": z.object({}),
  "mail.discardDraft": z.object({}),
  /** Flags, labels, place and the rest; each key for itself, the last writer wins. `null` takes away. */
  "mail.update": z.object({
    seen: z.boolean().optional(),
    flagged: z.boolean().optional(),
    folderId: id.optional(),
    addLabels: z.array(label).max(mailLimits.maxLabels).optional(),
    removeLabels: z.array(label).max(mailLimits.maxLabels).optional(),
    snoozedUntil: moment.nullable().optional(),
    followUpAt: moment.nullable().optional(),
    assigneeId: id.nullable().optional(),
  }),
  /** For good; only from trash and junk. */
  "mail.delete": z.object({}),
  /** Into a thread of the same mailbox; a `threadId` that is new makes one. Split and join by hand. */
  "mail.regroup": z.object({ threadId: id }),

  /* ---------- collection `mailFolders` ---------- */
  "folder.create": z.object({ mailboxId: id, parentId: id.optional(), name: folderName }),
  "folder.rename": z.object({ name: folderName }),
  "folder.move": z.object({ parentId: id.nullable() }),
  /**
   * Its messages and folders go to the trash with it; `forGood`: out of the trash they are gone. It is said, and not found out from
   * where the folder lies: two who throw it away, each without a network, must not delete it for good together.
   */
  "folder.delete": z.object({ forGood: z.boolean().optional() }),

  /* ---------- collection `mailLinks` ---------- */
  "mail.link": z.object({ threadId: id, messageId: id.optional(), recordId: id }),
  "mail.unlink": z.object({}),

  /* ---------- collection `mailRules` ---------- */
  "rule.save": z.object({ mailboxId: id, rule: ruleSchema }),
  "rule.delete": z.object({}),

  /* ---------- collection `contacts` ---------- */
  "contact.save": z.object({ contact: contactSchema }),
  "contact.delete": z.object({}),

  /* ---------- collection `mailSettings`; the id is the user's ---------- */
  "mail.settings": z.object({
    undoSeconds: z.literal(mailLimits.undoSeconds).optional(),
    conversations: z.boolean().optional(),
    signatures: z.array(signature).max(50).optional(),
    templates: z.array(template).max(200).optional(),
    allowRemote: addressSchema.optional(),
    blockRemote: addressSchema.optional(),
  }),
} as const;

export type MailIntentName = keyof typeof mailIntentSchemas;
export type MailIntentArgs<Name extends MailIntentName> = z.infer<(typeof mailIntentSchemas)[Name]>;
