import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
import type { Policy } from "@kontor/shared/access";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  actor,
  applier,
  changesSince,
  createDeal,
  folderOf,
  logEnd,
  mailboxOf,
  makeMailbox,
  officeMailPolicies,
  people,
  receive,
  records,
  seedMail,
} from "../mail.fixture.ts";
import { messageIntents } from "./messages.intents.ts";
import { findFolders, findLinks, findMessages, messageTables } from "./messages.repo.ts";

const apply = applier(messageIntents({ records }));
let test: TestDatabase;
let own: string;
let shared: string;
let external: string;

beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  own = await mailboxOf(test.db, "ann");
  shared = await makeMailbox(test.db, {
    kind: "shared",
    members: [
      { userId: people.ann, role: "editor" },
      { userId: people.bob, role: "reader" },
    ],
  });
  external = await makeMailbox(test.db, { kind: "external", ownerId: people.ann });
});
afterAll(() => test.drop());

const rowOf = async (id: string) => {
  const [row] = await findMessages(test.db, [id]);
  if (!row) throw new Error(`no message ${id}`);
  return row;
};
const folder = async (mailboxId: string, name: string, parentId?: string) => {
  const id = newId();
  await apply(test.db, actor("ann"), "folder.create", id, { mailboxId, name, ...(parentId && { parentId }) });
  return id;
};
const remote = (mailboxId: string) =>
  messageTables(test.db)
    .selectFrom("mail_remote_change")
    .select(["kind", "message_id", "folder_id", "args"])
    .where("mailbox_id", "=", mailboxId)
    .orderBy("id")
    .execute();
const reason = (of: string) => ({ details: { reason: of } });

