import type { ImapFlow } from "imapflow";
import {
  AccountFailure,
  flagsOf,
  keptBy,
  marksOf,
  type FetchedFlags,
  type FetchedIdentity,
  type ImapSession,
  type SelectedFolder,
} from "#mail";
import { delay } from "./delay.ts";
import { bareId, folderOf, isoOf, sourceOf } from "./imapflow.answers.ts";
import { failureOf } from "./imapflow.failure.ts";
import { createNews } from "./imapflow.news.ts";
import { askOf, type Refusals } from "./imapflow.refusals.ts";
import { expandSet, isIn, setOf, setsOf } from "./uidSets.ts";

const LOGOUT_MS = 2_000; // a courtesy; a stop must not wait for a far server

/** In All Mail: what lies in no other folder (https://support.google.com/mail/answer/7190). */
const UNLABELLED = "has:nouserlabels -in:inbox -in:sent -in:drafts -in:chats -in:spam -in:trash";

/** One connection: the verbs of our port, in the library's. */
export function createSession(client: ImapFlow, refusals: Refusals): ImapSession {
  const ask = <Answer>(act: () => Promise<Answer | false | undefined>) => askOf(client, refusals, act);
  const checkConnection = async (): Promise<void> => {
    await ask(async () => ({ answer: await client.noop() }));
  };
  const news = createNews(client, checkConnection);

  async function* fetchRows(
    sets: readonly string[],
    query: Parameters<ImapFlow["fetch"]>[1],
    changedSince?: bigint,
  ): AsyncGenerator<{ readonly uid: number } & Awaited<ReturnType<ImapFlow["fetchAll"]>>[number]> {
    const options = { uid: true, ...(changedSince !== undefined && { changedSince }) };
    for (const set of sets) {
      try {
        for await (const row of client.fetch(set, query, options)) {
          // What changes meanwhile is told in between, without what was asked for, and by old servers without a UID.
          if ((row.uid as number | undefined) !== undefined) yield row;
        }
      } catch (error) {
        throw failureOf(error);
      }
    }
  }

  const fetchFlagsIn = async (sets: readonly string[], changedSince?: bigint): Promise<FetchedFlags[]> => {
    const found: FetchedFlags[] = [];
    for await (const { uid, flags } of fetchRows(sets, { uid: true, flags: true }, changedSince))
      if (flags) found.push({ uid, ...marksOf(flags) });
    return found;
  };

  async function storeFlags(uids: readonly number[], add: string[], remove: string[]): Promise<void> {
    for (const set of setsOf(uids)) {
      if (add.length > 0) await ask(() => client.messageFlagsAdd(set, add, { uid: true, silent: true }));
      if (remove.length > 0) await ask(() => client.messageFlagsRemove(set, remove, { uid: true, silent: true }));
    }
  }

  return {
    offers: {
      move: client.capabilities.has("MOVE"),
      condstore: client.enabled.has("CONDSTORE"),
      qresync: client.enabled.has("QRESYNC"),
      idle: client.capabilities.has("IDLE"),
      gmail: client.capabilities.has("X-GM-EXT-1"),
    },

    async listFolders() {
      const statusQuery = { messages: true, uidNext: true, uidValidity: true, unseen: true, highestModseq: true };
      const listed = await ask(() => client.list({ statusQuery }));
      const prefix = client.namespace?.prefix ?? "";
      return listed.map((entry) => folderOf(entry, prefix));
    },

    async select(path) {
      const opened = await ask(() => client.mailboxOpen(path));
      return {
        uidValidity: Number(opened.uidValidity),
        uidNext: opened.uidNext,
        exists: opened.exists,
        highestModseq: opened.noModseq ? undefined : opened.highestModseq?.toString(),
        ...keptBy(opened.permanentFlags),
      } satisfies SelectedFolder;
    },

    async listUids(range, only) {
      const criteria = { uid: setOf(range), deleted: false, ...(only && { gmraw: UNLABELLED }) };
      const found = await ask(() => client.search(criteria, { uid: true, returnOptions: ["ALL"] }));
      const uids = Array.isArray(found) ? found : expandSet(found.all);
      return uids.filter((uid) => isIn(uid, range)).toSorted((a, b) => a - b);
    },

    async fetchFlags(range) {
      return (await fetchFlagsIn([setOf(range)])).filter(({ uid }) => isIn(uid, range));
    },

    async changesSince(modseq) {
      const vanished: number[] = [];
      const gone = ({ uid }: { uid?: number | undefined }) => {
        if (uid !== undefined) vanished.push(uid);
      };
      client.on("expunge", gone);
      try {
        const flags = await fetchFlagsIn(["1:*"], BigInt(modseq));
        return client.enabled.has("QRESYNC") ? { flags, vanished } : { flags };
      } finally {
        client.off("expunge", gone);
      }
    },

    async fetchSizes(uids) {
      const sizes = new Map<number, number>();
      for await (const { uid, size } of fetchRows(setsOf(uids), { uid: true, size: true }))
        if (size !== undefined) sizes.set(uid, size);
      return sizes;
    },

    async fetchIdentities(uids) {
      const found: FetchedIdentity[] = [];
      const query = { uid: true, flags: true, size: true, internalDate: true, envelope: true };
      for await (const row of fetchRows(setsOf(uids), query)) {
        if (row.size === undefined) continue;
        found.push({
          uid: row.uid,
          ...marksOf(row.flags ?? []),
          messageId: bareId(row.envelope?.messageId),
          size: row.size,
          receivedAt: isoOf(row.internalDate),
        });
      }
      return found;
    },

    async *fetchSources(uids) {
      const query = { uid: true, flags: true, internalDate: true, source: true };
      for await (const row of fetchRows(setsOf(uids), query)) {
        if (row.source) yield sourceOf(row, row.source);
      }
    },

    async fetchStart(uid, maxBytes) {
      const query = { uid: true, flags: true, internalDate: true, source: { start: 0, maxLength: maxBytes } };
      for await (const row of fetchRows([String(uid)], query)) if (row.source) return sourceOf(row, row.source);
      return undefined;
    },

    async findByMessageId(messageId, fromUid) {
      const criteria = { uid: `${fromUid}:*`, deleted: false, header: { "message-id": `<${messageId}>` } };
      const found = await ask(() => client.search(criteria, { uid: true }));
      return found.filter((uid) => uid >= fromUid);
    },

    setMarks: (uids, { add, remove }) =>
      storeFlags(uids, flagsOf({ marks: add, labels: [] }), flagsOf({ marks: remove, labels: [] })),

    setLabels: (uids, { add, remove }) =>
      storeFlags(uids, flagsOf({ marks: 0, labels: add }), flagsOf({ marks: 0, labels: remove })),

    async move(uids, path) {
      mustGiveAway(client);
      const moved = new Map<number, number>();
      let uidValidity: number | undefined;
      for (const set of setsOf(uids)) {
        const answer = await ask(() => moveSafely(client, set, path));
        for (const [from, to] of answer.uidMap ?? []) moved.set(from, to);
        if (answer.uidValidity !== undefined) uidValidity = Number(answer.uidValidity);
      }
      return { uids: moved, uidValidity };
    },

    async expunge(uids) {
      mustGiveAway(client);
      for (const set of setsOf(uids)) {
        // Without UIDPLUS, EXPUNGE takes whatever else is marked with it (IMP-5): being marked must do.
        if (client.capabilities.has("UIDPLUS")) await ask(() => client.messageDelete(set, { uid: true }));
        else await ask(() => client.messageFlagsAdd(set, ["\\Deleted"], { uid: true }));
      }
    },

    async append(path, message, { isDraft = false, ...flags }, receivedAt) {
      const words = [...flagsOf(flags), ...(isDraft ? ["\\Draft"] : [])];
      const { uid, uidValidity } = await ask(() => client.append(path, message, words, new Date(receivedAt)));
      // Without its UIDVALIDITY it was only guessed by the library.
      return uidValidity === undefined
        ? { uid: undefined, uidValidity: undefined }
        : { uid, uidValidity: Number(uidValidity) };
    },

    async createFolder(names) {
      const { path } = await ask(() => client.mailboxCreate(safeNames(client, names)));
      return path;
    },

    async renameFolder(path, names) {
      const { newPath } = await ask(() => client.mailboxRename(path, safeNames(client, names)));
      // Subscriptions go by name: without it other clients would not show the folder (RFC 3501 §6.3.6).
      await client.mailboxUnsubscribe(path).catch(() => false);
      await client.mailboxSubscribe(newPath).catch(() => false);
      return newPath;
    },

    async deleteFolder(path) {
      try {
        await client.mailboxDelete(path);
      } catch (error) {
        if ((error as { serverResponseCode?: string }).serverResponseCode === "NONEXISTENT") return;
        throw failureOf(error);
      }
    },

    ...news,

    async close() {
      if (client.usable) await Promise.race([client.logout().catch(() => undefined), delay(LOGOUT_MS)]);
      client.close();
    },
  };
}

