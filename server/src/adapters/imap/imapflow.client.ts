import { ImapFlow, type ListResponse, type StatusObject } from "imapflow";
import type { FolderRole } from "@kontor/shared/mail";
import { mailLimits } from "@kontor/shared/mail";
import {
  AccountFailure,
  cleanWords,
  flagsOf,
  keptBy,
  marksOf,
  type FetchedFlags,
  type FetchedIdentity,
  type FetchedSource,
  type FolderStatus,
  type ImapPort,
  type ImapSession,
  type ImapSettings,
  type RemoteFolder,
  type SelectedFolder,
  type UidRange,
} from "#mail";
import { addressesOf, resolveBySystem, type ResolveHost } from "./hostAddress.ts";
import { failureOf } from "./imapflow.failure.ts";

export interface ImapflowOptions {
  /** Vouches for servers beside the system's own authorities, PEM. */
  readonly ca?: string;
  readonly allowInnerNetwork?: boolean;
  readonly resolve?: ResolveHost;
  readonly version?: string;
}

const CONNECT_MS = 20_000; // a far provider answers within 2 s, a busy one within 10
const GREETING_MS = 15_000;
/** Nothing heard for so long means the connection is dead; Gmail takes up to 30 s for a FETCH of a large folder. */
const SILENCE_MS = 90_000;
/** IDLE is begun again so often: a connection that died unnoticed is found within this and `SILENCE_MS`. */
const IDLE_MS = 60_000;
/** RFC 2177's way is not everywhere: then the folder is looked at so often. */
const LOOK_MS = 30_000;
/** A command line stays below 8,000 characters on all servers (RFC 7162 §4 asks for 8,192). */
const MAX_SET_CHARS = 6_000;
/** In one folder; the largest that providers allow is a million (Exchange Online). */
const MAX_UIDS = 5_000_000;
/** Beyond a message of the largest size there are only its headers' quotes. */
const MAX_LITERAL_BYTES = mailLimits.maxMessageBytes + 1024 ** 2;

export function createImapflow(options: ImapflowOptions = {}): ImapPort {
  const { ca, allowInnerNetwork = false, resolve = resolveBySystem, version = "1" } = options;

  async function open(settings: ImapSettings, address: string): Promise<ImapSession> {
    const { host, port, security, user, secret } = settings;
    const refusals = createRefusals();
    const client = new ImapFlow({
      host: address,
      port,
      ...(host === address ? {} : { servername: host }),
      secure: security === "tls",
      doSTARTTLS: security === "starttls",
      tls: { minVersion: "TLSv1.2", ...(ca !== undefined && { ca }) },
      auth: secret.kind === "password" ? { user, pass: secret.password } : { user, accessToken: secret.accessToken },
      clientInfo: { name: "Kontor", version },
      logger: refusals.logger,
      disableAutoIdle: true,
      qresync: true,
      maxIdleTime: IDLE_MS,
      missingIdleCommand: "NOOP",
      connectionTimeout: CONNECT_MS,
      greetingTimeout: GREETING_MS,
      socketTimeout: SILENCE_MS,
      maxLiteralSize: MAX_LITERAL_BYTES,
      maxResponseSize: MAX_LITERAL_BYTES + 1024 ** 2,
      maxLineLength: 16 * 1024 ** 2, // a plain SEARCH answer of two million messages
    });
    // Told by whichever call fails next; without a listener it would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      client.close();
      throw failureOf(error, secret.kind);
    }
    return createSession(client, refusals);
  }

  return {
    async connect(settings) {
      const addresses = await addressesOf(settings.host, { resolve, allowInner: allowInnerNetwork }).catch(
        (error: unknown) => {
          throw failureOf(error);
        },
      );
      let failure: unknown;
      for (const address of addresses) {
        try {
          return await open(settings, address);
        } catch (error) {
          failure = error;
          const { reason } = failureOf(error);
          if (!["refused", "unreachable", "timeout"].includes(reason)) throw error; // another address has no other answer
        }
      }
      throw failure;
    },
  };
}

