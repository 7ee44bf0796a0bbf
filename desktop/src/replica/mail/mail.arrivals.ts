import type { MailBoxes, MailList, MailNews, MailRow } from "#contract";

/**
 * Notices mail that comes in while the replica follows the server: not what it is first filled with, not what was moved or
 * comes back from being snoozed, nothing twice. What came while the app was closed is noticed after its start, since what
 * lay here before is the beginning.
 */
export interface Arrivals {
  /** Messages or folders changed. */
  wake(): void;
  close(): void;
}

export interface ArrivalsDeps {
  readonly userId: string;
  boxes(): MailBoxes;
  /** Whether lists show conversations: then they are what is counted. */
  conversations(): boolean;
  /** The newest rows of a list. */
  newest(list: MailList, limit: number): readonly MailRow[];
  isLocked(): boolean;
  tell(news: MailNews): void;
}

/** A feed's batch is one piece of news, and a long feed is not looked through at each of its rows. */
const PAUSE_MS = 500;
/** More at once are told as so many. */
const LOOKED_AT = 50;

export function createArrivals(deps: ArrivalsDeps): Arrivals {
  /** When the newest that was noticed was received, by folder. */
  const noticed = new Map<string, string>();
  let isBegun = false;
  let unread: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    timer = undefined;
    if (deps.isLocked()) return wake();
    const boxes = deps.boxes();
    if (!boxes.known) return wake();
    const own = new Set(boxes.mailboxes.flatMap(({ id, ownerId }) => (ownerId === deps.userId ? id : [])));
    const inboxes = boxes.folders.filter(({ mailboxId, role }) => role === "inbox" && own.has(mailboxId));
    const arrived = inboxes.flatMap(({ id }) => newSince(id)).toSorted((a, b) => (a.at < b.at ? 1 : -1));
    isBegun = true;
    const what = deps.conversations() ? "unreadThreads" : "unread";
    const counted = inboxes.reduce((sum, { id }) => sum + (boxes.counts[id]?.[what] ?? 0), 0);
    const [newest] = arrived;
    if (!newest && counted === unread) return;
    unread = counted;
    deps.tell({ unread, ...(newest ? { arrived: { count: arrived.length, newest: headOf(newest) } } : {}) });
  }

  /** Unread ones that were received after the last one that was noticed. A folder that was not there before begins now. */
  function newSince(folderId: string): readonly MailRow[] {
    const since = noticed.get(folderId);
    const rows = deps.newest({ place: { at: "folder", folderId }, conversations: false, filter: "all" }, LOOKED_AT);
    noticed.set(
      folderId,
      rows.reduce((last, { at }) => (at > last ? at : last), since ?? ""),
    );
    return isBegun && since !== undefined ? rows.filter((row) => row.unread > 0 && row.at > since) : [];
  }

  function wake(): void {
    timer ??= setTimeout(look, PAUSE_MS);
  }

  wake();
  return { wake, close: () => clearTimeout(timer) };
}

function headOf({ people, subject, threadId }: MailRow) {
  const sender = people.find(({ me }) => !me) ?? people[0];
  return { threadId, sender: sender?.name ?? sender?.address ?? "", subject };
}
