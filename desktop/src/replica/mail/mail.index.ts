import type { ReplicaFolder, ReplicaMessage } from "#contract";
import type { RowChange, RowsHook, ReplicaFile } from "#replica/storage";
import type { MailboxDoc } from "@kontor/shared/mail";
import { addressKey } from "@kontor/shared/mail";
import { entryOf, textKeyOf, type MailEntry } from "./mail.entry.ts";
import { createMailForms, type MailForms } from "./mail.forms.ts";
import { createMailTables, HIDDEN_ROLES, msOf, roleCode, sidOf } from "./mail.tables.ts";

/**
 * Keeps the narrow tables (`mail.tables.ts`) with every change of messages, bodies, folders and mailboxes, in the
 * transaction that changes them: lists, counts and search are never ahead of the rows nor behind them, and what is purged
 * is gone from all of them at once (VIS-4).
 */
export interface MailIndex {
  /** By collection, for whoever writes rows. */
  readonly hooks: ReadonlyMap<string, RowsHook>;
  /** A message that carries this file; undefined when none here does. */
  messageOfFile(fileId: string): string | undefined;
  mailboxOfThread(threadId: string): string | undefined;
  /** One's own addresses, in lower case. */
  readonly myAddresses: ReadonlySet<string>;
  /** What was snoozed until now: the messages that must be listed anew. */
  awake(now: number): readonly string[];
  nextAwakening(): number | undefined;
  /** Lists messages anew, though their rows are what they were. */
  relist(messages: readonly ReplicaMessage[]): void;
  /** False when the tables are to be filled from the messages that are there already. */
  isFilled(): boolean;
  filled(): void;
  readonly forms: MailForms;
  /** The words of some messages are to be indexed (again). */
  onUnindexed(wake: () => void): void;
}

export interface MailIndexDeps {
  readonly file: ReplicaFile;
  readonly myId: string;
  readonly now: () => number;
  /** After COMMIT: no message here carries these files any more. */
  readonly onFilesLost: (fileIds: readonly string[]) => void;
}

/** More than a thousand messages of one millisecond (an import knows only seconds) spill over into the next ones. */
const SPILL_MS = 16;

type Marks = Omit<MailEntry, "id" | "at" | "mailboxId" | "place">;
interface Known extends Marks {
  readonly sid: number;
  readonly place: number;
  readonly role: number;
}
const COLUMNS =
  "sid, id, place, role, thread, unread, flagged, files, mine, draft, assigned, snoozed_until, follow_at, bytes, bits";
const INSERT_MESSAGE = `INSERT INTO mail_message(${COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`;
const UPDATE_MESSAGE = `UPDATE mail_message SET place=?, role=?, thread=?, unread=?, flagged=?, files=?, mine=?, draft=?,
  assigned=?, snoozed_until=?, follow_at=?, bytes=?, bits=? WHERE sid=?`;

interface Place {
  readonly id: number;
  readonly role: number;
}
/** What a batch of messages leads to, done once at its end. */
interface Tally {
  readonly counts: Map<number, CountChange>;
  readonly threads: Set<string>;
  /** Whose words are no longer what the index says. */
  readonly lostWords: number[];
}
interface CountChange {
  total: number;
  unread: number;
  threads: number;
  unreadThreads: number;
}

