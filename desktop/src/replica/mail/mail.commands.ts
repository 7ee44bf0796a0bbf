import { z } from "zod";
import type { CommandResults, MailSuggestion, MailTargets, Queued, ReplicaFolder, ReplicaMessage } from "#contract";
import type { CommandInputs } from "../commands.ts";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import {
  addressKey,
  inverseOfUpdate,
  isDeletable,
  isDraft,
  mayMoveTo,
  mergedUpdate,
  parseMailSearch,
  type FolderRole,
  type MailAddress,
  mailLimits,
  type MailIntentArgs,
  type MailSearchTerm,
  type RuleDoc,
  type ContactDoc,
} from "@kontor/shared/mail";
import { normalise, type ReplicaFile } from "#replica/storage";
import type { ReplicaFiles } from "../files/index.ts";
import type { EnqueueInput, MergeIntents, Replica } from "../replica.ts";
import type { MailLists } from "./mail.lists.ts";
import { peopleQuery, type MailSearcher } from "./mail.search.ts";
import type { MailServer } from "./mail.server.ts";
import { idsOfTargets } from "./mail.targets.ts";

/** What a window asks of mail: each change becomes intents, many at once one write. */
type MailCommandName = Extract<
  keyof CommandResults,
  `mail.${string}` | `folder.${string}` | `rule.${string}` | `contact.${string}`
>;
export type MailCommands = {
  readonly [Name in MailCommandName]: (
    input: CommandInputs[Name],
  ) => CommandResults[Name] | Promise<CommandResults[Name]>;
};

export interface MailCommandsDeps {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly lists: MailLists;
  readonly searcher: MailSearcher;
  readonly server: MailServer;
  readonly userId: string;
  readonly file: ReplicaFile;
  folderOf(mailboxId: string, role: FolderRole): string | undefined;
  roleOf(folderId: string): FolderRole | undefined;
  mailboxOf(folderId: string): string | undefined;
  messagesOf(ids: readonly string[]): readonly ReplicaMessage[];
}

/** What is typed in this time is one save; whoever reads along elsewhere is behind by as much. */
const DRAFT_RESTS_MS = 2_000;
/** Acts that can still be undone; the last one is what people undo. */
const KEPT_UNDOS = 20;
const CHUNK = 500;
/** The newest messages with somebody of that name: enough for the people that one still writes to. */
const SUGGEST_FROM = 300;
const MAX_RAW_BYTES = 64 * 1024 ** 2; // the largest message there is, with its encoding
const MAX_PICTURE_BYTES = 5 * 1024 ** 2; // what the server's proxy passes on

type UpdateArgs = MailIntentArgs<"mail.update">;
interface Change {
  readonly id: string;
  readonly args: UpdateArgs;
  readonly title: string;
}