/** The library answers `false` to many a refusal and tells the reason to its log only. */
interface Refusals {
  readonly logger: { debug(): void; info(): void; warn(entry: object): void; error(entry: object): void };
  takeLast(): unknown;
}

function createRefusals(): Refusals {
  let last: unknown;
  const note = (entry: object) => {
    if ("err" in entry) last = entry.err;
  };
  return {
    logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    takeLast() {
      const taken = last;
      last = undefined;
      return taken;
    },
  };
}

function createSession(client: ImapFlow, refusals: Refusals): ImapSession {
  let hasNews = false;
  const news = new EventTarget();
  const heard = () => {
    hasNews = true;
    news.dispatchEvent(new Event("news"));
  };
  client.on("exists", heard);
  client.on("expunge", heard);
  client.on("flags", heard);
  client.on("close", heard);

  /** Makes a refusal or a broken connection an `AccountFailure`, whichever way the library tells it. */
  async function ask<Answer>(act: () => Promise<Answer | false | undefined>): Promise<Answer> {
    refusals.takeLast();
    let answer: Answer | false | undefined;
    try {
      answer = await act();
    } catch (error) {
      throw failureOf(error);
    }
    if (answer === false || answer === undefined) {
      if (!client.usable) throw new AccountFailure("closed", byeWords(client));
      throw failureOf(refusals.takeLast() ?? new AccountFailure("server"));
    }
    return answer;
  }
  const done = async (act: () => Promise<unknown>): Promise<void> => {
    await ask(async () => ({ answer: await act() }));
  };

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
      const uids = Array.isArray(found) ? found : expand(found.all);
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

    async waitForNews({ maxMs, signal }) {
      if (signal.aborted) return "aborted";
      if (!client.usable) throw new AccountFailure("closed", byeWords(client));
      if (hasNews) return takeNews();
      const idling = client.idle();
      const ending = new AbortController();
      const outcome = await Promise.race([
        once(news, "news", ending.signal).then(() => "news" as const),
        once(signal, "abort", ending.signal).then(() => "aborted" as const),
        delay(client.capabilities.has("IDLE") ? maxMs : Math.min(maxMs, LOOK_MS), ending.signal).then(
          () => "elapsed" as const,
        ),
      ]);
      ending.abort();
      // Any command ends IDLE; this one also shows that the connection is alive.
      await done(() => client.noop());
      await idling.catch(() => undefined);
      return outcome === "news" || hasNews ? takeNews() : outcome;
    },

    async close() {
      if (client.usable) await Promise.race([client.logout().catch(() => undefined), delay(LOGOUT_MS)]);
      client.close();
    },
  };

  function takeNews(): "news" {
    hasNews = false;
    if (!client.usable) throw new AccountFailure("closed", byeWords(client));
    return "news";
  }
}

const LOGOUT_MS = 2_000; // a courtesy; a stop must not wait for a far server

/** In All Mail: what lies in no other folder (https://support.google.com/mail/answer/7190). */
const UNLABELLED = "has:nouserlabels -in:inbox -in:sent -in:drafts -in:chats -in:spam -in:trash";

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

const ROLES: Readonly<Record<string, FolderRole | "all" | "view">> = {
  "\\Inbox": "inbox",
  "\\Drafts": "drafts",
  "\\Sent": "sent",
  "\\Archive": "archive",
  "\\Junk": "junk",
  "\\Trash": "trash",
  "\\All": "all",
  "\\Flagged": "view",
  "\\Important": "view",
};