export function openMailIndex({ file, myId, now, onFilesLost }: MailIndexDeps): MailIndex {
  createMailTables(file);
  const forms = createMailForms(file);
  const places = new Map<string, Place>();
  let myAddresses = new Set((file.meta.get("mailAddresses") ?? []) as readonly string[]);
  let wake: () => void = () => undefined;

  /* ---------- places ---------- */

  function placeOf(name: string, mailboxId: string): Place {
    const known = places.get(name) ?? storedPlace(name);
    if (known) return remember(name, known);
    const role = name.startsWith("snoozed ") ? roleCode("snoozed") : 0;
    file.run("INSERT INTO mail_place(name, mailbox, role) VALUES (?,?,?)", [name, mailboxId, role]);
    return remember(name, storedPlace(name) ?? { id: 0, role });
  }

  function storedPlace(name: string): Place | undefined {
    const [row] = file.all("SELECT id, role FROM mail_place WHERE name=?", [name]);
    return row && { id: Number(row[0]), role: Number(row[1]) };
  }

  /** Forgotten at the end of the turn: a transaction that is undone must not leave a place that is not there. */
  function remember(name: string, place: Place): Place {
    if (places.size === 0) queueMicrotask(() => places.clear());
    places.set(name, place);
    return place;
  }

  /** A folder's role came, mostly before its messages; the lists of a role are those of its folders. */
  function onFolders(changes: readonly RowChange[]): void {
    for (const { before, after } of changes) {
      const folder = (after ?? before) as unknown as ReplicaFolder;
      const place = placeOf(folder.id, folder.mailboxId);
      const role = after ? roleCode(folder.role) : 0;
      if (role === place.role) continue;
      for (const table of ["mail_place", "mail_message", "mail_thread"])
        file.run(`UPDATE ${table} SET role=? WHERE ${table === "mail_place" ? "id" : "place"}=?`, [role, place.id]);
      places.clear();
      // What lies in trash and junk does not count for the rest of a conversation.
      if (HIDDEN_ROLES.includes(role) || HIDDEN_ROLES.includes(place.role)) recountThreadsIn(place.id);
    }
  }

  function recountThreadsIn(place: number): void {
    const threads = file.all("SELECT thread FROM mail_thread WHERE place=?", [place]).map(([thread]) => String(thread));
    const counts = new Map<number, CountChange>();
    for (let at = 0; at < threads.length; at += 500) regroup(threads.slice(at, at + 500), counts);
    saveCounts(counts);
  }

  /* ---------- one's own addresses ---------- */

  function onMailboxes(changes: readonly RowChange[]): void {
    const next = new Set(myAddresses);
    for (const { after, before } of changes) {
      for (const address of addressesOf(before)) next.delete(addressKey(address));
      for (const address of addressesOf(after)) next.add(addressKey(address));
    }
    if (next.size === myAddresses.size && [...next].every((each) => myAddresses.has(each))) return;
    myAddresses = next;
    file.meta.set("mailAddresses", [...next]);
    file.meta.delete(FILLED); // what is written to oneself is otherwise now
  }

  const addressesOf = (row: unknown): readonly string[] => {
    const mailbox = row as MailboxDoc | undefined;
    return mailbox?.ownerId === myId ? mailbox.addresses : [];
  };

  /* ---------- messages ---------- */

  function onMessages(changes: readonly RowChange[]): void {
    writeMessages(changes);
    noteAttachments(changes);
  }

  function writeMessages(changes: readonly RowChange[]): void {
    const known = knownMessages(changes.map((each) => idOf(each)));
    const from = { myId, myAddresses, now: now() };
    const tally: Tally = { counts: new Map(), threads: new Set(), lostWords: [] };
    for (const change of changes) {
      const { after, before } = change as { before?: unknown; after?: unknown };
      const was = known.get(idOf(change));
      const entry = after === undefined ? undefined : entryOf(after as ReplicaMessage, from);
      const sid = writeMessage(was, entry, tally);
      if (sid === undefined) continue;
      const isNew = sid !== was?.sid;
      if (!isNew && !isOtherText(before, after)) continue;
      if (!isNew) tally.lostWords.push(sid);
      file.run("INSERT OR IGNORE INTO mail_unindexed(sid) VALUES (?)", [sid]);
    }
    regroup([...tally.threads], tally.counts);
    saveCounts(tally.counts);
    forms.unindex(tally.lostWords);
    file.afterCommit(() => wake());
  }

  function knownMessages(ids: readonly string[]): ReadonlyMap<string, Known> {
    const rows = file.all(`SELECT ${COLUMNS} FROM mail_message WHERE id IN (SELECT value FROM json_each(?))`, [
      JSON.stringify(ids),
    ]);
    return new Map(rows.map((row) => [String(row[1]), knownOf(row)]));
  }

  /** Returns under which sid the message stands now; undefined when it is gone. */
  function writeMessage(was: Known | undefined, entry: MailEntry | undefined, tally: Tally): number | undefined {
    const { counts, threads } = tally;
    if (!entry) {
      if (was) removeMessage(was, tally);
      return undefined;
    }
    const place = placeOf(entry.place, entry.mailboxId);
    const isMoved = was !== undefined && Math.abs(msOf(was.sid) - entry.at) > SPILL_MS;
    if (was && !isMoved && isSame(was, entry, place)) return was.sid;
    if (was) {
      count(counts, was.place, -1, -was.unread);
      threads.add(was.thread);
      if (isMoved) forget(was.sid, tally);
    }
    count(counts, place.id, 1, entry.unread);
    threads.add(entry.thread);
    const values = [place.id, place.role, ...MARKS_OF_ENTRY.map((mark) => entry[mark])];
    if (was && !isMoved) {
      file.run(UPDATE_MESSAGE, [...values, was.sid]);
      return was.sid;
    }
    const sid = freeSid(entry);
    file.run(INSERT_MESSAGE, [sid, entry.id, ...values]);
    return sid;
  }

  function removeMessage(was: Known, tally: Tally): void {
    count(tally.counts, was.place, -1, -was.unread);
    tally.threads.add(was.thread);
    forget(was.sid, tally);
  }

  function forget(sid: number, { lostWords }: Tally): void {
    file.run("DELETE FROM mail_message WHERE sid=?", [sid]);
    file.run("DELETE FROM mail_unindexed WHERE sid=?", [sid]);
    lostWords.push(sid);
  }

  /** By its moment; among those of the same one by its id, so that the order is the same after every rebuilding. */
  function freeSid({ at, id }: MailEntry): number {
    const sid = sidOf(at) + (Number.parseInt(id.replaceAll("-", "").slice(-4), 16) % 1_000 || 0);
    if (file.all("SELECT 1 FROM mail_message WHERE sid=?", [sid]).length === 0) return sid;
    const [gap] = file.all(
      `SELECT a.sid + 1 FROM mail_message a WHERE a.sid >= ?
       AND NOT EXISTS (SELECT 1 FROM mail_message b WHERE b.sid = a.sid + 1) ORDER BY a.sid LIMIT 1`,
      [sid],
    );
    return Number(gap?.[0]);
  }

  /* ---------- conversations ---------- */

  /** Makes the rows of these conversations anew, in every place where they have messages. */
  function regroup(threads: readonly string[], counts: Map<number, CountChange>): void {
    if (threads.length === 0) return;
    const list = JSON.stringify(threads);
    const groups = file.all(
      `SELECT thread, place, role, max(sid), count(*), sum(unread), max(flagged), max(files), max(mine), sum(draft)
       FROM mail_message WHERE thread IN (SELECT value FROM json_each(?)) GROUP BY thread, place`,
      [list],
    );
    const stored = new Map(
      file
        .all(
          `SELECT thread, place, role, sid, count, unread, flagged, files, mine FROM mail_thread
           WHERE thread IN (SELECT value FROM json_each(?))`,
          [list],
        )
        .map((row) => [`${String(row[0])} ${String(row[1])}`, row]),
    );
    const totals = new Map<string, number>();
    // What nobody has said yet is no message of it, unless there is nothing else.
    for (const [thread, , role, , size, , , , , drafts] of groups)
      if (!HIDDEN_ROLES.includes(Number(role)))
        totals.set(String(thread), (totals.get(String(thread)) ?? 0) + Number(size) - Number(drafts));
    for (const group of groups) {
      const [thread, place, role, sid, size, unread, flagged, files, mine] = group;
      const key = `${String(thread)} ${String(place)}`;
      const whole = HIDDEN_ROLES.includes(Number(role)) ? Number(size) : totals.get(String(thread)) || Number(size);
      const next = [thread, place, role, sid, whole, unread, flagged, files, mine].map((value, at) =>
        at === 0 ? String(value) : Number(value),
      );
      const before = stored.get(key);
      stored.delete(key);
      if (before && before.every((value, at) => String(value) === String(next[at]))) continue;
      countThread(counts, Number(place), before ? 0 : 1, sign(unread) - sign(before?.[5]));
      file.run(
        `INSERT INTO mail_thread(thread, place, role, sid, count, unread, flagged, files, mine) VALUES (?,?,?,?,?,?,?,?,?)
         ON CONFLICT(thread, place) DO UPDATE SET role=excluded.role, sid=excluded.sid, count=excluded.count,
         unread=excluded.unread, flagged=excluded.flagged, files=excluded.files, mine=excluded.mine`,
        next,
      );
    }
    for (const row of stored.values()) {
      countThread(counts, Number(row[1]), -1, -sign(row[5]));
      file.run("DELETE FROM mail_thread WHERE thread=? AND place=?", [String(row[0]), Number(row[1])]);
    }
  }

  /* ---------- counts ---------- */

  function changeOf(counts: Map<number, CountChange>, place: number): CountChange {
    const change = counts.get(place) ?? { total: 0, unread: 0, threads: 0, unreadThreads: 0 };
    counts.set(place, change);
    return change;
  }
  function count(counts: Map<number, CountChange>, place: number, total: number, unread: number): void {
    const change = changeOf(counts, place);
    change.total += total;
    change.unread += unread;
  }
  function countThread(counts: Map<number, CountChange>, place: number, threads: number, unread: number): void {
    const change = changeOf(counts, place);
    change.threads += threads;
    change.unreadThreads += unread;
  }
  function saveCounts(counts: ReadonlyMap<number, CountChange>): void {
    for (const [place, { threads, total, unread, unreadThreads }] of counts)
      if (threads !== 0 || total !== 0 || unread !== 0 || unreadThreads !== 0)
        file.run(
          `UPDATE mail_place SET total=total+?, unread=unread+?, threads=threads+?, unread_threads=unread_threads+?
           WHERE id=?`,
          [total, unread, threads, unreadThreads, place],
        );
  }

  /* ---------- attachments ---------- */

  function noteAttachments(changes: readonly RowChange[]): void {
    const lost: string[] = [];
    for (const change of changes) {
      const before = filesOf(change.before);
      const after = filesOf(change.after);
      const message = idOf(change);
      for (const id of after)
        if (!before.includes(id))
          file.run("INSERT OR IGNORE INTO mail_attachment(file, message) VALUES (?,?)", [id, message]);
      for (const id of before) {
        if (after.includes(id)) continue;
        file.run("DELETE FROM mail_attachment WHERE file=? AND message=?", [id, message]);
        lost.push(id);
      }
    }
    if (lost.length === 0) return;
    file.afterCommit(() => {
      // Only now: what comes later in the same transaction may carry them.
      const gone = [...new Set(lost)].filter((id) => messageOfFile(id) === undefined);
      if (gone.length > 0) onFilesLost(gone);
    });
  }

  function messageOfFile(fileId: string): string | undefined {
    const [row] = file.all("SELECT message FROM mail_attachment WHERE file=? LIMIT 1", [fileId]);
    return row && String(row[0]);
  }

  function mailboxOfThread(threadId: string): string | undefined {
    const [row] = file.all(
      "SELECT p.mailbox FROM mail_message m JOIN mail_place p ON p.id=m.place WHERE m.thread=? LIMIT 1",
      [threadId],
    );
    return row && String(row[0]);
  }

  /* ---------- words ---------- */

  /** What a body says goes at once; what it says now is indexed with its message. */
  function onBodies(changes: readonly RowChange[]): void {
    const changed = changes.filter(({ before, after }) => textOf(before) !== textOf(after)).map(idOf);
    const sids = file
      .all("SELECT sid FROM mail_message WHERE id IN (SELECT value FROM json_each(?))", [JSON.stringify(changed)])
      .map(([sid]) => Number(sid));
    if (sids.length === 0) return;
    forms.unindex(sids);
    for (const sid of sids) file.run("INSERT OR IGNORE INTO mail_unindexed(sid) VALUES (?)", [sid]);
    file.afterCommit(() => wake());
  }

  return {
    hooks: new Map<string, RowsHook>([
      ["messages", onMessages],
      ["mailBodies", onBodies],
      ["mailFolders", onFolders],
      ["mailboxes", onMailboxes],
    ]),
    forms,
    messageOfFile,
    mailboxOfThread,
    get myAddresses() {
      return myAddresses;
    },
    awake: (at) =>
      file.all("SELECT id FROM mail_message WHERE snoozed_until <= ? LIMIT 500", [at]).map(([id]) => String(id)),
    nextAwakening() {
      const [row] = file.all("SELECT min(snoozed_until) FROM mail_message WHERE snoozed_until IS NOT NULL");
      return row?.[0] === null || row === undefined ? undefined : Number(row[0]);
    },
    relist(messages) {
      const rows = messages as readonly unknown[] as readonly NonNullable<RowChange["after"]>[];
      file.transaction(() => {
        writeMessages(rows.map((row) => ({ before: row, after: row })));
        noteAttachments(rows.map((after) => ({ after })));
      });
    },
    isFilled: () => file.meta.get(FILLED) === true,
    filled: () => file.meta.set(FILLED, true),
    onUnindexed: (next) => void (wake = next),
  };
}

