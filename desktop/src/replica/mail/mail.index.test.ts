import { describe, expect, it } from "vitest";
import type { MailBoxes, MailPage, MailRow, MailThread, ReplicaMessage } from "#contract";
import { newId } from "@kontor/shared/base";
import type { FolderRole, MessageDoc } from "@kontor/shared/mail";
import { randomFrom, seedOfRun } from "../storage/testing/scratch.ts";
import {
  attachment,
  folder,
  folderId,
  MAILBOX,
  mailbox,
  ME,
  message,
  openMailDesk,
  type MailDesk,
} from "./testing/mailDesk.ts";

const minute = (n: number) => new Date(Date.UTC(2026, 10, 20, 9, n)).toISOString();
const listOf = (role: FolderRole, more: object = {}) => ({
  list: { place: { at: "folder", folderId: folderId(role) }, conversations: true, filter: "all", ...more },
  skip: 0,
  limit: 200,
});
const page = (desk: MailDesk, role: FolderRole, more: object = {}) =>
  desk.ask("mail.list", listOf(role, more)) as MailPage;
const keys = (rows: readonly MailRow[]) => rows.map(({ key }) => key);

describe("lists of mail", () => {
  it("a conversation is one row where it has messages, the newest first, and counts all of them", async () => {
    const desk = await openMailDesk();
    const [a, b] = [newId(), newId()];
    desk.put("messages", [
      message({ threadId: a, receivedAt: minute(1), seen: true }),
      message({ threadId: b, receivedAt: minute(2) }),
      message({
        threadId: a,
        receivedAt: minute(3),
        folderId: folderId("sent"),
        seen: true,
        from: [{ address: "anna@aurora.example", name: "Anna" }],
        to: [{ address: "olga@medtech.example" }],
      }),
      message({ threadId: a, receivedAt: minute(4), subject: "Re: Delivery terms" }),
    ]);
    const { rows, total } = page(desk, "inbox");
    expect(total).toBe(2);
    expect(keys(rows)).toEqual([a, b]);
    expect(rows[0]).toMatchObject({ count: 3, unread: 1, subject: "Re: Delivery terms", at: minute(4) });
    expect(rows[0]?.people).toEqual([
      { address: "olga@medtech.example", name: "Olga North" },
      { address: "anna@aurora.example", name: "Anna", me: true },
    ]);
    // Where one looks at what one wrote, one sees to whom.
    expect(page(desk, "sent").rows[0]?.people).toEqual([{ address: "olga@medtech.example" }]);
    const { messages } = desk.ask("mail.thread", { threadId: a }) as MailThread;
    expect(messages.map(({ receivedAt }) => receivedAt)).toEqual([minute(1), minute(3), minute(4)]);
  });

  it("what lies in trash and junk counts only there", async () => {
    const desk = await openMailDesk();
    const threadId = newId();
    desk.put("messages", [
      message({ threadId, receivedAt: minute(1) }),
      message({ threadId, receivedAt: minute(2), folderId: folderId("trash") }),
    ]);
    expect(page(desk, "inbox").rows[0]?.count).toBe(1);
    expect(page(desk, "trash").rows[0]?.count).toBe(1);
  });

  it("what lies in a folder that was thrown away is among the marked no more, and no longer counted there", async () => {
    const desk = await openMailDesk();
    const [outer, inner] = [newId(), newId()];
    const own = { role: undefined, name: "Plans" };
    desk.put("mailFolders", [
      { ...folder("archive"), ...own, id: outer, parentId: folderId("archive") },
      { ...folder("archive"), ...own, id: inner, parentId: outer },
    ]);
    const marked = { flagged: true, followUpAt: minute(30), assigneeId: ME };
    desk.put("messages", [
      message({ ...marked, folderId: inner }),
      message({ ...marked, folderId: folderId("inbox") }),
    ]);
    const counts = () => {
      const { assigned, flagged, followUps } = desk.ask("mail.boxes", {}) as MailBoxes;
      const rows = (["flagged", "followUp", "assigned"] as const).map(
        (at) => (desk.ask("mail.list", listOf("inbox", { place: { at } })) as MailPage).total,
      );
      return { rows, counts: [flagged, followUps, assigned] };
    };
    expect(counts()).toEqual({ rows: [2, 2, 2], counts: [2, 2, 2] });
    desk.put("mailFolders", [{ ...folder("archive"), ...own, id: outer, parentId: folderId("trash") }]);
    expect(counts()).toEqual({ rows: [1, 1, 1], counts: [1, 1, 1] });
  });

  it("filters, in conversations and flat", async () => {
    const desk = await openMailDesk();
    const [plain, marked] = [message({ seen: true, to: [] }), message({ flagged: true, attachments: [attachment()] })];
    desk.put("messages", [plain, marked]);
    for (const conversations of [true, false])
      for (const filter of ["unread", "flagged", "files", "mine"]) {
        const found = page(desk, "inbox", { conversations, filter });
        expect([filter, found.total, keys(found.rows)]).toEqual([filter, 1, [marked.id]]);
      }
  });

  it("the folders of a role in all mailboxes are one list", async () => {
    const desk = await openMailDesk();
    const [other, inbox] = [newId(), newId()];
    desk.put("mailboxes", [{ ...mailbox(), id: other, kind: "shared" }]);
    desk.put("mailFolders", [{ ...folder("inbox"), id: inbox, mailboxId: other }]);
    const [mine, theirs] = [
      message({ receivedAt: minute(1) }),
      message({ receivedAt: minute(2), mailboxId: other, folderId: inbox }),
    ];
    desk.put("messages", [mine, theirs]);
    const answer = desk.ask("mail.list", listOf("inbox", { place: { at: "role", role: "inbox" } })) as MailPage;
    expect(keys(answer.rows)).toEqual([theirs.threadId, mine.threadId]);
  });

  it("a folder that comes after its messages gives them its role", async () => {
    const desk = await openMailDesk({ withoutFolders: true });
    const threadId = newId();
    desk.put("messages", [message({ threadId }), message({ threadId, folderId: folderId("trash") })]);
    const all = () =>
      (desk.ask("mail.list", listOf("inbox", { place: { at: "role", role: "inbox" } })) as MailPage).rows;
    expect(all()).toEqual([]);
    desk.put("mailFolders", [folder("inbox"), folder("trash")]);
    expect(all()).toHaveLength(1);
    expect(all()[0]?.count).toBe(1);
  });

  it("one's own addresses may come after the messages that are written to them", async () => {
    const desk = await openMailDesk({ withoutFolders: true });
    desk.put("messages", [message()]);
    expect(page(desk, "inbox", { filter: "mine" }).total).toBe(0);
    desk.put("mailboxes", [mailbox()]);
    await expect.poll(() => page(desk, "inbox", { filter: "mine" }).total, { timeout: 10_000 }).toBe(1);
  });

  it("pages and their number hold over many messages of one moment", async () => {
    const desk = await openMailDesk();
    const many = Array.from({ length: 1_500 }, () => message());
    for (let at = 0; at < many.length; at += 500) desk.put("messages", many.slice(at, at + 500));
    const seen = new Set<string>();
    for (let skip = 0; skip < 1_500; skip += 200) {
      const { rows, total } = desk.ask("mail.list", { ...listOf("inbox"), skip }) as MailPage;
      expect(total).toBe(1_500);
      for (const row of rows) seen.add(row.key);
    }
    expect(seen.size).toBe(1_500);
  });

  it("what is snoozed lies apart and comes back by itself", async () => {
    let now = Date.parse(minute(0));
    const desk = await openMailDesk({ clock: { now: () => now } });
    const asleep = message({ snoozedUntil: minute(30) });
    desk.put("messages", [asleep]);
    const snoozed = () => (desk.ask("mail.list", listOf("inbox", { place: { at: "snoozed" } })) as MailPage).rows;
    expect([page(desk, "inbox").total, snoozed().length]).toEqual([0, 1]);
    now = Date.parse(minute(31));
    desk.put("messages", [message()]); // whatever wakes it, a timer of its own does the same
    await expect.poll(() => [page(desk, "inbox").total, snoozed().length], { timeout: 10_000 }).toEqual([2, 0]);
  });
});