describe("mail.update", () => {
  it("sets each key for itself, and tells replicas of one row", async () => {
    const { id } = await receive(test.db, own);
    const from = await logEnd(test.db);
    await apply(test.db, actor("ann"), "mail.update", id, {
      seen: true,
      addLabels: ["blue", "red"],
      followUpAt: "2026-04-01T08:00:00.000Z",
    });
    await apply(test.db, actor("ann"), "mail.update", id, { flagged: true, removeLabels: ["blue"], followUpAt: null });
    expect(await rowOf(id)).toMatchObject({ seen: true, flagged: true, labels: ["red"], follow_up_at: null });
    expect(await changesSince(test.db, from)).toEqual([`messages ${id}`, `messages ${id}`]);
  });

  it("writes nothing where nothing differs", async () => {
    const { id, folderId } = await receive(test.db, own, {}, { labels: ["a"] });
    const from = await logEnd(test.db);
    await apply(test.db, actor("ann"), "mail.update", id, {
      seen: false,
      folderId,
      addLabels: ["a"],
      removeLabels: ["b"],
      snoozedUntil: null,
      assigneeId: null,
    });
    expect(await changesSince(test.db, from)).toEqual([]);
  });

  it("remembers where it lay before the trash, and forgets it on the way back", async () => {
    const { id, folderId } = await receive(test.db, own);
    const trash = await folderOf(test.db, own, "trash");
    await apply(test.db, actor("ann"), "mail.update", id, { folderId: trash });
    expect(await rowOf(id)).toMatchObject({ folder_id: trash, trashed_from: folderId });
    await apply(test.db, actor("ann"), "mail.update", id, { folderId });
    expect(await rowOf(id)).toMatchObject({ folder_id: folderId, trashed_from: null });
  });

  it("moves only within its mailbox, and nothing to where mail leaves from", async () => {
    const { id } = await receive(test.db, own);
    const elsewhere = await folderOf(test.db, shared, "archive");
    const outbox = await folderOf(test.db, own, "outbox");
    await expect(apply(test.db, actor("ann"), "mail.update", id, { folderId: elsewhere })).rejects.toMatchObject(
      reason("folder.notFound"),
    );
    await expect(apply(test.db, actor("ann"), "mail.update", id, { folderId: outbox })).rejects.toMatchObject(
      reason("message.folder"),
    );
  });

  it("leaves what is about to leave where it is", async () => {
    const send = { state: "scheduled", at: "2026-03-03T10:00:00.000Z", by: people.ann } as const;
    const { id } = await receive(test.db, own, {}, { folder: { role: "outbox" }, send });
    const trash = await folderOf(test.db, own, "trash");
    await expect(apply(test.db, actor("ann"), "mail.update", id, { folderId: trash })).rejects.toMatchObject(
      reason("message.leaving"),
    );
  });

  it("asks only members to answer", async () => {
    const { id } = await receive(test.db, shared);
    await apply(test.db, actor("ann"), "mail.update", id, { assigneeId: people.bob });
    expect(await rowOf(id)).toMatchObject({ assignee_id: people.bob });
    for (const assigneeId of [people.eve, newId()])
      await expect(apply(test.db, actor("ann"), "mail.update", id, { assigneeId })).rejects.toMatchObject(
        reason("message.assignee"),
      );
  });

  it("is for those who may edit: a reader is refused, and to everybody else there is no such message", async () => {
    const { id } = await receive(test.db, shared);
    await expect(apply(test.db, actor("bob"), "mail.update", id, { seen: true })).rejects.toMatchObject({
      code: "forbidden",
    });
    for (const login of ["eve", "root"] as const)
      await expect(apply(test.db, actor(login), "mail.update", id, { seen: true })).rejects.toMatchObject({
        code: "notFound",
        ...reason("message.notFound"),
      });
    await expect(apply(test.db, actor("eve"), "mail.update", newId(), { seen: true })).rejects.toMatchObject(
      reason("message.notFound"),
    );
  });

  it("[POL-7] is not for a delegate whose right to edit does not reach the messages", async () => {
    const { id } = await receive(test.db, shared);
    const delegate: Policy = {
      id: "delegate",
      title: "t",
      effect: "allow",
      resource: "mailbox",
      actions: ["*"],
      sections: ["main", "members", "rules"],
      when: { eq: ["sub.login", "eve"] },
    };
    const eve = () => actor("eve", { policies: [...officeMailPolicies, delegate] });
    await expect(apply(test.db, eve(), "mail.update", id, { seen: true })).rejects.toMatchObject(
      reason("message.notFound"),
    );
    await expect(
      apply(test.db, eve(), "folder.create", newId(), { mailboxId: shared, name: "Mine" }),
    ).rejects.toMatchObject(reason("mailbox.forbidden"));
  });

  it("notes for the provider what was done, in order", async () => {
    const { id, folderId } = await receive(test.db, external);
    const archive = await folderOf(test.db, external, "archive");
    await apply(test.db, actor("ann"), "mail.update", id, { seen: true, folderId: archive, addLabels: ["x"] });
    await apply(test.db, actor("ann"), "mail.update", id, { flagged: true });
    expect(await remote(external)).toEqual([
      { kind: "flags", message_id: id, folder_id: folderId, args: { seen: true, addLabels: ["x"], removeLabels: [] } },
      { kind: "move", message_id: id, folder_id: folderId, args: { toFolderId: archive } },
      { kind: "flags", message_id: id, folder_id: archive, args: { flagged: true } },
    ]);
  });
});

describe("mail.delete", () => {
  it("takes only what lies in the trash or in junk", async () => {
    const { id } = await receive(test.db, own);
    await expect(apply(test.db, actor("ann"), "mail.delete", id, {})).rejects.toMatchObject(
      reason("message.notInTrash"),
    );
    await apply(test.db, actor("ann"), "mail.update", id, { folderId: await folderOf(test.db, own, "trash") });
    const from = await logEnd(test.db);
    await apply(test.db, actor("ann"), "mail.delete", id, {});
    expect(await findMessages(test.db, [id])).toEqual([]);
    expect(await changesSince(test.db, from)).toContain(`messages ${id}`);
    const junk = await receive(test.db, own, {}, { folder: { role: "junk" } });
    await apply(test.db, actor("ann"), "mail.delete", junk.id, {});
    expect(await findMessages(test.db, [junk.id])).toEqual([]);
  });

  it("takes the links that were of the message alone, and tells both sides", async () => {
    const { id, threadId } = await receive(test.db, own, {}, { folder: { role: "junk" } });
    const { id: recordId } = await createDeal(test.db, "ann");
    const link = newId();
    await apply(test.db, actor("ann"), "mail.link", link, { threadId, messageId: id, recordId });
    const from = await logEnd(test.db);
    await apply(test.db, actor("ann"), "mail.delete", id, {});
    expect(await findLinks(test.db, [link])).toEqual([]);
    expect(await changesSince(test.db, from)).toEqual([
      `messages ${id}`,
      `mailLinks ${link}`,
      `mailLinkRecords ${link}`,
    ]);
  });
});