const FILLED = "mailFilled";

const idOf = ({ after, before }: RowChange): string => String((after ?? before)?.["id"]);
const filesOf = (row: unknown): readonly string[] =>
  ((row as ReplicaMessage | undefined)?.attachments ?? []).map(({ id }) => id);
const textOf = (row: unknown): string => (row as { text?: string } | undefined)?.text ?? "";
const sign = (value: unknown): number => (Number(value ?? 0) > 0 ? 1 : 0);

const isOtherText = (before: unknown, after: unknown): boolean =>
  before === undefined || textKeyOf(before as ReplicaMessage) !== textKeyOf(after as ReplicaMessage);

/** In the order of the columns. */
const MARKS_OF_ENTRY = [
  "thread",
  "unread",
  "flagged",
  "files",
  "mine",
  "draft",
  "assigned",
  "snoozedUntil",
  "followAt",
  "bytes",
  "bits",
] as const satisfies readonly (keyof Marks)[];

const isSame = (was: Known, entry: MailEntry, place: Place): boolean =>
  was.place === place.id && was.role === place.role && MARKS_OF_ENTRY.every((mark) => was[mark] === entry[mark]);

function knownOf(row: readonly unknown[]): Known {
  const [sid, , place, role, thread, ...rest] = row;
  const numbers = rest.map((value) => (value === null ? null : Number(value)));
  const marks = Object.fromEntries(MARKS_OF_ENTRY.slice(1).map((mark, at) => [mark, numbers[at]]));
  return {
    ...(marks as unknown as Omit<Marks, "thread">),
    sid: Number(sid),
    place: Number(place),
    role: Number(role),
    thread: String(thread),
  };
}