function folderOf(entry: ListResponse, prefix: string): RemoteFolder {
  const inner = prefix !== "" && entry.path.startsWith(prefix) ? entry.path.slice(prefix.length) : entry.path;
  const names = entry.delimiter ? inner.split(entry.delimiter).filter((name) => name !== "") : [inner];
  const role = entry.flags.has("\\Important") ? "view" : ROLES[entry.specialUse ?? ""];
  const status = statusOf(entry.status);
  // Dovecot 2.3 leaves \\Noselect out when it is asked for the status, too, and then gives none (RFC 5819 §2).
  const holdsMessages = !entry.flags.has("\\Noselect") && status !== undefined;
  return { path: entry.path, names, role, holdsMessages, status };
}

function statusOf(status: StatusObject | undefined): FolderStatus | undefined {
  if (status?.uidValidity === undefined || status.uidNext === undefined || status.messages === undefined)
    return undefined;
  return {
    uidValidity: Number(status.uidValidity),
    uidNext: status.uidNext,
    messages: status.messages,
    unseen: status.unseen ?? 0,
    highestModseq: status.highestModseq?.toString(),
  };
}

function sourceOf(
  row: { readonly uid: number; flags?: Set<string> | undefined; internalDate?: Date | string | undefined },
  source: Buffer,
): FetchedSource {
  return { uid: row.uid, ...marksOf(row.flags ?? []), source, receivedAt: isoOf(row.internalDate) };
}

/** A server that has no date for it, or an impossible one, has it from now: lists need one. */
function isoOf(date: Date | string | undefined): string {
  const parsed = new Date(date ?? Number.NaN);
  return Number.isNaN(parsed.getTime()) ? new Date().toISOString() : parsed.toISOString();
}

const bareId = (messageId: string | undefined): string | undefined => {
  const bare = messageId?.trim().replace(/^<(?<inner>.*)>$/s, "$<inner>");
  return bare === "" ? undefined : bare;
};

/** A name that holds the server's own sign between folders would be two. */
function safeNames(client: ImapFlow, names: readonly string[]): string[] {
  const delimiter = client.namespace?.delimiter ?? undefined;
  return names.map((name) => (delimiter ? name.replaceAll(delimiter, "-") : name));
}

const byeWords = (client: ImapFlow): string | undefined => cleanWords(client.byeReason ?? "") || undefined;

const setOf = ({ from, to }: UidRange): string => `${from}:${to ?? "*"}`;
/** `n:*` names the last message even where that has a lower UID (RFC 3501 §6.4.8). */
const isIn = (uid: number, { from, to = Number.POSITIVE_INFINITY }: UidRange): boolean => uid >= from && uid <= to;

/** Ascending UIDs as sets of ranges, each short enough for a command line. */
export function setsOf(uids: readonly number[]): readonly string[] {
  const sorted = [...new Set(uids)].toSorted((a, b) => a - b);
  const ranges: string[] = [];
  for (let at = 0; at < sorted.length;) {
    let end = at;
    while (end + 1 < sorted.length && sorted[end + 1] === (sorted[end] ?? 0) + 1) end += 1;
    ranges.push(end === at ? String(sorted[at]) : `${sorted[at]}:${sorted[end]}`);
    at = end + 1;
  }
  const sets: string[] = [];
  for (const range of ranges) {
    const last = sets.at(-1);
    if (last === undefined || last.length + range.length + 1 > MAX_SET_CHARS) sets.push(range);
    else sets[sets.length - 1] = `${last},${range}`;
  }
  return sets;
}

/** The ranges of an ESEARCH answer. A server that names billions in twenty characters would take all of the memory. */
function expand(set: string | undefined): number[] {
  const uids: number[] = [];
  for (const range of set?.split(",") ?? []) {
    const [from = 0, to = from] = range.split(":").map(Number);
    if (uids.length + Math.abs(to - from) > MAX_UIDS) throw new AccountFailure("protocol");
    for (let uid = Math.min(from, to); uid <= Math.max(from, to); uid++) uids.push(uid);
  }
  return uids;
}

const once = (target: EventTarget, name: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => target.addEventListener(name, () => resolve(), { once: true, signal }));

const delay = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal?.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
