import type { Json, JsonObject } from "../base/index.ts";
import { draftText, snippetOf } from "./draft.text.ts";
import type {
  AttachmentDoc,
  BodyDoc,
  ContactDoc,
  FolderDoc,
  FolderRole,
  MailLinkDoc,
  MailLinkRecordDoc,
  MailSettingsDoc,
  MessageDoc,
  RuleDoc,
} from "./mail.docs.ts";
import type { MailIntentArgs, MailIntentName } from "./mail.intents.ts";
import { mailLimits } from "./mail.limits.ts";

/**
 * How each change of mail looks until the server has answered: pure, from the server's row and the intent. Where the
 * server will decide (its Message-ID, its clock), the view has what is nearest; where the server would refuse, the row
 * stays as it is, so that what is shown is never more than what can come true.
 */
export interface MailIntent {
  readonly name: string;
  readonly id: string;
  readonly args: JsonObject;
  /** The device's clock. */
  readonly at: string;
}

/** What a replay asks about other rows. */
export interface MailReplayFrom {
  readonly userId: string;
  folderOf(mailboxId: string, role: FolderRole): string | undefined;
  roleOf(folderId: string): FolderRole | undefined;
  /** It is the trash, or lies in it at any depth. */
  isInTrash(folderId: string): boolean;
  /** The thread of a message that is answered. */
  threadOf(messageId: string): string | undefined;
  /** A stored file that is attached once more. */
  attachmentOf?(fileId: string): Partial<AttachmentDoc> | undefined;
}

/** Intents were parsed when they were made, and the outbox keeps them as JSON. */
const argsOf = <Name extends MailIntentName>(intent: MailIntent): MailIntentArgs<Name> =>
  intent.args as unknown as MailIntentArgs<Name>;

/* ---------- messages ---------- */

export function replayMessage(
  row: MessageDoc | undefined,
  intent: MailIntent,
  from: MailReplayFrom,
): MessageDoc | undefined {
  if (intent.name === "mail.saveDraft") return savedDraft(row, intent, from);
  if (!row) return undefined;
  switch (intent.name) {
    case "mail.update":
      return updated(row, argsOf<"mail.update">(intent), from);
    case "mail.delete":
      return isDeletable(row, from) && !isLeaving(row) ? undefined : row;
    case "mail.regroup":
      return { ...row, threadId: argsOf<"mail.regroup">(intent).threadId };
    case "mail.attach":
    case "mail.attachStored":
    case "mail.attachAs":
    case "mail.detach":
      return isDraft(row) ? { ...row, attachments: attachmentsAfter(row, intent, from) } : row;
    case "mail.send":
      return isDraft(row) ? scheduled(row, intent, from) : row;
    case "mail.cancelSend":
      return row.send?.state === "scheduled" ? backToDrafts(row, from) : row;
    case "mail.discardDraft":
      return isDraft(row) ? undefined : row;
    default:
      return row;
  }
}

/** For good only from where one looks before emptying; what went to the trash with its folder says nothing of it itself. */
export const isDeletable = (
  { folderId, trashedFrom }: Pick<MessageDoc, "folderId" | "trashedFrom">,
  { isInTrash, roleOf }: Pick<MailReplayFrom, "isInTrash" | "roleOf">,
): boolean => trashedFrom !== undefined || roleOf(folderId) === "junk" || isInTrash(folderId);

/** One that failed is a draft again: what it says can be mended. */
export const isDraft = (row: Pick<MessageDoc, "send">): boolean =>
  row.send?.state === "draft" || row.send?.state === "failed";

function savedDraft(row: MessageDoc | undefined, intent: MailIntent, from: MailReplayFrom): MessageDoc | undefined {
  if (row && !isDraft(row)) return row;
  const { base, mailboxId, draft } = argsOf<"mail.saveDraft">(intent);
  const said = {
    subject: draft.subject,
    from: [draft.from],
    to: draft.to,
    cc: draft.cc,
    bcc: draft.bcc,
    cards: draft.cards,
    snippet: snippetOf(draftText(draft.html), mailLimits.maxSnippetChars),
    sentAt: intent.at,
    receivedAt: intent.at,
    // What is shown stands on what its author had before them, whatever the server's row says by now.
    draft: { ...row?.draft, ...draft.origin, rev: base },
  } as const;
  const { importance: _importance, ...kept } = row
    ? placedDraft(row, mailboxId, from)
    : newDraft(intent, mailboxId, draft.origin, from);
  const next = { ...kept, ...said } as MessageDoc;
  return draft.importance ? { ...next, importance: draft.importance } : next;
}