describe("the narrow tables", () => {
  const roles: readonly FolderRole[] = ["inbox", "sent", "archive", "junk", "trash"];

  /** By the rows alone, in the plainest words. */
  function expected(all: readonly ReplicaMessage[], role: FolderRole) {
    const here = all.filter((each) => each.folderId === folderId(role));
    const threads = Map.groupBy(here, ({ threadId }) => threadId);
    const rows = [...threads]
      .map(([key, group]) => {
        const newest = group.toSorted((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1))[0];
        const counted = all.filter(
          (each) => each.threadId === key && ![folderId("junk"), folderId("trash")].includes(each.folderId),
        );
        const isHidden = role === "junk" || role === "trash";
        return {
          key,
          at: newest?.receivedAt,
          count: isHidden ? group.length : counted.length,
          unread: group.filter(({ seen }) => !seen).length,
          flagged: group.some(({ flagged }) => flagged),
          files: group.some(({ attachments }) => attachments.length > 0),
        };
      })
      .sort((a, b) => String(b.at).localeCompare(String(a.at)));
    return {
      rows,
      counts: {
        total: here.length,
        unread: here.filter(({ seen }) => !seen).length,
        threads: rows.length,
        unreadThreads: rows.filter(({ unread }) => unread > 0).length,
      },
    };
  }

  it("after any changes, from the server and from here, say what the rows say", async () => {
    const seed = seedOfRun();
    console.info(`mail.index: SEED=${seed}`);
    const random = randomFrom(seed);
    const desk = await openMailDesk();
    const held = new Map<string, MessageDoc>();
    const threads = Array.from({ length: 12 }, () => newId());
    let clock = 0;
    const made = (): MessageDoc =>
      message({
        threadId: threads[random(threads.length)] ?? "",
        folderId: folderId(roles[random(roles.length)] ?? "inbox"),
        receivedAt: new Date(Date.UTC(2026, 0, 1) + ++clock * 1_000).toISOString(),
        seen: random(2) === 0,
        flagged: random(4) === 0,
        attachments: random(3) === 0 ? [attachment()] : [],
      });
    const some = () => [...held.keys()].filter(() => random(4) === 0);
    for (let turn = 0; turn < 120; turn++) {
      const act = random(6);
      if (act <= 1) {
        const fresh = Array.from({ length: 1 + random(8) }, made);
        for (const each of fresh) held.set(each.id, each);
        desk.put("messages", fresh);
      } else if (act === 2) {
        const changed = some().map((id) => ({ ...made(), id }));
        for (const each of changed) held.set(each.id, each);
        desk.put("messages", changed);
      } else if (act === 3 && random(3) === 0) {
        const gone = some();
        for (const id of gone) held.delete(id);
        desk.purge("messages", gone);
      } else if (act >= 4 && held.size > 0) {
        const ids = some();
        if (ids.length > 0)
          await desk.mail.commands["mail.update"]({
            targets: { ids },
            change:
              act === 4 ? { seen: random(2) === 0 } : { folderId: folderId(roles[random(roles.length)] ?? "inbox") },
          });
      }
    }
    const all = (desk.replica.rows.collection("messages")?.querySync({ selector: {} }) ??
      []) as unknown as readonly ReplicaMessage[];
    expect(all.length).toBe(held.size);
    const { counts } = desk.ask("mail.boxes", {}) as MailBoxes;
    for (const role of roles) {
      const { counts: wanted, rows } = expected(all, role);
      const shown = page(desk, role);
      expect(shown.total).toBe(rows.length);
      expect(
        shown.rows.map(({ at, count, files, flagged, key, unread }) => ({ key, at, count, unread, flagged, files })),
      ).toEqual(rows);
      expect(counts[folderId(role)] ?? { total: 0, unread: 0, threads: 0, unreadThreads: 0 }).toEqual(wanted);
    }
  });

  it("are filled from the messages when they are made otherwise", async () => {
    const desk = await openMailDesk();
    desk.put("messages", [message({ threadId: "t", attachments: [attachment()] })]);
    desk.file.meta.set("mailTables", 0);
    await desk.close();
    const again = await openMailDesk({ directory: desk.directory });
    await expect.poll(() => page(again, "inbox").total).toBe(1);
    await again.mail.searcher.settled();
    expect(again.mail.searcher.isComplete()).toBe(true);
    const [row] = page(again, "inbox").rows;
    expect(row).toMatchObject({ files: true, mailboxId: MAILBOX });
  });
});
