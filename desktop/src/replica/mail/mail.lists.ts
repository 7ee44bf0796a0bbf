import type {
  LinkedMail,
  MailBoxes,
  MailCounts,
  MailList,
  MailPage,
  MailPlace,
  MailRow,
  MailRowPerson,
  MailThread,
  ReplicaFolder,
  ReplicaMessage,
} from "#contract";
import type { ReplicaFile } from "#replica/storage";
import { addressKey, isDraft, type FolderRole, type MailboxDoc } from "@kontor/shared/mail";
import { HIDDEN_ROLES, roleCode } from "./mail.tables.ts";
import type { MailLinks } from "./mail.links.ts";

/** Lists, conversations and counts, from the narrow tables and the rows of the page alone. */
export interface MailLists {
  boxes(): MailBoxes;
  page(list: MailList, skip: number, limit: number): MailPage;
  /** Rows of single messages, in the order of the ids. */
  rowsOfMessages(ids: readonly string[]): readonly MailRow[];
  thread(threadId: string): MailThread;
  ofRecord(recordId: string): readonly LinkedMail[];
  /** The messages of a list, or of some rows of it: in conversations, those that lie there. */
  idsOf(list: MailList, keys: readonly string[] | undefined, limit: number): readonly string[];
}

export interface MailListsDeps {
  readonly file: ReplicaFile;
  readonly links: MailLinks;
  messagesOf(ids: readonly string[]): readonly ReplicaMessage[];
  mailboxes(): readonly MailboxDoc[];
  folders(): readonly ReplicaFolder[];
  roleOf(folderId: string): FolderRole | undefined;
  /** Folders that were thrown away, and what lies in them. */
  foldersInTrash(): readonly string[];
  myAddresses(): ReadonlySet<string>;
  isFilled(): boolean;
}

/** Of one conversation: more cards than anybody reads at once, and a bound for a thread of a mailing list. */
const MAX_THREAD = 300;
/** Of each conversation of a page: enough to name who takes part. */
const PEOPLE_OF = 12;
const MAX_PEOPLE = 6;

interface Line {
  readonly key: string;
  readonly newest: string;
  readonly count: number;
  readonly unread: number;
  readonly flagged: boolean;
  readonly files: boolean;
}

