import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { MailBoxes, MailNews, MailRow } from "#contract";
import { createArrivals, type Arrivals } from "./mail.arrivals.ts";

const ME = "user-me";
let held: { folderId: string; at: string; unread: number; subject: string; sender?: string }[];
let known: boolean;
let locked: boolean;
let told: MailNews[];
let arrivals: Arrivals;
beforeEach(() => {
  vi.useFakeTimers();
  [held, known, locked, told] = [[], true, false, []];
});
afterEach(() => {
  arrivals.close();
  vi.useRealTimers();
});

const minute = (n: number) => new Date(Date.UTC(2026, 10, 28, 9, n)).toISOString();
const lies = (n: number, subject: string, more: { folderId?: string; unread?: number; sender?: string } = {}) =>
  held.push({ folderId: "own", at: minute(n), unread: 1, subject, ...more });
const settle = () => vi.advanceTimersByTime(1_000);
const changed = () => {
  arrivals.wake();
  settle();
};

function begin(): void {
  arrivals = createArrivals({
    userId: ME,
    boxes: () =>
      ({
        known,
        mailboxes: [{ id: "mine", ownerId: ME }, { id: "shared" }],
        folders: [
          { id: "own", mailboxId: "mine", role: "inbox" },
          { id: "files", mailboxId: "mine" },
          { id: "theirs", mailboxId: "shared", role: "inbox" },
        ],
        counts: { own: { unread: held.filter((row) => row.folderId === "own" && row.unread > 0).length } },
      }) as unknown as MailBoxes,
    conversations: () => false,
    newest: ({ place }, limit) =>
      held
        .filter(({ folderId }) => place.at === "folder" && folderId === place.folderId)
        .toSorted((a, b) => (a.at < b.at ? 1 : -1))
        .slice(0, limit)
        .map(
          (row) =>
            ({
              ...row,
              threadId: `thread of ${row.subject}`,
              people: [{ address: "ann@far.example", ...(row.sender === undefined ? {} : { name: row.sender }) }],
            }) as unknown as MailRow,
        ),
    isLocked: () => locked,
    tell: (news) => void told.push(news),
  });
  settle();
}

it("tells of what comes after what was there, and how much is unread", () => {
  lies(1, "old");
  begin();
  expect(told).toEqual([{ unread: 1 }]);
  lies(2, "new", { sender: "Ann" });
  changed();
  expect(told.at(-1)).toEqual({
    unread: 2,
    arrived: { count: 1, newest: { threadId: "thread of new", sender: "Ann", subject: "new" } },
  });
  changed();
  expect(told).toHaveLength(2);
});

it("tells of several as one piece of news, named by the newest; without a name the address stands for it", () => {
  begin();
  lies(3, "third");
  lies(2, "second");
  changed();
  expect(told.at(-1)?.arrived).toEqual({
    count: 2,
    newest: { threadId: "thread of third", sender: "ann@far.example", subject: "third" },
  });
});

it("is silent about what is old, read, elsewhere, or somebody else's", () => {
  lies(5, "last");
  begin();
  lies(4, "brought here later by an account's first filling");
  lies(6, "read on the telephone", { unread: 0 });
  lies(7, "sorted by a rule", { folderId: "files" });
  lies(8, "for the sales team", { folderId: "theirs" });
  changed();
  expect(told.flatMap(({ arrived }) => arrived ?? [])).toEqual([]);
});

it("takes what a replica is first filled with as the beginning", () => {
  known = false;
  begin();
  lies(1, "one");
  lies(2, "two");
  changed();
  expect(told).toEqual([]);
  known = true;
  settle();
  expect(told).toEqual([{ unread: 2 }]);
  lies(3, "three");
  changed();
  expect(told.at(-1)?.arrived?.count).toBe(1);
});

it("[VIS-6] reads nothing while the replica is locked", () => {
  begin();
  locked = true;
  lies(1, "one");
  changed();
  expect(told).toEqual([{ unread: 0 }]);
  locked = false;
  changed();
  expect(told.at(-1)?.arrived?.count).toBe(1);
});
