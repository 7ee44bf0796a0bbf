import { describe, expect, it } from "vitest";
import type { MailBoxes, MailChanged, MailPage, ReplicaMessage } from "#contract";
import { newId } from "@kontor/shared/base";
import type { Draft } from "@kontor/shared/mail";
import {
  attachment,
  body,
  folder,
  folderId,
  MAILBOX,
  mailbox,
  ME,
  message,
  openMailDesk,
  type MailDesk,
} from "./testing/mailDesk.ts";

const draft = (parts: Partial<Draft> = {}): Draft => ({
  from: { address: "anna@aurora.example", name: "Anna" },
  to: [{ address: "pavel@aurora.example" }],
  cc: [],
  bcc: [],
  subject: "Terms",
  html: "<p>Hello</p>",
  cards: [],
  origin: { kind: "new" },
  ...parts,
});
const messageOf = (desk: MailDesk, id: string) => desk.ask("mail.message", { id }) as ReplicaMessage | null;
const pendingNames = (desk: MailDesk) => desk.replica.outbox.pending().map(({ name }) => name);
const inbox = (desk: MailDesk, more: object = {}) =>
  desk.ask("mail.list", {
    list: { place: { at: "folder", folderId: folderId("inbox") }, conversations: false, filter: "all", ...more },
    skip: 0,
    limit: 200,
  }) as MailPage;