/**
 * Where \Deleted cannot be set (a folder that is shared, and only to be read), servers say so when it is selected (RFC 3501 §7.1), and
 * some answer OK to what they do not do. Before anything is copied: it would be there twice.
 */
function mustGiveAway({ mailbox }: ImapFlow): void {
  if (!mailbox) return;
  const { readOnly, permanentFlags } = mailbox;
  const isKept = permanentFlags && ![...permanentFlags].some((flag) => flag.toLowerCase() === String.raw`\deleted`);
  if (readOnly || isKept) throw new AccountFailure("server", "Messages of this folder cannot be removed");
}

/** Without MOVE it is a copy, and the original marked as deleted: EXPUNGE without UIDPLUS would take others along (IMP-5). */
async function moveSafely(client: ImapFlow, set: string, path: string) {
  if (client.capabilities.has("MOVE")) return client.messageMove(set, path, { uid: true });
  const copied = await client.messageCopy(set, path, { uid: true });
  if (!copied) return copied;
  const removed = client.capabilities.has("UIDPLUS")
    ? await client.messageDelete(set, { uid: true })
    : await client.messageFlagsAdd(set, ["\\Deleted"], { uid: true });
  return removed ? copied : false;
}

/** A name that holds the server's own sign between folders would be two. */
function safeNames(client: ImapFlow, names: readonly string[]): string[] {
  const delimiter = client.namespace?.delimiter ?? undefined;
  return names.map((name) => (delimiter ? name.replaceAll(delimiter, "-") : name));
}