export function createMailCommands(deps: MailCommandsDeps): MailCommands {
  const { files, file, folderOf, lists, mailboxOf, messagesOf, replica, roleOf, searcher, server, userId } = deps;
  const { outbox, rows } = replica;
  const undos = new Map<string, readonly Change[]>();

  const viewOf = <Doc>(collection: string, id: string): Doc | undefined =>
    rows.collection(collection)?.findByIdsSync([id])[0] as Doc | undefined;

  function messageOf(id: string): ReplicaMessage {
    const message = viewOf<ReplicaMessage>("messages", id);
    if (!message) throw new DomainError("notFound", "This message is not here any more.", { reason: "mail.unknown" });
    return message;
  }

  function draftOf(id: string): ReplicaMessage {
    const message = messageOf(id);
    if (!isDraft(message))
      throw new DomainError("conflict", "This message has left or is about to.", { reason: "mail.notDraft" });
    return message;
  }

  function queue(input: Omit<EnqueueInput, "args"> & { readonly args: object }): Queued {
    const { mid } = replica.enqueue({ ...input, args: input.args as JsonObject });
    return { mid };
  }

  const queueMessage = (id: string, name: string, args: object, title: string): Queued =>
    queue({ collection: "messages", id, name, args, title });

  /** The newest change of a row, when it was never sent and is of this name. */
  const unsentOf = (collection: string, id: string, name: string) => {
    const last = outbox.pendingOf(collection, id).at(-1);
    return last?.name === name && last.state === "waiting" && last.attempts === 0 ? last : undefined;
  };

  /* ---------- drafts ---------- */

  /** What is amended stands where it stood: a revision that came meanwhile was not what its author had before them. */
  function saveDraft({ id, mailboxId, draft, base }: CommandInputs["mail.saveDraft"]): Queued {
    if (viewOf<ReplicaMessage>("messages", id)) draftOf(id);
    const before = unsentOf("messages", id, "mail.saveDraft");
    const args = { mailboxId, draft, base: before?.args["base"] ?? base } as unknown as JsonObject;
    refuseTooLong(args);
    if (before && replica.amend(before.mid, args)) return { mid: before.mid };
    return queue({
      collection: "messages",
      id,
      name: "mail.saveDraft",
      args,
      title: draft.subject,
      restMs: DRAFT_RESTS_MS,
    });
  }

  /** Told before it is too late to say it shorter; the server would take it from nobody. */
  function refuseTooLong(args: JsonObject): void {
    const bytes = Buffer.byteLength(JSON.stringify(args));
    if (bytes > mailLimits.maxDraftBytes)
      throw new DomainError("tooLarge", "This text is too long to be sent as a message.", {
        reason: "mail.draftTooLong",
        params: { bytes, maxBytes: mailLimits.maxDraftBytes },
      });
  }

  const attach: MailCommands["mail.attach"] = async ({ cid, fileId, id, mime, name, source }) => {
    draftOf(id);
    const { size, sha256 } = await files.stage(fileId, source);
    const title = draftOf(id).subject; // it may have left meanwhile
    const { mid } = replica.enqueue({
      name: "mail.attach",
      collection: "messages",
      id,
      args: {
        fileId,
        name,
        size,
        sha256,
        mime: mime ?? "application/octet-stream",
        ...(cid === undefined ? {} : { cid }),
      },
      title,
      alongside: (at) => files.uploads.plan({ fileId, recordId: id, name, size, sha256, at }),
    });
    files.uploads.planned(fileId);
    return { mid };
  };

  /** What rests goes first: sending must not wait for it. */
  const send: MailCommands["mail.send"] = ({ id, ...args }) => {
    const { subject } = draftOf(id);
    const queued = queueMessage(id, "mail.send", args, subject);
    for (const { mid } of outbox.pendingOf("messages", id)) replica.release(mid);
    return queued;
  };

  /** One that has not left this device is simply not sent. */
  const cancelSend: MailCommands["mail.cancelSend"] = ({ id }) => {
    const { subject } = messageOf(id);
    const own = outbox.pendingOf("messages", id).findLast(({ name }) => name === "mail.send");
    if (own && replica.discard(own.mid)) return { mid: own.mid };
    return queueMessage(id, "mail.cancelSend", {}, subject);
  };

  const discardDraft: MailCommands["mail.discardDraft"] = ({ id }) => {
    const { subject } = draftOf(id);
    for (const { mid } of outbox.pendingOf("messages", id).toReversed()) replica.discard(mid);
    const isElsewhere = rows.hasServerRow("messages", id) || outbox.pendingOf("messages", id).length > 0;
    if (isElsewhere) queueMessage(id, "mail.discardDraft", {}, subject);
    return {};
  };

  /* ---------- many at once ---------- */

  async function update(
    targets: MailTargets,
    change: UpdateArgs,
    moveTo: FolderRole | undefined,
  ): Promise<CommandResults["mail.update"]> {
    const changes: Change[] = [];
    const inverses: Change[] = [];
    for (const message of eachOf(idsOfTargets(lists, targets))) {
      const args = changeFor(message, change, moveTo);
      const inverse = args && inverseOfUpdate(message, args);
      if (!args || !inverse || Object.keys(inverse).length === 0) continue;
      changes.push({ id: message.id, args, title: message.subject });
      inverses.push({ id: message.id, args: inverse, title: message.subject });
    }
    if (changes.length === 0) return { count: 0 };
    const undo = newId();
    undos.set(undo, inverses);
    if (undos.size > KEPT_UNDOS) undos.delete(undos.keys().next().value ?? "");
    await queueChanges(changes, undo);
    return { count: changes.length, undo };
  }

  /** What can be done with this one: a place is of its own mailbox, and where the server lets it lie. */
  function changeFor(
    message: ReplicaMessage,
    { folderId: named, ...change }: UpdateArgs,
    moveTo: FolderRole | undefined,
  ): UpdateArgs | undefined {
    const folderId = moveTo === undefined ? named : folderOf(message.mailboxId, moveTo);
    if (folderId === undefined) return moveTo === undefined ? change : undefined;
    const isOfMailbox = moveTo !== undefined || mailboxOf(folderId) === message.mailboxId;
    return isOfMailbox && mayMoveTo(message, roleOf(folderId)) ? { ...change, folderId } : undefined;
  }

  function* eachOf(ids: readonly string[]): Generator<ReplicaMessage> {
    for (let at = 0; at < ids.length; at += CHUNK) yield* messagesOf(ids.slice(at, at + CHUNK));
  }

  const queueChanges = (changes: readonly Change[], batch: string): Promise<void> =>
    replica.enqueueMany(
      changes.map(({ args, id, title }) => ({
        name: "mail.update",
        collection: "messages",
        id,
        args: args as unknown as JsonObject,
        title,
        ...(changes.length > 1 ? { batch } : {}),
      })),
      mergeUpdates,
    );

  async function undo(token: string): Promise<{ count: number }> {
    const changes = undos.get(token);
    if (!changes) throw new DomainError("notFound", "This can no longer be undone.", { reason: "mail.undoGone" });
    undos.delete(token);
    const ids = new Set([...eachOf(changes.map(({ id }) => id))].map(({ id }) => id));
    const left = changes.filter(({ id }) => ids.has(id));
    await queueChanges(left, newId());
    return { count: left.length };
  }

  async function remove(targets: MailTargets): Promise<{ count: number }> {
    const messages = [...eachOf(idsOfTargets(lists, targets))].filter((message) =>
      isDeletable(message, roleOf(message.folderId)),
    );
    return await queueEach(messages, "mail.delete", {});
  }

  async function regroup(targets: MailTargets, named: string | undefined): Promise<{ count: number }> {
    const messages = [...eachOf(idsOfTargets(lists, targets))];
    const oldest = messages.toSorted((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1))[0];
    const threadId = named ?? oldest?.threadId;
    if (threadId === undefined) return { count: 0 };
    // Threads are of one mailbox.
    const moved = messages.filter((each) => each.mailboxId === oldest?.mailboxId && each.threadId !== threadId);
    return await queueEach(moved, "mail.regroup", { threadId });
  }

  async function queueEach(
    messages: readonly ReplicaMessage[],
    name: string,
    args: JsonObject,
  ): Promise<{ count: number }> {
    const batch = newId();
    await replica.enqueueMany(
      messages.map(({ id, subject }) => ({
        name,
        collection: "messages",
        id,
        args,
        title: subject,
        ...(messages.length > 1 ? { batch } : {}),
      })),
    );
    return { count: messages.length };
  }

  /* ---------- rows that are written as a whole ---------- */

  function saveWhole(collection: string, id: string, name: string, args: object, title: string): Queued {
    const before = unsentOf(collection, id, name);
    if (before && replica.amend(before.mid, args as JsonObject)) return { mid: before.mid };
    return queue({ collection, id, name, args, title });
  }

  /** One that has not left this device is simply dropped. */
  function removeWhole(collection: string, id: string, name: string, title: string): Queued {
    const pending = outbox.pendingOf(collection, id);
    for (const { mid } of pending.toReversed()) replica.discard(mid);
    const isElsewhere = rows.hasServerRow(collection, id) || outbox.pendingOf(collection, id).length > 0;
    if (isElsewhere) return queue({ collection, id, name, args: {}, title });
    return { mid: pending[0]?.mid ?? newId() };
  }

  const folderTitle = (id: string): string => viewOf<ReplicaFolder>("mailFolders", id)?.name ?? "";
  const queueFolder = (id: string, name: string, args: object, title: string): Queued =>
    queue({ collection: "mailFolders", id, name, args, title });

  function settings(args: MailIntentArgs<"mail.settings">): Queued {
    const before = unsentOf("mailSettings", userId, "mail.settings");
    const isOfSender = args.allowRemote !== undefined || args.blockRemote !== undefined;
    if (before && !isOfSender && replica.amend(before.mid, { ...before.args, ...(args as JsonObject) }))
      return { mid: before.mid };
    return queue({ collection: "mailSettings", id: userId, name: "mail.settings", args, title: "" });
  }

  /* ---------- search ---------- */

  const search: MailCommands["mail.search"] = ({ limit, offsetMinutes, skip, text }) => {
    const query = parseMailSearch(text, { now: replica.options.clock.now(), offsetMinutes });
    const { complete, ids, more } = searcher.search({ terms: asTyped(query.terms, text) }, { limit, skip });
    return { rows: lists.rowsOfMessages(ids), complete, more };
  };

  function suggest(typed: string, limit: number): readonly MailSuggestion[] {
    const query = peopleQuery(typed);
    if (!query) return [];
    const found = file
      .all(
        `SELECT m.id FROM mail_fts CROSS JOIN mail_message m ON m.sid = mail_fts.rowid
         WHERE mail_fts MATCH ? ORDER BY mail_fts.rowid DESC LIMIT ?`,
        [query, SUGGEST_FROM],
      )
      .map(([id]) => String(id));
    const people = new Map<string, { readonly person: MailAddress; readonly lastAt: string; times: number }>();
    for (const message of byNewest(messagesOf(found))) {
      for (const person of [...message.from, ...message.to, ...message.cc]) {
        if (!isMeant(person, typed)) continue;
        const key = addressKey(person.address);
        const known = people.get(key);
        if (known) known.times++;
        else people.set(key, { person, lastAt: message.receivedAt, times: 1 });
      }
    }
    return [...people.values()]
      .sort((a, b) => b.times - a.times)
      .slice(0, limit)
      .map(({ lastAt, person }) => ({ ...person, lastAt }));
  }

  return {
    "mail.saveDraft": saveDraft,
    "mail.attach": attach,
    "mail.attachStored": ({ id, ...args }) => queueMessage(id, "mail.attachStored", args, draftOf(id).subject),
    "mail.detach": ({ id, fileId }) => queueMessage(id, "mail.detach", { fileId }, draftOf(id).subject),
    "mail.send": send,
    "mail.cancelSend": cancelSend,
    "mail.discardDraft": discardDraft,
    "mail.update": ({ change, moveTo, targets }) => update(targets, change, moveTo),
    "mail.undo": (input) => undo(input.undo),
    "mail.delete": ({ targets }) => remove(targets),
    "mail.regroup": ({ targets, threadId }) => regroup(targets, threadId),
    "mail.count": ({ targets }) => ({ count: idsOfTargets(lists, targets).length }),
    "folder.create": ({ id, ...args }) => queueFolder(id, "folder.create", args, args.name),
    "folder.rename": ({ id, name }) => queueFolder(id, "folder.rename", { name }, folderTitle(id)),
    "folder.move": ({ id, parentId }) => queueFolder(id, "folder.move", { parentId }, folderTitle(id)),
    "folder.delete": ({ id }) => queueFolder(id, "folder.delete", {}, folderTitle(id)),
    "mail.link": ({ id, ...args }) =>
      queue({
        collection: "mailLinks",
        id,
        name: "mail.link",
        args,
        title: viewOf<{ title: string }>("records", args.recordId)?.title ?? "",
        dependsOn: [{ collection: "records", id: args.recordId }],
      }),
    "mail.unlink": ({ id }) => removeWhole("mailLinks", id, "mail.unlink", ""),
    "rule.save": ({ id, ...args }) => saveWhole("mailRules", id, "rule.save", args, args.rule.name),
    "rule.delete": ({ id }) =>
      removeWhole("mailRules", id, "rule.delete", viewOf<RuleDoc>("mailRules", id)?.name ?? ""),
    "contact.save": ({ contact, id }) => saveWhole("contacts", id, "contact.save", { contact }, contact.name),
    "contact.delete": ({ id }) =>
      removeWhole("contacts", id, "contact.delete", viewOf<ContactDoc>("contacts", id)?.name ?? ""),
    "mail.settings": settings,
    "mail.search": search,
    "mail.suggest": ({ limit, text }) => suggest(text, limit),
    "mail.raw": ({ id }) => server.bytes(`/api/mail/messages/${id}/raw`, MAX_RAW_BYTES),
    "mail.remotePictures": ({ addresses, id }) => remotePictures(id, addresses),
    "mail.import": ({ folderId, path }) => importFile(folderId, path),
    "mail.request": ({ body, method, path }) => server.request(method, path, body),
  };

  async function importFile(folderId: string, path: string): Promise<CommandResults["mail.import"]> {
    const mime = /\.eml$/i.test(path) ? "message/rfc822" : "application/mbox";
    const answer = await server.upload(`/api/mail/folders/${folderId}/import`, mime, path);
    if (!answer.ok) return answer;
    const { imported, known, tooLarge, unreadable } = importedSchema.parse(answer.body);
    return { ok: true, imported, known, refused: tooLarge + unreadable };
  }

  async function remotePictures(
    id: string,
    addresses: readonly string[],
  ): Promise<CommandResults["mail.remotePictures"]> {
    const found: Record<string, string> = {};
    for (const address of addresses) {
      const path = `/api/mail/messages/${id}/remote?url=${encodeURIComponent(address)}`;
      const answer = await server.bytes(path, MAX_PICTURE_BYTES);
      if (answer.ok && PICTURE.test(answer.mime))
        found[address] = `data:${answer.mime};base64,${Buffer.from(answer.bytes).toString("base64")}`;
      else if (!answer.ok && (answer.reason === "offline" || answer.reason === "signedOut")) return answer;
    }
    return { ok: true, pictures: found };
  }
}