describe("a draft without a network", () => {
  it("[SYN-1] is written, grows, is sent, and all of it survives the end of the process", async () => {
    const desk = await openMailDesk();
    const [id, fileId] = [newId(), newId()];
    const { commands } = desk.mail;
    await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft({ subject: "", html: "" }), base: 0 });
    await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft({ subject: "Terms" }), base: 0 });
    expect(pendingNames(desk)).toEqual(["mail.saveDraft"]); // typing is one change
    expect(desk.replica.outbox.pending()).toMatchObject([{ title: "Terms" }]);
    await commands["mail.attach"]({ id, fileId, name: "offer.pdf", source: { bytes: Buffer.from("offer") } });
    await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft({ subject: "Delivery terms" }), base: 0 });
    expect(messageOf(desk, id)).toMatchObject({
      subject: "Delivery terms",
      folderId: folderId("drafts"),
      attachments: [{ id: fileId, size: 5, state: "awaiting" }],
      draft: { rev: 0 },
      pending: 3,
    });
    await commands["mail.send"]({ id, undoSeconds: 5 });
    await desk.close();

    const again = await openMailDesk({ directory: desk.directory });
    expect(messageOf(again, id)).toMatchObject({
      folderId: folderId("outbox"),
      send: { state: "scheduled" },
      pending: 4,
    });
    expect(again.ask("mail.bodies", { ids: [id] })).toMatchObject([{ html: "<p>Hello</p>", text: "Hello" }]);
    expect(again.files.uploads.list()).toMatchObject([{ fileId, name: "offer.pdf", size: 5 }]);
    expect(again.mail.attachmentOf(fileId)).toMatchObject({ name: "offer.pdf" });
    expect([...again.mail.attaching()]).toEqual([fileId]);
    // All of it is one group: when the draft is refused, nothing of it goes.
    expect(new Set(again.replica.outbox.pending().map(({ group }) => group))).toEqual(new Set([id]));
  });

  it("what rests is released by sending, and undo takes the sending back before it left", async () => {
    const desk = await openMailDesk();
    const id = newId();
    const { commands } = desk.mail;
    await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft(), base: 0 });
    expect(desk.replica.outbox.due()).toEqual([]);
    await commands["mail.send"]({ id, undoSeconds: 5 });
    expect(desk.replica.outbox.due().map(({ name }) => name)).toEqual(["mail.saveDraft", "mail.send"]);
    await commands["mail.cancelSend"]({ id });
    expect(pendingNames(desk)).toEqual(["mail.saveDraft"]);
    expect(messageOf(desk, id)?.send?.state).toBe("draft");
  });

  it("[SYN-7] why it was refused is kept until it is sent anew or let go", async () => {
    for (const answer of ["mail.send", "mail.discardDraft"] as const) {
      const desk = await openMailDesk();
      const { commands } = desk.mail;
      const [id, other] = [newId(), newId()];
      desk.put(
        "messages",
        [id, other].map((each) =>
          message({ id: each, folderId: folderId("drafts"), send: { state: "draft" }, draft: { kind: "new", rev: 1 } }),
        ),
      );
      for (const each of [id, other]) await commands["mail.send"]({ id: each, undoSeconds: 0 });
      const mids = desk.replica.outbox.pending().map(({ mid }) => mid);
      desk.replica.outbox.sent(mids);
      desk.replica.outbox.settle(mids.map((mid) => ({ mid, status: "rejected", reason: "send.unknownRecipient" })));
      for (const each of [id, other]) desk.replica.rows.refresh("messages", each);
      await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft({ subject: "Mended" }), base: 1 });
      expect(desk.replica.outbox.issues()).toHaveLength(2);
      await commands[answer]({ id, undoSeconds: 0 });
      expect(desk.replica.outbox.issues()).toMatchObject([{ id: other }]);
    }
  });

  it("cancelling what has left this device asks the server", async () => {
    const desk = await openMailDesk();
    const id = newId();
    desk.put("messages", [
      message({ id, folderId: folderId("outbox"), send: { state: "scheduled", at: "2030-01-01T00:00:00.000Z" } }),
    ]);
    await desk.mail.commands["mail.cancelSend"]({ id });
    expect(pendingNames(desk)).toEqual(["mail.cancelSend"]);
    expect(messageOf(desk, id)).toMatchObject({ folderId: folderId("drafts"), send: { state: "draft" } });
  });

  it("discarding one that nobody knows leaves nothing, neither change nor file", async () => {
    const desk = await openMailDesk();
    const [id, fileId] = [newId(), newId()];
    const { commands } = desk.mail;
    await commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft(), base: 0 });
    await commands["mail.attach"]({ id, fileId, name: "a.txt", source: { bytes: Buffer.from("a") } });
    await commands["mail.discardDraft"]({ id });
    expect(pendingNames(desk)).toEqual([]);
    expect(messageOf(desk, id)).toBeNull();
    expect(desk.ask("mail.bodies", { ids: [id] })).toEqual([]);
    expect(desk.lost).toEqual([fileId]);
  });

  it("[DRF-3] a save says what its author had before them, also while newer revisions come, and after a restart", async () => {
    const desk = await openMailDesk();
    const id = newId();
    const draftRow = (rev: number, subject: string) =>
      message({ id, folderId: folderId("drafts"), send: { state: "draft" }, subject, draft: { kind: "new", rev } });
    const save = (subject: string, base: number) =>
      desk.mail.commands["mail.saveDraft"]({ id, mailboxId: MAILBOX, draft: draft({ subject }), base });
    const bases = () => desk.replica.outbox.pending().map(({ args }) => args["base"]);
    desk.put("messages", [draftRow(7, "Begun")]);
    await save("Mine", 7);
    desk.put("messages", [draftRow(8, "Theirs")]);
    // What is shown is still what stands on 7, and a composer that is opened now says so.
    expect(messageOf(desk, id)).toMatchObject({ subject: "Mine", draft: { rev: 7 } });
    await save("Mine, too", 8);
    expect(bases()).toEqual([7]);
    desk.replica.outbox.sent(desk.replica.outbox.pending().map(({ mid }) => mid));
    await save("Mine, at last", 7);
    expect(bases()).toEqual([7, 7]);
    expect(messageOf(desk, id)).toMatchObject({ subject: "Mine, at last", draft: { rev: 7 } });
  });

  it("what was kept beside a draft is told with it, to whoever wrote it", async () => {
    const desk = await openMailDesk();
    const [id, mine, theirs] = [newId(), newId(), newId()];
    const row = (each: string, by: string, more: object) =>
      message({
        id: each,
        folderId: folderId("drafts"),
        send: { state: "draft", by },
        draft: { kind: "new", rev: 1, ...more },
      });
    desk.put("messages", [row(id, ME, {}), row(theirs, newId(), { conflictOf: id })]);
    expect(desk.ask("mail.draft", { id })).not.toHaveProperty("keptBesideId");
    desk.put("messages", [row(mine, ME, { conflictOf: id })]);
    desk.put("mailBodies", [body(id, "Begun")]);
    expect(desk.ask("mail.draft", { id })).toMatchObject({ message: { id }, html: "", keptBesideId: mine });
    expect(desk.ask("mail.draft", { id: newId() })).toBeNull();
  });

  it("what has left is not written to", async () => {
    const desk = await openMailDesk();
    const sent = message({ send: { state: "sent" }, folderId: folderId("sent") });
    desk.put("messages", [sent]);
    expect(() =>
      desk.mail.commands["mail.saveDraft"]({ id: sent.id, mailboxId: MAILBOX, draft: draft(), base: 0 }),
    ).toThrow("This message has left or is about to.");
  });

  it("a text that no frame carries is refused before it is lost", async () => {
    const desk = await openMailDesk();
    const html = `<p>${"я".repeat(1_800_000)}</p>`;
    expect(() =>
      desk.mail.commands["mail.saveDraft"]({ id: newId(), mailboxId: MAILBOX, draft: draft({ html }), base: 0 }),
    ).toThrow("too long");
  });
});