export function createMailLists(deps: MailListsDeps): MailLists {
  const { file, links, messagesOf } = deps;

  /* ---------- which ---------- */

  const isFlat = ({ conversations, place }: MailList): boolean =>
    !conversations || place.at === "flagged" || place.at === "followUp" || place.at === "assigned";

  function selection(list: MailList): { readonly table: string; readonly where: string; readonly order: string } {
    const filter = list.filter === "all" ? "" : ` AND ${list.filter} > 0`;
    const order = list.place.at === "followUp" ? "follow_at, sid" : "sid DESC";
    return { table: isFlat(list) ? "mail_message" : "mail_thread", where: placeSql(list.place) + filter, order };
  }

  /** Codes stand in the text, and not as parameters: only so does SQLite know that an index of some rows has them all. */
  function placeSql(place: MailPlace): string {
    switch (place.at) {
      case "folder":
        return `place = ${placeId(place.folderId)}`;
      case "role":
        return `role = ${roleCode(place.role)} AND role > 0`;
      case "snoozed":
        return `role = ${roleCode("snoozed")} AND role > 0`;
      case "flagged":
        return `flagged > 0 AND ${notHidden()}`;
      case "followUp":
        return `follow_at IS NOT NULL AND ${notHidden()}`;
      case "assigned":
        return `assigned > 0 AND ${notHidden()}`;
    }
  }

  function notHidden(): string {
    const places = deps.foldersInTrash().map(placeId);
    return `role NOT IN (${HIDDEN_ROLES.join()}) AND place NOT IN (${places.join()})`;
  }

  function placeId(folderId: string): number {
    const [row] = file.all("SELECT id FROM mail_place WHERE name=?", [folderId]);
    return row ? Number(row[0]) : -1;
  }

  function page(list: MailList, skip: number, limit: number): MailPage {
    const { order, table, where } = selection(list);
    const columns = isFlat(list)
      ? "id, id, 1, unread, flagged, files"
      : "thread, (SELECT m.id FROM mail_message m WHERE m.sid = mail_thread.sid), count, unread, flagged, files";
    const lines = file
      .all(`SELECT ${columns} FROM ${table} WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`, [limit, skip])
      .map(lineOf);
    return { total: totalOf(list), rows: isFlat(list) ? rowsOf(lines, new Map()) : conversationRows(lines) };
  }

  /** What a place holds is kept; what is filtered is counted along its index, which holds nothing else. */
  function totalOf(list: MailList): number {
    const { table, where } = selection(list);
    if (list.filter === "all" && list.place.at === "folder") {
      const counts = countsOf("WHERE name=?", [list.place.folderId])[list.place.folderId];
      return (isFlat(list) ? counts?.total : counts?.threads) ?? 0;
    }
    return Number(file.all(`SELECT count(*) FROM ${table} WHERE ${where}`)[0]?.[0] ?? 0);
  }

  function idsOf(list: MailList, keys: readonly string[] | undefined, limit: number): readonly string[] {
    const { table, where } = selection(list);
    const chosen = keys === undefined ? [] : [JSON.stringify(keys)];
    if (isFlat(list)) {
      const among = keys === undefined ? "" : " AND id IN (SELECT value FROM json_each(?))";
      return file
        .all(`SELECT id FROM mail_message WHERE ${where}${among} ORDER BY sid DESC LIMIT ?`, [...chosen, limit])
        .map(([id]) => String(id));
    }
    const threads =
      keys === undefined ? `SELECT thread FROM ${table} WHERE ${where}` : "SELECT value FROM json_each(?)";
    return file
      .all(`SELECT id FROM mail_message WHERE thread IN (${threads}) AND ${placeSql(list.place)} LIMIT ?`, [
        ...chosen,
        limit,
      ])
      .map(([id]) => String(id));
  }

  /* ---------- rows ---------- */

  /** With the people of the whole conversation, wherever its messages lie. */
  function conversationRows(lines: readonly Line[]): readonly MailRow[] {
    const others = file.all(
      `SELECT thread, id FROM (SELECT thread, id, role, row_number() OVER (PARTITION BY thread ORDER BY sid DESC) AS nth
         FROM mail_message WHERE thread IN (SELECT value FROM json_each(?)) AND ${notHidden()})
       WHERE nth <= ${PEOPLE_OF}`,
      [JSON.stringify(lines.map(({ key }) => key))],
    );
    const messages = new Map(messagesOf(others.map(([, id]) => String(id))).map((message) => [message.id, message]));
    const byThread = new Map<string, ReplicaMessage[]>();
    for (const [thread, id] of others) {
      const message = messages.get(String(id));
      if (message) byThread.set(String(thread), [message, ...(byThread.get(String(thread)) ?? [])]);
    }
    return rowsOf(lines, byThread, messages);
  }

  function rowsOf(
    lines: readonly Line[],
    byThread: ReadonlyMap<string, readonly ReplicaMessage[]>,
    /** Messages that were read already, the newest of most conversations among them. */
    known: ReadonlyMap<string, ReplicaMessage> = new Map(),
  ): readonly MailRow[] {
    const missing = lines.map((line) => line.newest).filter((id) => !known.has(id));
    const read = new Map(messagesOf(missing).map((message) => [message.id, message]));
    const newestOf = ({ newest }: Line) => known.get(newest) ?? read.get(newest);
    const records = links.firstRecords(lines.flatMap((line) => newestOf(line)?.threadId ?? []));
    return lines.flatMap((line) => {
      const message = newestOf(line);
      if (!message) return [];
      const all = byThread.get(line.key) ?? [];
      const record = records.get(message.threadId);
      return [{ ...rowOf(line, message, all.length > 0 ? all : [message]), ...(record ? { record } : {}) }];
    });
  }

  function rowOf(line: Line, message: ReplicaMessage, all: readonly ReplicaMessage[]): MailRow {
    const { assigneeId, followUpAt, importance, send, snoozedUntil } = message;
    return {
      key: line.key,
      threadId: message.threadId,
      mailboxId: message.mailboxId,
      folderId: message.folderId,
      messageId: message.id,
      people: peopleOf(message, all),
      count: line.count,
      unread: line.unread,
      flagged: line.flagged,
      files: line.files,
      answered: message.answered,
      forwarded: message.forwarded,
      subject: message.subject,
      snippet: message.snippet,
      at: message.receivedAt,
      labels: message.labels,
      hasDraft: all.some(isDraft),
      pending: all.reduce((sum, { pending }) => sum + pending, 0),
      warned: message.authenticity.warnings.length > 0,
      ...(send ? { send } : {}),
      ...(importance ? { importance } : {}),
      ...(assigneeId === undefined ? {} : { assigneeId }),
      ...(snoozedUntil === undefined ? {} : { snoozedUntil }),
      ...(followUpAt === undefined ? {} : { followUpAt }),
    };
  }

  /** Who wrote, the first one first; where one looks at what one wrote, to whom it goes. */
  function peopleOf(message: ReplicaMessage, all: readonly ReplicaMessage[]): readonly MailRowPerson[] {
    const role = deps.roleOf(message.folderId);
    const isOutgoing = role === "sent" || role === "drafts" || role === "outbox";
    const said = all.filter((each) => !isDraft(each));
    const addresses = isOutgoing
      ? [...message.to, ...message.cc, ...(message.bcc ?? [])]
      : (said.length > 0 ? said : all).flatMap((each) => each.from.slice(0, 1));
    const mine = deps.myAddresses();
    const people = new Map<string, MailRowPerson>();
    for (const each of addresses) {
      const key = addressKey(each.address);
      if (!people.has(key)) people.set(key, mine.has(key) ? { ...each, me: true } : each);
    }
    return [...people.values()].slice(0, MAX_PEOPLE);
  }

  function rowsOfMessages(ids: readonly string[]): readonly MailRow[] {
    const marks = new Map(
      file
        .all(
          `SELECT id, id, 1, unread, flagged, files FROM mail_message WHERE id IN (SELECT value FROM json_each(?))`,
          [JSON.stringify(ids)],
        )
        .map((row) => [String(row[0]), lineOf(row)]),
    );
    return rowsOf(
      ids.flatMap((id) => marks.get(id) ?? []),
      new Map(),
    );
  }

  /* ---------- one conversation ---------- */

  function thread(threadId: string): MailThread {
    const [size] = file.all("SELECT count(*) FROM mail_message WHERE thread=?", [threadId])[0] ?? [];
    const ids = file
      .all("SELECT id FROM mail_message WHERE thread=? ORDER BY sid DESC LIMIT ?", [threadId, MAX_THREAD])
      .map(([id]) => String(id));
    const messages = new Map(messagesOf(ids).map((message) => [message.id, message]));
    return {
      threadId,
      messages: ids.toReversed().flatMap((id) => messages.get(id) ?? []),
      omitted: Math.max(0, Number(size ?? 0) - ids.length),
      links: links.ofThread(threadId),
    };
  }

  function ofRecord(recordId: string): readonly LinkedMail[] {
    const found = links.ofRecord(recordId);
    const newest = new Map(
      file
        .all(
          `SELECT thread, id, max(sid), count(*), sum(unread), max(flagged), max(files) FROM mail_message
           WHERE thread IN (SELECT value FROM json_each(?)) GROUP BY thread`,
          [JSON.stringify(found.map(({ threadId }) => threadId))],
        )
        .map(([key, id, , ...marks]) => [String(key), lineOf([key, id, ...marks])]),
    );
    const rows = new Map(conversationRows([...newest.values()]).map((row) => [row.key, row]));
    return found
      .flatMap(({ how, id, threadId }) => {
        const row = rows.get(threadId);
        return row ? [{ linkId: id, how, row }] : [];
      })
      .sort((a, b) => (a.row.at < b.row.at ? 1 : -1));
  }

  /* ---------- folders ---------- */

  function countsOf(where: string, params: readonly string[] = []): Record<string, MailCounts> {
    const rows = file.all(`SELECT name, total, unread, threads, unread_threads FROM mail_place ${where}`, params);
    return Object.fromEntries(
      rows.map(([name, total, unread, threads, unreadThreads]) => [
        String(name),
        {
          total: Number(total),
          unread: Number(unread),
          threads: Number(threads),
          unreadThreads: Number(unreadThreads),
        },
      ]),
    );
  }

  const countMarked = (at: "flagged" | "snoozed" | "followUp" | "assigned"): number =>
    totalOf({ place: { at }, conversations: false, filter: "all" });

  return {
    page,
    idsOf,
    rowsOfMessages,
    thread,
    ofRecord,
    boxes: () => ({
      mailboxes: deps.mailboxes(),
      folders: deps.folders(),
      counts: countsOf("WHERE total > 0"),
      flagged: countMarked("flagged"),
      snoozed: countMarked("snoozed"),
      followUps: countMarked("followUp"),
      assigned: countMarked("assigned"),
      known: deps.isFilled(),
    }),
  };
}

const lineOf = ([key, newest, count, unread, flagged, files]: readonly unknown[]): Line => ({
  key: String(key),
  newest: String(newest),
  count: Number(count),
  unread: Number(unread),
  flagged: Number(flagged) > 0,
  files: Number(files) > 0,
});