describe("mail.regroup", () => {
  it("puts a message into a thread of its own, and into another of its mailbox", async () => {
    const first = await receive(test.db, own);
    const second = await receive(test.db, own);
    const alone = newId();
    await apply(test.db, actor("ann"), "mail.regroup", first.id, { threadId: alone });
    expect((await rowOf(first.id)).thread_id).toBe(alone);
    await apply(test.db, actor("ann"), "mail.regroup", first.id, { threadId: second.threadId });
    expect((await rowOf(first.id)).thread_id).toBe(second.threadId);
  });

  it("knows no threads of other mailboxes", async () => {
    const mine = await receive(test.db, own);
    const theirs = await receive(test.db, await mailboxOf(test.db, "bob"));
    await expect(
      apply(test.db, actor("ann"), "mail.regroup", mine.id, { threadId: theirs.threadId }),
    ).rejects.toMatchObject(reason("thread.notFound"));
    expect((await rowOf(mine.id)).thread_id).toBe(mine.threadId);
  });
});

describe("folders", () => {
  it("are made, renamed and moved, and no two of one place have one name", async () => {
    const projects = await folder(own, "Projects");
    const north = await folder(own, "North", projects);
    await expect(folder(own, "NORTH", projects)).rejects.toMatchObject(reason("folder.nameTaken"));
    const south = await folder(own, "South");
    await apply(test.db, actor("ann"), "folder.rename", north, { name: "Norway" });
    await apply(test.db, actor("ann"), "folder.move", south, { parentId: north });
    expect(await findFolders(test.db, [north, south])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: north, name: "Norway", parent_id: projects }),
        expect.objectContaining({ id: south, parent_id: north }),
      ]),
    );
    await expect(apply(test.db, actor("ann"), "folder.move", projects, { parentId: south })).rejects.toMatchObject(
      reason("folder.cycle"),
    );
  });

  it("of the mailbox itself stay as they are, and hold folders only where that makes sense", async () => {
    const inbox = await folderOf(test.db, own, "inbox");
    for (const [name, args] of [
      ["folder.rename", { name: "Letters" }],
      ["folder.move", { parentId: null }],
      ["folder.delete", {}],
    ] as const)
      await expect(apply(test.db, actor("ann"), name, inbox, args)).rejects.toMatchObject(reason("folder.role"));
    for (const role of ["trash", "drafts", "outbox"] as const)
      await expect(folder(own, "Below", await folderOf(test.db, own, role))).rejects.toMatchObject(
        reason("folder.parent"),
      );
    await folder(own, "Below", inbox);
  });

  it("lie at most 20 deep, also when a tree is moved", async () => {
    let parent = await folder(own, "level 1");
    const top = parent;
    for (let level = 2; level <= 20; level++) parent = await folder(own, `level ${level}`, parent);
    await expect(folder(own, "level 21", parent)).rejects.toMatchObject(reason("folder.tooDeep"));
    const other = await folder(own, "other");
    await expect(apply(test.db, actor("ann"), "folder.move", top, { parentId: other })).rejects.toMatchObject(
      reason("folder.tooDeep"),
    );
  });

  it("go to the trash with everything in them, come back, and go for good from there", async () => {
    const outer = await folder(own, "Outer");
    const inner = await folder(own, "Inner", outer);
    const { id } = await receive(test.db, own, {}, { folder: { id: inner } });
    const trash = await folderOf(test.db, own, "trash");
    await apply(test.db, actor("ann"), "folder.delete", outer, {});
    expect(await findFolders(test.db, [outer])).toMatchObject([{ parent_id: trash, trashed_at: expect.any(String) }]);
    expect(await rowOf(id)).toMatchObject({ folder_id: inner });
    await apply(test.db, actor("ann"), "folder.move", outer, { parentId: null });
    expect(await findFolders(test.db, [inner])).toMatchObject([{ trashed_at: null }]);
    await expect(apply(test.db, actor("ann"), "mail.delete", id, {})).rejects.toMatchObject(
      reason("message.notInTrash"),
    );
    await expect(apply(test.db, actor("ann"), "folder.delete", outer, { forGood: true })).rejects.toMatchObject(
      reason("folder.notInTrash"),
    );
    // Two of a shared mailbox throw it away, each without a network: the second finds it in the trash, and leaves it there.
    for (const _who of ["first", "second"]) await apply(test.db, actor("ann"), "folder.delete", outer, {});
    expect(await rowOf(id)).toMatchObject({ folder_id: inner });
    await apply(test.db, actor("ann"), "folder.delete", outer, { forGood: true });
    expect(await findFolders(test.db, [outer, inner])).toEqual([]);
    expect(await findMessages(test.db, [id])).toEqual([]);
  });

  it("of an external account: the messages go to the trash there, the folders go", async () => {
    const outer = await folder(external, "Outer");
    const { id } = await receive(test.db, external, {}, { folder: { id: outer } });
    const trash = await folderOf(test.db, external, "trash");
    await apply(test.db, actor("ann"), "folder.delete", outer, {});
    expect(await rowOf(id)).toMatchObject({ folder_id: trash });
    expect((await remote(external)).slice(-2)).toEqual([
      { kind: "move", message_id: id, folder_id: outer, args: { toFolderId: trash } },
      { kind: "deleteFolder", message_id: null, folder_id: outer, args: {} },
    ]);
  });

  it("are not there for whoever does not see the mailbox's messages", async () => {
    const id = await folder(shared, "Ours");
    await expect(apply(test.db, actor("bob"), "folder.rename", id, { name: "x" })).rejects.toMatchObject({
      code: "forbidden",
    });
    for (const login of ["eve", "root"] as const)
      await expect(apply(test.db, actor(login), "folder.rename", id, { name: "x" })).rejects.toMatchObject(
        reason("folder.notFound"),
      );
  });
});