/** It follows its author to the mailbox that they write from, and comes out of the trash when it is written on. */
function placedDraft(row: MessageDoc, mailboxId: string, from: MailReplayFrom): MessageDoc {
  const isElsewhere = row.mailboxId !== mailboxId;
  if (!isElsewhere && row.trashedFrom === undefined) return row;
  const { trashedFrom: _trashedFrom, ...kept } = row;
  const folderId = from.folderOf(mailboxId, "drafts") ?? row.folderId;
  // Which thread it joins there, only the server knows.
  return { ...kept, mailboxId, folderId, ...(isElsewhere ? { threadId: row.id } : {}) };
}

function newDraft(
  { id }: MailIntent,
  mailboxId: string,
  { kind, sourceId }: MailIntentArgs<"mail.saveDraft">["draft"]["origin"],
  from: MailReplayFrom,
): MessageDoc {
  const answers = sourceId !== undefined && (kind === "reply" || kind === "replyAll");
  return {
    id,
    mailboxId,
    folderId: from.folderOf(mailboxId, "drafts") ?? "",
    threadId: (answers && from.threadOf(sourceId)) || id,
    messageId: "",
    subject: "",
    from: [],
    to: [],
    cc: [],
    sentAt: "",
    receivedAt: "",
    snippet: "",
    size: 0,
    seen: true,
    flagged: false,
    answered: false,
    forwarded: false,
    labels: [],
    attachments: [],
    cards: [],
    send: { state: "draft", by: from.userId },
    authenticity: { internal: true, warnings: [] },
  };
}

/** It is on its way: it stays where it is sent from. */
export const isLeaving = ({ send }: Pick<MessageDoc, "send">): boolean =>
  send?.state === "scheduled" || send?.state === "sending";

/** What is to be sent lies where it is sent from, and nothing else lies there. */
export function mayMoveTo(row: MessageDoc, role: FolderRole | undefined): boolean {
  if (isLeaving(row) || role === "outbox") return false;
  return isDraft(row) ? role === "drafts" || role === "trash" : role !== "drafts";
}

function moved(row: MessageDoc, folderId: string | undefined, from: MailReplayFrom): Partial<MessageDoc> {
  const role = folderId === undefined ? undefined : from.roleOf(folderId);
  if (folderId === undefined || folderId === row.folderId || !mayMoveTo(row, role)) return {};
  return { folderId, ...(role === "trash" ? { trashedFrom: row.trashedFrom ?? row.folderId } : {}) };
}

function updated(row: MessageDoc, change: MailIntentArgs<"mail.update">, from: MailReplayFrom): MessageDoc {
  const { addLabels = [], assigneeId, flagged, folderId, followUpAt, removeLabels = [], seen, snoozedUntil } = change;
  const place = moved(row, folderId, from);
  const trashedFrom = place.folderId !== undefined && place.trashedFrom === undefined ? null : undefined;
  // One that is both added and removed is added.
  const labels = row.labels.filter((label) => !removeLabels.includes(label) || addLabels.includes(label));
  for (const label of addLabels) if (!labels.includes(label)) labels.push(label);
  return withOptional(
    {
      ...row,
      ...(seen === undefined ? {} : { seen }),
      ...(flagged === undefined ? {} : { flagged }),
      ...place,
      labels: labels.slice(0, mailLimits.maxLabels),
    },
    { snoozedUntil, followUpAt, assigneeId, trashedFrom },
  );
}

/** `null` takes a field away, `undefined` leaves it. */
function withOptional(row: MessageDoc, changes: Readonly<Record<string, string | null | undefined>>): MessageDoc {
  const entries = Object.entries(changes);
  const gone = entries.filter(([, value]) => value === null).map(([key]) => key);
  const set = entries.filter(([, value]) => typeof value === "string");
  const kept = Object.entries(row).filter(([key]) => !gone.includes(key));
  return Object.fromEntries([...kept, ...set]) as unknown as MessageDoc;
}

function attachmentsAfter(row: MessageDoc, intent: MailIntent, from: MailReplayFrom): readonly AttachmentDoc[] {
  if (intent.name === "mail.detach") {
    const { fileId } = argsOf<"mail.detach">(intent);
    return row.attachments.filter(({ id }) => id !== fileId);
  }
  if (intent.name === "mail.attachAs") {
    const { as, fileId } = argsOf<"mail.attachAs">(intent);
    return row.attachments.map((file) => (file.id === fileId ? givenAs(file, as) : file));
  }
  const made = intent.name === "mail.attach" ? attached(intent) : attachedAgain(intent, from);
  return row.attachments.some(({ id }) => id === made.id) ? row.attachments : [...row.attachments, made];
}

