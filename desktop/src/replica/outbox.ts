import { newId, type JsonObject } from "@kontor/shared/base";
import { limits, type Intent, type IntentResult } from "@kontor/shared/protocol";
import { openReplicaFile, type DatabaseOptions, type ReplicaFile } from "#replica/storage";
import { partlyRefused } from "./partlyRefused.ts";

/**
 * What this device has done and the server has not answered: a small file of its own, written through to the disk before
 * a command resolves (SYN-1). The replica beside it can be damaged, reset or purged without taking unsent work along.
 *
 *   waiting ─► sent ─► (applied, merged) gone
 *                └──► (rejected) refused = an issue, until the user retries or discards it (SYN-7)
 *                └──► (retry) waiting again, later
 *
 * Order: intents of one row, and of one causal group, go up in the order in which they were made; one that has to wait
 * holds back those behind it (SYN-5). Others overtake.
 */
export interface PendingIntent extends Intent {
  readonly title: string;
  readonly state: "waiting" | "sent";
  readonly attempts: number;
  /** Milliseconds; not sent before. */
  readonly notBefore: number;
  /** Why the last attempt has to be repeated. */
  readonly lastReason?: string;
  /** Changes that were made by one act carry one id, and are shown as one. */
  readonly batch?: string;
}

export interface Issue extends Intent {
  readonly title: string;
  readonly result: IntentResult;
  readonly batch?: string;
}

export interface NewIntent {
  readonly name: string;
  readonly collection: string;
  readonly id: string;
  readonly args: JsonObject;
  readonly title: string;
  readonly group?: string;
  readonly batch?: string;
  /** Not sent before this moment, so that what is still being typed stays one change. */
  readonly notBefore?: number;
}

export interface Settled {
  readonly intent: PendingIntent;
  readonly result: IntentResult;
}

export type Outbox = ReturnType<typeof openOutbox>;

const rowKey = (entry: { readonly collection: string; readonly id: string }) => `${entry.collection} ${entry.id}`;

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 5 * 60_000; // a server that is being repaired is asked a dozen times an hour

/** A pending intent as stored, `seq` keeping the order in which they were made. */
type Entry = PendingIntent & { readonly seq: number };

