import { expect, it } from "vitest";
import type { MailBoxes, MailThread, ReplicaFolder } from "#contract";
import { messagesToShow } from "./messagesToShow.ts";

const folders = [
  { id: "inbox", role: "inbox" },
  { id: "trash", role: "trash" },
  { id: "old", parentId: "trash" },
] as unknown as readonly ReplicaFolder[];
const boxes = { folders } as MailBoxes;
const threadIn = (...folderIds: readonly string[]) =>
  ({ messages: folderIds.map((folderId, at) => ({ id: `${folderId} ${at}`, folderId })) }) as unknown as MailThread;
const shown = (thread: MailThread, folderId?: string) =>
  messagesToShow(thread, { boxes, folderId }).map((message) => message.folderId);

it("what lies in the trash, or in a folder there, is shown only to who comes from there", () => {
  const thread = threadIn("inbox", "trash", "old");
  expect(shown(thread, "inbox")).toEqual(["inbox"]);
  expect(shown(thread, "trash")).toEqual(["inbox", "trash"]);
  expect(shown(thread, "old")).toEqual(["inbox", "old"]);
  expect(shown(threadIn("old", "old"))).toEqual(["old", "old"]); // nothing else is left
});