function givenAs({ as: _before, ...file }: AttachmentDoc, as: "file" | "link" | undefined): AttachmentDoc {
  return as === "link" && !file.inline ? { ...file, as } : file;
}

function attached(intent: MailIntent): AttachmentDoc {
  const { as, fileId, name, size, sha256, mime, cid } = argsOf<"mail.attach">(intent);
  const file: AttachmentDoc = {
    id: fileId,
    name,
    mime: mime ?? "application/octet-stream",
    size,
    sha256,
    ...(cid === undefined ? {} : { cid, inline: true }),
    state: "awaiting",
    previewState: "none",
  };
  return givenAs(file, as);
}

function attachedAgain(intent: MailIntent, from: MailReplayFrom): AttachmentDoc {
  const { as, cid, fileId, name, sourceFileId } = argsOf<"mail.attachStored">(intent);
  const { as: _as, cid: _cid, inline: _inline, ...source } = from.attachmentOf?.(sourceFileId) ?? {};
  const file: AttachmentDoc = {
    mime: "application/octet-stream",
    size: 0,
    sha256: "",
    previewState: "none",
    ...source,
    ...(cid === undefined ? {} : { cid, inline: true }),
    id: fileId,
    name: name ?? source.name ?? "",
    state: source.state ?? "stored",
  };
  return givenAs(file, as);
}

function scheduled(row: MessageDoc, intent: MailIntent, from: MailReplayFrom): MessageDoc {
  const { at, followUpAt, undoSeconds } = argsOf<"mail.send">(intent);
  const leavesAt = at ?? new Date(Date.parse(intent.at) + undoSeconds * 1_000).toISOString();
  return {
    ...row,
    folderId: from.folderOf(row.mailboxId, "outbox") ?? row.folderId,
    send: { state: "scheduled", at: leavesAt, by: from.userId },
    ...(followUpAt === undefined ? {} : { followUpAt }),
  };
}

function backToDrafts(row: MessageDoc, from: MailReplayFrom): MessageDoc {
  const by = row.send?.by;
  return {
    ...row,
    folderId: from.folderOf(row.mailboxId, "drafts") ?? row.folderId,
    send: { state: "draft", ...(by === undefined ? {} : { by }) },
  };
}

/* ---------- bodies, under the same ids as their messages ---------- */

export function replayBody(row: BodyDoc | undefined, intent: MailIntent): BodyDoc | undefined {
  if (intent.name === "mail.saveDraft") {
    const { mailboxId, draft } = argsOf<"mail.saveDraft">(intent);
    return {
      id: intent.id,
      mailboxId,
      text: draftText(draft.html).slice(0, mailLimits.maxTextChars),
      ...(draft.html === "" ? {} : { html: draft.html }),
    };
  }
  return intent.name === "mail.discardDraft" ? undefined : row;
}

/* ---------- folders, links, rules, contacts, settings ---------- */

export function replayFolder(
  row: FolderDoc | undefined,
  intent: MailIntent,
  { folderOf, isInTrash }: Pick<MailReplayFrom, "folderOf" | "isInTrash">,
): FolderDoc | undefined {
  if (intent.name === "folder.create") {
    const { mailboxId, name, parentId } = argsOf<"folder.create">(intent);
    return row ?? { id: intent.id, mailboxId, name: name.trim(), ...(parentId === undefined ? {} : { parentId }) };
  }
  // Folders with a role are the mailbox's own: they are not renamed, moved or deleted.
  if (!row || row.role !== undefined) return row;
  if (intent.name === "folder.rename") return { ...row, name: argsOf<"folder.rename">(intent).name.trim() };
  if (intent.name === "folder.delete") {
    const isTrashed = row.parentId !== undefined && isInTrash(row.parentId);
    if (argsOf<"folder.delete">(intent).forGood === true) return isTrashed ? undefined : row;
    const trash = folderOf(row.mailboxId, "trash");
    return isTrashed || trash === undefined ? row : { ...row, parentId: trash };
  }
  if (intent.name !== "folder.move") return row;
  const { parentId } = argsOf<"folder.move">(intent);
  const { parentId: _before, ...rest } = row;
  return parentId === null ? rest : { ...rest, parentId };
}

