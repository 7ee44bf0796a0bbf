import type { CommandResults, MailTargets, ReplicaMessage } from "#contract";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import {
  inverseOfUpdate,
  isDeletable,
  mayMoveTo,
  mergedUpdate,
  type FolderRole,
  type MailIntentArgs,
} from "@kontor/shared/mail";
import type { MergeIntents } from "../intents.ts";
import type { MailCommands, MailCommandsDeps } from "./mail.commandTable.ts";
import { idsOfTargets } from "./mail.targets.ts";

/** Acts that can still be undone; the last one is what people undo. */
const KEPT_UNDOS = 20;
const CHUNK = 500;

type UpdateArgs = MailIntentArgs<"mail.update">;
interface Change {
  readonly id: string;
  readonly args: UpdateArgs;
  readonly title: string;
}

type BulkCommandName = `mail.${"update" | "undo" | "delete" | "regroup" | "count"}`;

/** The same act on one message or on thousands: one write, and one step back. */
export function createBulkCommands({
  folderOf,
  isInTrash,
  lists,
  mailboxOf,
  messagesOf,
  replica,
  roleOf,
}: Pick<
  MailCommandsDeps,
  "folderOf" | "isInTrash" | "lists" | "mailboxOf" | "messagesOf" | "replica" | "roleOf"
>): Pick<MailCommands, BulkCommandName> {
  const undos = new Map<string, readonly Change[]>();

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
      isDeletable(message, { isInTrash, roleOf }),
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

  return {
    "mail.update": ({ change, moveTo, targets }) => update(targets, change, moveTo),
    "mail.undo": (input) => undo(input.undo),
    "mail.delete": ({ targets }) => remove(targets),
    "mail.regroup": ({ targets, threadId }) => regroup(targets, threadId),
    "mail.count": ({ targets }) => ({ count: idsOfTargets(lists, targets).length }),
  };
}

/** A change that was never sent takes the next one of its kind in. */
const mergeUpdates: MergeIntents = (before, next) =>
  before.name === "mail.update" && next.name === "mail.update"
    ? (mergedUpdate(before.args as unknown as UpdateArgs, next.args as unknown as UpdateArgs) as unknown as JsonObject)
    : undefined;