describe("bulk", () => {
  it("changes thousands as one write, and one undo makes them what they were", async () => {
    const desk = await openMailDesk();
    const all = Array.from({ length: 2_000 }, (_, n) =>
      message({ seen: n % 5 === 0, receivedAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString() }),
    );
    for (let at = 0; at < all.length; at += 500) desk.put("messages", all.slice(at, at + 500));
    const list = { place: { at: "folder", folderId: folderId("inbox") }, conversations: true, filter: "all" } as const;
    const { count, undo } = (await desk.mail.commands["mail.update"]({
      targets: { list },
      change: { seen: true },
      moveTo: "archive",
    })) as MailChanged;
    expect(count).toBe(2_000);
    expect(desk.replica.outbox.size).toBe(2_000);
    expect(new Set(desk.replica.outbox.pending().map(({ batch }) => batch)).size).toBe(1);
    expect(inbox(desk).total).toBe(0);
    await desk.mail.commands["mail.undo"]({ undo: undo ?? "" });
    expect(inbox(desk).total).toBe(2_000);
    expect(inbox(desk, { filter: "unread" }).total).toBe(1_600);
    expect(desk.replica.outbox.size).toBe(2_000); // nothing had left: each change took its undoing in
    await expect(desk.mail.commands["mail.undo"]({ undo: undo ?? "" })).rejects.toThrow("no longer");
  });

  it("by the rows of a list: some keys, or all but some; of a conversation what lies there", async () => {
    const desk = await openMailDesk();
    const threads = [newId(), newId(), newId()];
    const rows = threads.map((threadId) => message({ threadId }));
    const older = message({ threadId: threads[0] ?? "", folderId: folderId("archive") });
    desk.put("messages", [...rows, older]);
    const list = { place: { at: "folder", folderId: folderId("inbox") }, conversations: true, filter: "all" } as const;
    const flag = (more: object) =>
      desk.mail.commands["mail.update"]({
        targets: { list, ...more },
        change: { flagged: true },
      }) as Promise<MailChanged>;
    expect((await flag({ keys: threads.slice(0, 1) })).count).toBe(1);
    expect(messageOf(desk, older.id)?.flagged).toBe(false);
    expect((await flag({ except: threads.slice(1, 2) })).count).toBe(1);
    expect(inbox(desk, { filter: "flagged" }).total).toBe(2);
  });

  it("moves by role into each message's own mailbox, and leaves what does not belong there", async () => {
    const desk = await openMailDesk();
    const [other, archive] = [newId(), newId()];
    desk.put("mailboxes", [{ ...mailbox(), id: other, kind: "shared" }]);
    desk.put("mailFolders", [{ ...folder("archive"), id: archive, mailboxId: other }]);
    const mine = message();
    const theirs = message({ mailboxId: other, folderId: newId() });
    const leaving = message({ folderId: folderId("outbox"), send: { state: "scheduled" } });
    desk.put("messages", [mine, theirs, leaving]);
    const ids = [mine.id, theirs.id, leaving.id];
    expect(await desk.mail.commands["mail.update"]({ targets: { ids }, change: {}, moveTo: "archive" })).toMatchObject({
      count: 2,
    });
    expect(ids.map((id) => messageOf(desk, id)?.folderId)).toEqual([folderId("archive"), archive, folderId("outbox")]);
    // A folder of another mailbox is none for it.
    expect(
      await desk.mail.commands["mail.update"]({ targets: { ids: [mine.id] }, change: { folderId: archive } }),
    ).toEqual({ count: 0 });
  });

  it("deletes for good only from trash and junk", async () => {
    const desk = await openMailDesk();
    const [parentId, below] = [newId(), newId()];
    desk.put("mailFolders", [
      { id: parentId, mailboxId: MAILBOX, name: "Old", parentId: folderId("trash") },
      { id: below, mailboxId: MAILBOX, name: "Older", parentId },
    ]);
    const lies = message();
    const deleted = [folderId("trash"), folderId("junk"), below].map((each) => message({ folderId: each }));
    desk.put("messages", [lies, ...deleted]);
    const ids = [lies, ...deleted].map(({ id }) => id);
    expect(await desk.mail.commands["mail.delete"]({ targets: { ids } })).toEqual({ count: 3 });
    expect(ids.map((id) => messageOf(desk, id)?.id)).toEqual([lies.id, undefined, undefined, undefined]);
  });
});