export function replayLink(
  row: MailLinkDoc | undefined,
  intent: MailIntent,
  { userId, mailboxId }: { readonly userId: string; readonly mailboxId: string | undefined },
): MailLinkDoc | undefined {
  if (intent.name === "mail.unlink") return undefined;
  if (intent.name !== "mail.link" || row) return row;
  const { messageId, threadId } = argsOf<"mail.link">(intent);
  if (mailboxId === undefined) return undefined;
  return {
    id: intent.id,
    mailboxId,
    threadId,
    ...(messageId === undefined ? {} : { messageId }),
    how: "hand",
    createdAt: intent.at,
    createdBy: userId,
  };
}

/** The record's half of a link, under the same id. */
export function replayLinkRecord(
  row: MailLinkRecordDoc | undefined,
  intent: MailIntent,
): MailLinkRecordDoc | undefined {
  if (intent.name === "mail.unlink") return undefined;
  if (intent.name !== "mail.link" || row) return row;
  return { id: intent.id, recordId: argsOf<"mail.link">(intent).recordId };
}

export function replayRule(row: RuleDoc | undefined, intent: MailIntent): RuleDoc | undefined {
  if (intent.name === "rule.delete") return undefined;
  if (intent.name !== "rule.save") return row;
  const { mailboxId, rule } = argsOf<"rule.save">(intent);
  // A rule stays in its mailbox.
  return { id: intent.id, mailboxId: row?.mailboxId ?? mailboxId, ...rule } as RuleDoc;
}

export function replayContact(row: ContactDoc | undefined, intent: MailIntent): ContactDoc | undefined {
  if (intent.name === "contact.delete") return undefined;
  if (intent.name !== "contact.save") return row;
  const { contact } = argsOf<"contact.save">(intent);
  return { id: intent.id, ...contact, updatedAt: intent.at } as ContactDoc;
}

export const defaultMailSettings = (userId: string): MailSettingsDoc => ({
  id: userId,
  undoSeconds: 5,
  conversations: true,
  signatures: [],
  templates: [],
  remoteAllowed: [],
});

export function replaySettings(
  row: MailSettingsDoc | undefined,
  intent: MailIntent,
  userId: string,
): MailSettingsDoc | undefined {
  if (intent.name !== "mail.settings") return row;
  const { allowRemote, blockRemote, ...set } = argsOf<"mail.settings">(intent);
  const before = row ?? defaultMailSettings(userId);
  const allowed = before.remoteAllowed.filter(
    (sender) => sender !== blockRemote?.toLowerCase() && sender !== allowRemote?.toLowerCase(),
  );
  const remoteAllowed = allowRemote === undefined ? allowed : [...allowed, allowRemote.toLowerCase()];
  const chosen = Object.entries(set).filter(([, value]) => value !== undefined);
  return { ...before, ...(Object.fromEntries(chosen) as Partial<MailSettingsDoc>), remoteAllowed };
}

/**
 * The change that makes a row again what it was: for each key that the change would alter, what stands there now. Empty:
 * nothing would change.
 */
export function inverseOfUpdate(row: MessageDoc, change: MailIntentArgs<"mail.update">): MailIntentArgs<"mail.update"> {
  const { addLabels = [], removeLabels = [] } = change;
  const added = addLabels.filter((label) => !row.labels.includes(label));
  const removed = removeLabels.filter((label) => row.labels.includes(label) && !addLabels.includes(label));
  const inverse: Record<string, Json> = {
    ...(added.length > 0 ? { removeLabels: added } : {}),
    ...(removed.length > 0 ? { addLabels: removed } : {}),
  };
  for (const key of ["seen", "flagged", "folderId"] as const)
    if (change[key] !== undefined && change[key] !== row[key]) inverse[key] = row[key];
  for (const key of ["snoozedUntil", "followUpAt", "assigneeId"] as const)
    if (change[key] !== undefined && (change[key] ?? undefined) !== row[key]) inverse[key] = row[key] ?? null;
  return inverse as MailIntentArgs<"mail.update">;
}

/** Two changes of one row that go as one; the later one wins, key by key. */
export function mergedUpdate(
  first: MailIntentArgs<"mail.update">,
  second: MailIntentArgs<"mail.update">,
): MailIntentArgs<"mail.update"> {
  const { addLabels: add1 = [], removeLabels: remove1 = [], ...rest1 } = first;
  const { addLabels: add2 = [], removeLabels: remove2 = [], ...rest2 } = second;
  const addLabels = [...new Set([...add1.filter((label) => !remove2.includes(label)), ...add2])];
  const removeLabels = [...new Set([...remove1, ...remove2])].filter((label) => !addLabels.includes(label));
  return {
    ...rest1,
    ...rest2,
    ...(addLabels.length > 0 ? { addLabels } : {}),
    ...(removeLabels.length > 0 ? { removeLabels } : {}),
  };
}
