import { expect, it } from "vitest";
import type { MailBoxes, MailThread, ReplicaFolder, ReplicaMessage } from "#contract";
import { actedOn, messagesToShow } from "./messagesToShow.ts";

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

it("an answer that one sent stays, when the conversation that it lies in is put away", () => {
  const sent = { id: "mine", folderId: "sent", send: { state: "sent" } } as unknown as ReplicaMessage;
  const { messages } = threadIn("inbox", "archive", "inbox");
  const put = (folderId?: string) => actedOn([...messages, sent], folderId).map(({ id }) => id);
  expect(put("inbox")).toEqual(["inbox 0", "inbox 2"]);
  expect(put("archive")).toEqual(["archive 1"]);
  expect(put("sent")).toEqual(["mine"]);
  expect(put()).toEqual(["inbox 0", "inbox 2"]);
  expect(actedOn([sent], undefined)).toEqual([sent]);
});