export function openOutbox(options: DatabaseOptions & { readonly now: () => number }) {
  const file = openReplicaFile({ ...options, durability: "full" });
  createTables(file);
  const entries = new Map<string, Entry>();
  for (const entry of readPending(file)) entries.set(entry.mid, entry);
  const byRow = new Map<string, Set<string>>();
  for (const entry of entries.values()) addToRow(entry);
  /** Sent on this connection and not answered yet. */
  const inFlight = new Set<string>();
  /** Taken by the server, and shown as pending until the feed has caught up with the effect. */
  const answered = new Set<string>();

  const ordered = () => [...entries.values()];
  function addToRow(entry: Entry): void {
    const key = rowKey(entry);
    const mids = byRow.get(key);
    if (mids) mids.add(entry.mid);
    else byRow.set(key, new Set([entry.mid]));
  }

  function forget(entry: Entry): void {
    entries.delete(entry.mid);
    inFlight.delete(entry.mid);
    answered.delete(entry.mid);
    const mids = byRow.get(rowKey(entry));
    mids?.delete(entry.mid);
    if (mids?.size === 0) byRow.delete(rowKey(entry));
  }

  function pendingOf(collection: string, id: string): readonly PendingIntent[] {
    const mids = byRow.get(rowKey({ collection, id }));
    return mids ? [...mids].flatMap((mid) => entries.get(mid) ?? []) : [];
  }

  /** Durable when it returns, with whatever `alongside` writes into the same file. */
  function add(intent: NewIntent, alongside: (at: string) => void = () => undefined): PendingIntent {
    const at = new Date(options.now()).toISOString();
    const entry = file.transaction(() => {
      alongside(at);
      return insert(intent, at);
    });
    remember(entry);
    return entry;
  }

  /**
   * Many changes as one write: all of them are durable when it returns, or none is. Where the last change of a row was
   * never sent and `merge` can make the two one, it takes the new one in.
   */
  function addMany(
    intents: readonly NewIntent[],
    merge: (before: PendingIntent, next: NewIntent) => JsonObject | undefined = () => undefined,
  ): void {
    const at = new Date(options.now()).toISOString();
    const { added, amended } = file.transaction(() => {
      const added: Entry[] = [];
      const amended: Entry[] = [];
      for (const intent of intents) {
        const last = pendingOf(intent.collection, intent.id).at(-1);
        const args = last && isUnsent(last) ? merge(last, intent) : undefined;
        if (last && args) amended.push(rewrite(last as Entry, args, at));
        else added.push(insert(intent, at));
      }
      return { added, amended };
    });
    for (const entry of amended) entries.set(entry.mid, entry);
    for (const entry of added) remember(entry);
  }

  function remember(entry: Entry): void {
    entries.set(entry.mid, entry);
    addToRow(entry);
  }

  function insert({ title, notBefore = 0, ...named }: NewIntent, at: string): Entry {
    const mid = newId();
    const { name, collection, id, args, group, batch } = named;
    const [row] = file.all(
      `INSERT INTO intent(mid, name, collection, id, args, grp, at, title, not_before, batch)
       VALUES (?,?,?,?,?,?,?,?,?,?) RETURNING seq`,
      [mid, name, collection, id, JSON.stringify(args), group ?? null, at, title, notBefore, batch ?? null],
    );
    return { ...named, mid, at, title, state: "waiting", attempts: 0, notBefore, seq: Number(row?.[0]) };
  }

  const isUnsent = (entry: PendingIntent): boolean => entry.state === "waiting" && entry.attempts === 0;

  function rewrite(entry: Entry, args: JsonObject, at: string, title = entry.title): Entry {
    file.run("UPDATE intent SET args=?, at=?, title=? WHERE mid=?", [JSON.stringify(args), at, title, entry.mid]);
    return { ...entry, args, at, title };
  }

  /** Changes an intent that was never sent; false when it was. `title`: what it is about by now. */
  function amend(mid: string, args: JsonObject, title?: string): boolean {
    const entry = entries.get(mid);
    if (!entry || !isUnsent(entry)) return false;
    entries.set(mid, rewrite(entry, args, new Date(options.now()).toISOString(), title));
    return true;
  }

  /** The next frame's worth, in order; `notBefore` of those held back says when to look again. */
  function due(): readonly PendingIntent[] {
    if (inFlight.size > 0) return []; // one frame at a time: what follows may depend on its answers
    const held = new Set<string>();
    const chosen: PendingIntent[] = [];
    let bytes = 0;
    for (const entry of ordered()) {
      if (answered.has(entry.mid)) continue;
      const keys = [rowKey(entry), ...(entry.group === undefined ? [] : [`group ${entry.group}`])];
      if (entry.notBefore > options.now() || keys.some((key) => held.has(key))) {
        for (const key of keys) held.add(key);
        continue;
      }
      bytes += JSON.stringify(entry.args).length;
      if (chosen.length >= limits.pushIntents || (bytes > limits.pushBytes && chosen.length > 0)) break;
      chosen.push(entry);
    }
    return chosen;
  }

  function sent(mids: readonly string[]): void {
    file.run("UPDATE intent SET state='sent' WHERE mid IN (SELECT value FROM json_each(?))", [JSON.stringify(mids)]);
    for (const mid of mids) {
      inFlight.add(mid);
      const entry = entries.get(mid);
      if (entry) entries.set(mid, { ...entry, state: "sent" });
    }
  }

  /**
   * Takes the server's answers, those that came together as one write; returns the intents that left the outbox by them:
   * each itself, and after a refusal for good those of its group that were waiting behind it (SYN-5).
   */
  const settle = (results: readonly IntentResult[]): readonly Settled[] =>
    file.transaction(() => results.flatMap((result) => settleOne(result).map((intent) => ({ intent, result }))));

  function settleOne(result: IntentResult): readonly PendingIntent[] {
    const entry = entries.get(result.mid);
    inFlight.delete(result.mid);
    if (!entry) return []; // answered twice, or discarded meanwhile
    if (result.status === "retry") {
      postpone(entry, result);
      return [];
    }
    if (result.status === "rejected") return refuse(entry, result);
    const leftover = partlyRefused(entry, result);
    if (leftover) {
      file.run("UPDATE intent SET name=?, args=? WHERE mid=?", [
        leftover.name,
        JSON.stringify(leftover.args),
        entry.mid,
      ]);
      store(entry, leftover.result);
      return [entry];
    }
    file.run("DELETE FROM intent WHERE mid=?", [entry.mid]);
    forget(entry);
    return [entry];
  }

  function postpone(entry: Entry, result: IntentResult): void {
    const attempts = entry.attempts + 1;
    const waitMs = result.retryAfterMs ?? Math.min(RETRY_MS * 2 ** Math.min(attempts, 20), RETRY_MAX_MS);
    const notBefore = options.now() + waitMs;
    const lastReason = result.reason ?? result.code ?? "retry";
    file.run("UPDATE intent SET state='waiting', attempts=?, not_before=?, last_reason=? WHERE mid=?", [
      attempts,
      notBefore,
      lastReason,
      entry.mid,
    ]);
    entries.set(entry.mid, { ...entry, state: "waiting", attempts, notBefore, lastReason });
  }

  function refuse(entry: Entry, result: IntentResult): readonly PendingIntent[] {
    const fallen = entry.group === undefined ? [] : ordered().filter((other) => isBehind(other, entry));
    store(entry, result);
    for (const other of fallen) store(other, { ...result, mid: other.mid, reason: "sync.dependsOnRefused" });
    return [entry, ...fallen];
  }

  const isBehind = (other: Entry, entry: Entry) =>
    other.group === entry.group && other.seq > entry.seq && !inFlight.has(other.mid);

  function store(entry: Entry, result: IntentResult): void {
    file.run("UPDATE intent SET state='refused', result=? WHERE mid=?", [JSON.stringify(result), entry.mid]);
    forget(entry);
  }

  /** Removes a change that is not under way; undefined when there is none such. */
  function discard(mid: string): PendingIntent | undefined {
    const entry = entries.get(mid);
    if (!entry || inFlight.has(mid) || answered.has(mid)) return undefined;
    file.run("DELETE FROM intent WHERE mid=?", [mid]);
    forget(entry);
    return entry;
  }

  return {
    file,
    add,
    addMany,
    amend,
    due,
    sent,
    settle,
    discard,
    pendingOf,
    pending: (): readonly PendingIntent[] => ordered(),
    get size() {
      return entries.size;
    },
    get isSending() {
      return inFlight.size > 0;
    },
    find: (mid: string): PendingIntent | undefined => entries.get(mid),
    /** The connection ended: nothing is under way any more, and everything unanswered goes again (SYN-4). */
    disconnected() {
      inFlight.clear();
      answered.clear();
    },
    /** The next frame may go; the entry stays until `settle`. */
    answered(mid: string) {
      inFlight.delete(mid);
      answered.add(mid);
    },
    /** "Try now": waiting times are over. */
    hurry(mid?: string) {
      for (const entry of ordered()) {
        if (entry.notBefore === 0 || (mid !== undefined && entry.mid !== mid)) continue;
        file.run("UPDATE intent SET not_before=0 WHERE mid=?", [entry.mid]);
        entries.set(entry.mid, { ...entry, notBefore: 0 });
      }
    },
    /** When the next postponed intent is due; undefined when none is postponed. */
    nextDueAt(): number | undefined {
      const times = ordered().flatMap((entry) => (entry.notBefore > options.now() ? entry.notBefore : []));
      return times.length > 0 ? Math.min(...times) : undefined;
    },
    issues: (): readonly Issue[] => readIssues(file),
    issueCount: (): number => Number(file.all("SELECT count(*) FROM intent WHERE state='refused'")[0]?.[0] ?? 0),
    removeIssue(mid: string): Issue | undefined {
      const issue = readIssues(file).find((each) => each.mid === mid);
      if (issue) file.run("DELETE FROM intent WHERE mid=? AND state='refused'", [mid]);
      return issue;
    },
    draft(key: string): unknown {
      const [row] = file.all("SELECT value FROM draft WHERE key=?", [key]);
      return row === undefined ? null : (JSON.parse(String(row[0])) as unknown);
    },
    setDraft(key: string, value: unknown): void {
      if (value === null || value === undefined) file.run("DELETE FROM draft WHERE key=?", [key]);
      else
        file.run("INSERT INTO draft(key, value) VALUES (?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value", [
          key,
          JSON.stringify(value),
        ]);
    },
    /** Drafts are keyed by what they are about; a row that is lost takes its drafts along (VIS-4). */
    purgeDrafts(ids: readonly string[]): number {
      return file.transaction(() => {
        let count = 0;
        for (const id of ids) count += file.run("DELETE FROM draft WHERE instr(key, ?) > 0", [id]).changes;
        return count;
      });
    },
    /** What the server called a row that is lost; the user's own input stays theirs (SYN-7). */
    purgeTitles(collection: string, ids: readonly string[]): number {
      const wanted = new Set(ids);
      for (const entry of entries.values())
        if (entry.collection === collection && wanted.has(entry.id)) entries.set(entry.mid, { ...entry, title: LOST });
      return file.run(
        "UPDATE intent SET title=? WHERE collection=? AND id IN (SELECT value FROM json_each(?)) AND title<>?",
        [LOST, collection, JSON.stringify(ids), LOST],
      ).changes;
    },
    close: () => file.close(),
  };
}