const importedSchema = z.object({
  imported: z.number(),
  known: z.number(),
  tooLarge: z.number(),
  unreadable: z.number(),
});
const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/;

/** A change that was never sent takes the next one of its kind in. */
const mergeUpdates: MergeIntents = (before, next) =>
  before.name === "mail.update" && next.name === "mail.update"
    ? (mergedUpdate(before.args as unknown as UpdateArgs, next.args as unknown as UpdateArgs) as unknown as JsonObject)
    : undefined;

/** The word that is still being typed counts as a beginning, when it has two letters. */
function asTyped(terms: readonly MailSearchTerm[], typed: string): readonly MailSearchTerm[] {
  const last = terms.at(-1);
  if (!last || !("prefix" in last) || last.phrase || !/[\p{L}\p{N}]{2}$/u.test(typed)) return terms;
  return [...terms.slice(0, -1), { ...last, prefix: true }];
}

const byNewest = (messages: readonly ReplicaMessage[]): readonly ReplicaMessage[] =>
  messages.toSorted((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));

/** The index knows who takes part in a message; which of them was meant, their name says. */
function isMeant({ address, name }: MailAddress, typed: string): boolean {
  const text = normalise(`${name ?? ""} ${address}`);
  return normalise(typed)
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => text.includes(word));
}
