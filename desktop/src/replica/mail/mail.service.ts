import type { Exported, MailNews, ReplicaBody, ReplicaFolder, ReplicaMessage } from "#contract";
import { contentOf, type ReplicaFile, type RowsHook } from "#replica/storage";
import { defaultMailSettings, type AttachmentDoc, type MailboxDoc, type MailSettingsDoc } from "@kontor/shared/mail";
import type { ReplicaFiles } from "../files/index.ts";
import type { OfficeContext } from "../office.context.ts";
import { createQueries, type Queries } from "../queries.ts";
import type { Replica, ReplicaLog } from "../replica.ts";
import { createArrivals } from "./mail.arrivals.ts";
import { createMailCommands } from "./mail.commands.ts";
import type { MailCommands } from "./mail.commandTable.ts";
import { openMailIndex, type MailIndex } from "./mail.index.ts";
import { createMailLinks } from "./mail.links.ts";
import { createMailLists } from "./mail.lists.ts";
import { mailQueries } from "./mail.queries.ts";
import { openMailSearch, type MailSearcher } from "./mail.search.ts";
import { createMailServer } from "./mail.server.ts";
import { withoutLost } from "./withoutLost.ts";

/** Mail on this device, put together: the narrow tables inside the replica's file, and what stands on them. */
export interface ReplicaMail {
  readonly commands: MailCommands;
  readonly queries: Queries;
  readonly searcher: MailSearcher;
  attachmentOf(fileId: string): AttachmentDoc | undefined;
  /** All messages of a folder, as they are, into this file (mbox); the server has them. */
  exportFolder(folderId: string, path: string): Promise<Exported>;
  /** Files whose attaching the server has not answered. */
  attaching(): ReadonlySet<string>;
  /** Files of this device's own input: waiting, or refused and not let go. */
  ownFiles(): ReadonlySet<string>;
  /** An upload of one of its attachments is otherwise now. */
  uploadChanged(fileId: string): void;
  close(): Promise<void>;
}

export interface MailIndexHolder {
  readonly index: MailIndex;
  readonly file: ReplicaFile;
}

export interface DeriveMail {
  readonly derive: (file: ReplicaFile) => ReadonlyMap<string, RowsHook>;
  readonly held: () => MailIndexHolder;
}

/** The first half: what must be there before the views are opened. */
export function deriveMail(deps: {
  readonly context: OfficeContext;
  readonly now: () => number;
  readonly onFilesLost: (fileIds: readonly string[]) => void;
}): DeriveMail {
  let held: MailIndexHolder | undefined;
  return {
    derive(file) {
      const { context, now, onFilesLost } = deps;
      const index = openMailIndex({ file, myId: context.userId, now, onFilesLost });
      context.setMailIndex(index);
      held = { file, index };
      return index.hooks;
    },
    held() {
      if (!held) throw new Error("The index of mail is opened with the replica's file.");
      return held;
    },
  };
}

export interface MailDeps extends MailIndexHolder {
  readonly replica: Replica;
  readonly files: ReplicaFiles;
  readonly context: OfficeContext;
  readonly serverUrl: string;
  readonly log: ReplicaLog;
  readonly onNews: (news: MailNews) => void;
}

const TOPICS = [
  "mailboxes",
  "mailFolders",
  "messages",
  "mailBodies",
  "mailLinks",
  "mailLinkRecords",
  "mailRules",
  "contacts",
  "mailSettings",
] as const;
/** A snoozed message that is due, and others due about then, come back together. */
const LOOK_AFTER_MS = 1_000;
/** A timer cannot wait for years, and a laptop that slept must look again. */
const LOOK_AT_LEAST_MS = 10 * 60_000;
const REFILL_CHUNK = 500;