/** In place of the title of a row that is not here any more. */
const LOST = "…";

function createTables(file: ReplicaFile): void {
  file.transaction(() => {
    file.run(`CREATE TABLE IF NOT EXISTS intent(
      seq INTEGER PRIMARY KEY AUTOINCREMENT, mid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, collection TEXT NOT NULL,
      id TEXT NOT NULL, args TEXT NOT NULL, grp TEXT, at TEXT NOT NULL, title TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0,
      last_reason TEXT, result TEXT, batch TEXT)`);
    // Files of versions that knew no batches; what waits in them must not be lost.
    if (file.all("SELECT 1 FROM pragma_table_info('intent') WHERE name='batch'").length === 0)
      file.run("ALTER TABLE intent ADD COLUMN batch TEXT");
    file.run("CREATE TABLE IF NOT EXISTS draft(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  });
}

const COLUMNS =
  "seq, mid, name, collection, id, args, grp, at, title, state, attempts, not_before, last_reason, result, batch";

function readPending(file: ReplicaFile): Entry[] {
  return file.all(`SELECT ${COLUMNS} FROM intent WHERE state <> 'refused' ORDER BY seq`).map((row) => ({
    ...intentOf(row),
    seq: Number(row[0]),
    title: String(row[8]),
    state: row[9] === "sent" ? "sent" : "waiting",
    attempts: Number(row[10]),
    notBefore: Number(row[11]),
    ...(row[12] === null ? {} : { lastReason: String(row[12]) }),
    ...batchOf(row),
  }));
}

function readIssues(file: ReplicaFile): Issue[] {
  return file.all(`SELECT ${COLUMNS} FROM intent WHERE state = 'refused' ORDER BY seq`).map((row) => ({
    ...intentOf(row),
    title: String(row[8]),
    result: JSON.parse(String(row[13])) as IntentResult,
    ...batchOf(row),
  }));
}

const batchOf = (row: readonly unknown[]) => (typeof row[14] === "string" ? { batch: row[14] } : {});

function intentOf([, mid, name, collection, id, args, group, at]: readonly unknown[]): Intent {
  return {
    mid: String(mid),
    name: String(name),
    collection: String(collection),
    id: String(id),
    args: JSON.parse(String(args)) as JsonObject,
    ...(group === null || group === undefined ? {} : { group: String(group) }),
    at: String(at),
  };
}