describe("links", () => {
  it("need both sides to be seen", async () => {
    const { threadId } = await receive(test.db, own);
    const mine = await createDeal(test.db, "ann");
    const bobs = await createDeal(test.db, "bob");
    const link = newId();
    await apply(test.db, actor("ann"), "mail.link", link, { threadId, recordId: mine.id });
    expect(await findLinks(test.db, [link])).toMatchObject([{ record_id: mine.id, how: "hand", mailbox_id: own }]);
    for (const recordId of [bobs.id, newId()])
      await expect(apply(test.db, actor("ann"), "mail.link", newId(), { threadId, recordId })).rejects.toMatchObject(
        reason("record.notFound"),
      );
    for (const thread of [threadId, newId()])
      await expect(
        apply(test.db, actor("bob"), "mail.link", newId(), { threadId: thread, recordId: bobs.id }),
      ).rejects.toMatchObject(reason("thread.notFound"));
  });

  it("are made once, and taken away by whoever sorts the mailbox", async () => {
    const { threadId } = await receive(test.db, shared);
    const { id: recordId } = await createDeal(test.db, "ann");
    const [first, second] = [newId(), newId()];
    await apply(test.db, actor("ann"), "mail.link", first, { threadId, recordId });
    await apply(test.db, actor("ann"), "mail.link", second, { threadId, recordId });
    expect(await findLinks(test.db, [first, second])).toHaveLength(1);
    await expect(apply(test.db, actor("bob"), "mail.unlink", first, {})).rejects.toMatchObject({ code: "forbidden" });
    await expect(apply(test.db, actor("eve"), "mail.unlink", first, {})).rejects.toMatchObject(reason("link.notFound"));
    await apply(test.db, actor("ann"), "mail.unlink", first, {});
    expect(await findLinks(test.db, [first])).toEqual([]);
  });
});
