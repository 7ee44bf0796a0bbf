import { describe, expect, it } from "vitest";
import type { MailBoxes, ReplicaFolder } from "#contract";
import {
  badgeOf,
  listOfPlace,
  placeIn,
  placeOf,
  placeText,
  roleOfFolder,
  roleOfPlace,
  treeOf,
  unreadInInboxes,
} from "./place.ts";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const folder = (n: number, parts: Partial<ReplicaFolder> = {}): ReplicaFolder => ({
  id: id(n),
  mailboxId: "m",
  name: `folder ${n}`,
  pending: 0,
  ...parts,
});
const boxes = (folders: readonly ReplicaFolder[], counts: MailBoxes["counts"] = {}): MailBoxes => ({
  mailboxes: [],
  folders,
  counts,
  flagged: 0,
  snoozed: 0,
  followUps: 0,
  assigned: 0,
  known: true,
});

describe("places of mail", () => {
  it.each(["inbox", "sent", "flagged", "snoozed", "followUp", "assigned", `f-${id(1)}`])(
    "%s survives the address",
    (text) => expect(placeText(placeOf(text))).toBe(text),
  );
  it.each([undefined, "", "nowhere", "f-", "f-../x"])("%j leads to the inbox", (text) =>
    expect(placeOf(text)).toEqual({ at: "role", role: "inbox" }),
  );
  it("the same role of one mailbox is its folder; of a mailbox without it, all of them", () => {
    const all = boxes([folder(1, { role: "sent" })]);
    expect(placeIn("sent", "m", all)).toEqual({ at: "folder", folderId: id(1) });
    expect(placeIn("archive", "m", all)).toEqual({ at: "role", role: "archive" });
    expect(roleOfPlace({ at: "folder", folderId: id(1) }, all)).toBe("sent");
  });
  it("what lies in the trash is trash at any depth; in other folders nothing is inherited, and a loop ends", () => {
    const all = [
      folder(1, { role: "trash" }),
      folder(2, { parentId: id(1) }),
      folder(3, { parentId: id(2) }),
      folder(4, { role: "junk" }),
      folder(5, { parentId: id(4) }),
      folder(6, { parentId: id(7) }),
      folder(7, { parentId: id(6) }),
    ];
    expect(all.map((each) => roleOfFolder(each.id, all))).toEqual([
      "trash",
      "trash",
      "trash",
      "junk",
      undefined,
      undefined,
      undefined,
    ]);
    expect(roleOfPlace({ at: "folder", folderId: id(3) }, boxes(all))).toBe("trash");
    expect(roleOfFolder(id(99), all)).toBeUndefined();
  });
  it("drafts are never conversations, whatever is chosen", () => {
    const all = boxes([folder(1, { role: "drafts" })]);
    expect(listOfPlace({ at: "folder", folderId: id(1) }, all, { conversations: true }, "all").conversations).toBe(
      false,
    );
    expect(listOfPlace({ at: "role", role: "inbox" }, all, { conversations: true }, "all").conversations).toBe(true);
    expect(listOfPlace({ at: "flagged" }, all, { conversations: true }, "all").conversations).toBe(false);
  });
});

describe("folders", () => {
  it("stand as a tree, the mailbox's own first, and a loop ends", () => {
    const tree = treeOf(
      [
        folder(1, { name: "Zeta" }),
        folder(2, { name: "Alpha" }),
        folder(3, { role: "sent" }),
        folder(4, { role: "inbox" }),
        folder(5, { parentId: id(2), name: "below" }),
        folder(6, { parentId: id(99), name: "of nobody" }),
        folder(7, { mailboxId: "other" }),
        folder(8, { parentId: id(9) }),
        folder(9, { parentId: id(8) }),
      ],
      "m",
      "en",
    );
    expect(tree.map(({ depth, folder: { name, role } }) => [role ?? name, depth])).toEqual([
      ["inbox", 0],
      ["sent", 0],
      ["Alpha", 0],
      ["below", 1],
      ["of nobody", 0],
      ["Zeta", 0],
    ]);
  });

  it("show what is to be read, by conversation or by message; drafts show all", () => {
    const counts = { total: 9, unread: 5, threads: 6, unreadThreads: 3 };
    expect(badgeOf("inbox", counts, true)).toBe(3);
    expect(badgeOf(undefined, counts, false)).toBe(5);
    expect(badgeOf("drafts", counts, true)).toBe(9);
    expect(badgeOf("trash", counts, true)).toBe(0);
    const all = boxes([folder(1, { role: "inbox" }), folder(2, { role: "inbox" }), folder(3)], {
      [id(1)]: counts,
      [id(2)]: counts,
      [id(3)]: counts,
    });
    expect(unreadInInboxes(all, true)).toBe(6);
    expect(unreadInInboxes(undefined, true)).toBe(0);
  });
});