describe("what belongs to mail", () => {
  it("a link that never left is simply dropped, one of the server's is unlinked", async () => {
    const desk = await openMailDesk();
    const lies = message();
    desk.put("messages", [lies]);
    const [id, recordId] = [newId(), newId()];
    const { commands } = desk.mail;
    await commands["mail.link"]({ id, threadId: lies.threadId, recordId });
    expect(desk.ask("mail.thread", { threadId: lies.threadId })).toMatchObject({
      links: [{ id, recordId, how: "hand" }],
    });
    expect(desk.ask("mail.ofRecord", { recordId })).toMatchObject([{ linkId: id, row: { key: lies.threadId } }]);
    await commands["mail.unlink"]({ id });
    expect(pendingNames(desk)).toEqual([]);
    desk.put("mailLinks", [{ id, mailboxId: MAILBOX, threadId: lies.threadId, how: "rule", createdAt: "" }]);
    desk.put("mailLinkRecords", [{ id, recordId }]);
    await commands["mail.unlink"]({ id });
    expect(pendingNames(desk)).toEqual(["mail.unlink"]);
    expect(desk.ask("mail.thread", { threadId: lies.threadId })).toMatchObject({ links: [] });
  });

  it("one half of a link says nothing", async () => {
    const desk = await openMailDesk();
    const lies = message();
    desk.put("messages", [lies]);
    desk.put("mailLinks", [{ id: newId(), mailboxId: MAILBOX, threadId: lies.threadId, how: "rule", createdAt: "" }]);
    desk.put("mailLinkRecords", [{ id: newId(), recordId: newId() }]);
    expect(desk.ask("mail.thread", { threadId: lies.threadId })).toMatchObject({ links: [] });
  });

  it("settings are one change while they wait, senders are changes of their own", async () => {
    const desk = await openMailDesk();
    const { commands } = desk.mail;
    await commands["mail.settings"]({ undoSeconds: 30 });
    await commands["mail.settings"]({ conversations: false });
    await commands["mail.settings"]({ allowRemote: "news@shop.example" });
    expect(desk.ask("mail.settings", {})).toMatchObject({
      id: ME,
      undoSeconds: 30,
      conversations: false,
      remoteAllowed: ["news@shop.example"],
    });
    expect(desk.replica.outbox.pending().map(({ args }) => args)).toEqual([
      { undoSeconds: 30, conversations: false },
      { allowRemote: "news@shop.example" },
    ]);
  });

  it("a watched question is answered again when the answer is another one, and only then", async () => {
    const desk = await openMailDesk();
    const answers: unknown[] = [];
    const watch = desk.mail.queries.watch({ kind: "watch", id: 1, name: "mail.boxes", input: {} }, (reply) =>
      answers.push(reply),
    );
    expect(answers).toHaveLength(1);
    const lies = message({ attachments: [attachment()] });
    desk.put("messages", [lies]);
    await expect.poll(() => answers.length).toBe(2);
    desk.put("messages", [{ ...lies, subject: "Another subject" }]); // counts are what they were
    desk.put("messages", [message()]);
    await expect.poll(() => answers.length).toBe(3);
    watch.stop();
    expect(desk.ask("no.question", {})).toMatchObject({ ok: false });
    expect(desk.ask("mail.list", { list: "everything" })).toMatchObject({ ok: false });
  });
});

it("a folder that is deleted in the trash is gone at once, with everything in it", async () => {
  const desk = await openMailDesk();
  const [outer, inner, innermost, other] = [newId(), newId(), newId(), newId()];
  desk.put("mailFolders", [
    { id: outer, mailboxId: MAILBOX, name: "Outer" },
    { id: inner, mailboxId: MAILBOX, name: "Inner", parentId: outer },
    { id: innermost, mailboxId: MAILBOX, name: "Innermost", parentId: inner },
    { id: other, mailboxId: MAILBOX, name: "Its folder is still to come", parentId: newId() },
  ]);
  const placesOf = () =>
    (desk.ask("mail.boxes", {}) as MailBoxes).folders
      .filter(({ role }) => role === undefined)
      .map(({ name, parentId }) => [name, parentId]);
  const folderDelete = (id: string, forGood?: true) => desk.mail.commands["folder.delete"]({ id, forGood });
  const stranger = ["Its folder is still to come", expect.any(String)];

  await folderDelete(outer);
  // Its own change comes back from the server before it was told that it was taken: the same once more.
  desk.put("mailFolders", [{ id: outer, mailboxId: MAILBOX, name: "Outer", parentId: folderId("trash") }]);
  expect(placesOf()).toEqual(
    expect.arrayContaining([["Outer", folderId("trash")], ["Inner", outer], ["Innermost", inner], stranger]),
  );
  await folderDelete(inner, true);
  expect(placesOf().toSorted()).toEqual([stranger, ["Outer", folderId("trash")]].toSorted());
  await folderDelete(outer, true);
  expect(placesOf()).toEqual([stranger]);
});