/** The second half, when the replica is open. */
export function openMail({ context, file, files, index, log, onNews, replica, serverUrl }: MailDeps): ReplicaMail {
  const { outbox, rows } = replica;
  const userId = context.userId;
  let isOpen = true;
  let refilling: Promise<void> | undefined;

  const collection = (name: string) => rows.collection(name);
  const find = <Doc>(name: string, ids: readonly string[]): readonly Doc[] =>
    (collection(name)?.findByIdsSync(ids) ?? []).map(contentOf) as unknown[] as readonly Doc[];
  const query = <Doc>(name: string, asked: object): readonly Doc[] =>
    (collection(name)?.querySync(asked as never) ?? []).map(contentOf) as unknown[] as readonly Doc[];

  const messagesOf = (ids: readonly string[]) => find<ReplicaMessage>("messages", ids);
  const folders = () =>
    withoutLost(query<ReplicaFolder>("mailFolders", { selector: {} }), (id) => rows.hasServerRow("mailFolders", id));
  const foldersInTrash = () =>
    folders().flatMap(({ id, parentId, role }) =>
      role === undefined && parentId !== undefined && context.mail.isInTrash(parentId) ? id : [],
    );
  const links = createMailLinks(collection);
  const lists = createMailLists({
    file,
    links,
    messagesOf,
    folders,
    mailboxes: () => query<MailboxDoc>("mailboxes", { selector: {} }),
    roleOf: context.mail.roleOf,
    foldersInTrash,
    myAddresses: () => index.myAddresses,
    isFilled: () => rows.cookie() !== undefined,
  });
  const searcher = openMailSearch({
    file,
    forms: index.forms,
    messagesOf,
    bodiesOf: (ids) => find<ReplicaBody>("mailBodies", ids),
    foldersNamed: (name, prefix) =>
      folders().flatMap((folder) => {
        const own = folder.name.toLowerCase();
        return (prefix ? own.startsWith(name) : own === name) ? folder.id : [];
      }),
    foldersInTrash,
    linkedThreads: links.linkedThreads,
    isOpen: () => isOpen,
  });
  index.onUnindexed(searcher.wake);

  const server = createMailServer({
    serverUrl,
    token: () => replica.token(),
    fetch: globalThis.fetch,
    onExpired: () => replica.tryNow(), // the gateway decides whether the sign-in has really ended
  });
  const { folderOf, isInTrash, mailboxOf, roleOf } = context.mail;
  const commands = createMailCommands({
    replica,
    files,
    lists,
    searcher,
    server,
    userId,
    file,
    forms: index.forms,
    messagesOf,
    folderOf,
    mailboxOf,
    roleOf,
    isInTrash,
  });
  const queries = createQueries({
    table: mailQueries({ userId, lists, find, query }),
    isLocked: () => replica.isLocked,
    onAsked: () => replica.pacing.queryArrived(),
    onFailed: (name, error) => log.warn("a question of a window could not be answered", { name, error: String(error) }),
  });

  const arrivals = createArrivals({
    userId,
    boxes: () => lists.boxes(),
    conversations: () =>
      (find<MailSettingsDoc>("mailSettings", [userId])[0] ?? defaultMailSettings(userId)).conversations,
    newest: (list, limit) => lists.page(list, 0, limit).rows,
    isLocked: () => replica.isLocked,
    tell: onNews,
  });

  /* ---------- changes ---------- */

  const subscriptions = TOPICS.map((topic) =>
    collection(topic)
      ?.changeStream()
      .subscribe(() => {
        queries.touched(topic);
        if (topic === "messages") lookSoon(LOOK_AFTER_MS);
        if (topic === "messages" || topic === "mailFolders") arrivals.wake();
        if (topic === "mailboxes") refill();
      }),
  );

  /* ---------- what was snoozed ---------- */

  let lookTimer: NodeJS.Timeout | undefined;
  let lookAt = Number.POSITIVE_INFINITY;

  function lookSoon(delayMs: number): void {
    const at = replica.options.clock.now() + delayMs;
    if (at >= lookAt) return;
    clearTimeout(lookTimer);
    lookAt = at;
    lookTimer = setTimeout(look, delayMs);
  }

  function look(): void {
    lookAt = Number.POSITIVE_INFINITY;
    const now = replica.options.clock.now();
    const due = index.awake(now);
    if (due.length > 0) {
      index.relist(messagesOf(due));
      queries.touched("messages");
    }
    const next = index.nextAwakening();
    if (next !== undefined) lookSoon(Math.min(Math.max(LOOK_AFTER_MS, next - now), LOOK_AT_LEAST_MS));
  }

  /* ---------- tables that are to be filled from what is there ---------- */

  function refill(): void {
    if (index.isFilled()) return;
    if (file.all("SELECT 1 FROM server_row WHERE collection='messages' LIMIT 1").length === 0 && outbox.size === 0)
      return index.filled(); // a new replica: from here on each message is listed as it comes
    refilling ??= fill()
      .catch((error: unknown) => log.warn("lists of mail are filled at the next start", { error: String(error) }))
      .finally(() => (refilling = undefined));
  }

  async function fill(): Promise<void> {
    for (let after = ""; ;) {
      await replica.pacing.applied(0);
      if (!isOpen) return;
      const ids = file
        .all(
          `SELECT id FROM (SELECT id FROM server_row WHERE collection='messages' AND id>?1
             UNION SELECT id FROM overlaid WHERE collection='messages' AND id>?1) ORDER BY id LIMIT ?2`,
          [after, REFILL_CHUNK],
        )
        .map(([id]) => String(id));
      if (ids.length === 0) break;
      after = ids.at(-1) ?? "";
      index.relist(messagesOf(ids));
      queries.touched("messages");
    }
    index.filled();
  }

  refill();
  look();

  const filesOf = (intents: readonly { readonly name: string; readonly args: object }[]): readonly string[] =>
    intents.flatMap(({ args, name }) => (name === "mail.attach" ? String((args as { fileId?: string }).fileId) : []));

  return {
    commands,
    queries,
    searcher,
    attachmentOf(fileId) {
      const messageId = index.messageOfFile(fileId);
      const [message] = messageId === undefined ? [] : messagesOf([messageId]);
      return message?.attachments.find(({ id }) => id === fileId);
    },
    exportFolder: (folderId, path) => server.download(`/api/mail/folders/${folderId}/export`, path),
    attaching: () => new Set(filesOf(outbox.pending())),
    ownFiles: () => new Set([...filesOf(outbox.pending()), ...filesOf(outbox.issues())]),
    uploadChanged(fileId) {
      const messageId = index.messageOfFile(fileId);
      if (messageId !== undefined) rows.refresh("messages", messageId);
    },
    async close() {
      isOpen = false;
      clearTimeout(lookTimer);
      arrivals.close();
      for (const subscription of subscriptions) subscription?.unsubscribe();
      queries.close();
      await refilling;
    },
  };
}
