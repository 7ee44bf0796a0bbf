import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { MailBoxes } from "#contract";
import { newId } from "@kontor/shared/base";
import { attachment, body, folderId, MAILBOX, message, openMailDesk } from "./testing/mailDesk.ts";

/** A word that is longer than its stem is kept in one place more. */
const CANARY = "quetzalcoatling";

/** How often the word stands in the files of the replica, in any of its forms. */
function found(directory: string): number {
  let times = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      times +=
        readFileSync(join(entry.parentPath, entry.name)).toString("latin1").toLowerCase().split(CANARY).length - 1;
  return times;
}

it("[VIS-4] of messages that are lost nothing stays: row, text, lists, words, attachments, unsent drafts", async () => {
  const desk = await openMailDesk({ cipher: "none" });
  const [lost, kept] = [newId(), newId()];
  const file = attachment({ name: `${CANARY}.pdf` });
  desk.put("messages", [
    message({
      id: lost,
      threadId: newId(),
      subject: `About ${CANARY}`,
      from: [{ address: `${CANARY}@far.example`, name: CANARY }],
      attachments: [file],
      labels: [CANARY],
    }),
    message({ id: kept }),
  ]);
  desk.put("mailBodies", [body(lost, `The ${CANARY} flies`), body(kept, "Nothing flies")]);
  desk.put("mailLinks", [{ id: newId(), mailboxId: MAILBOX, threadId: kept, how: "hand", createdAt: "" }]);
  await desk.mail.searcher.settled();
  // What its user did to it, and had not sent.
  await desk.mail.commands["mail.update"]({ targets: { ids: [lost] }, change: { flagged: true } });
  expect(found(desk.directory)).toBeGreaterThan(5);

  desk.purge("mailBodies", [lost]);
  desk.purge("messages", [lost]);
  expect(desk.lost).toEqual([file.id]);
  expect(desk.ask("mail.message", { id: lost })).toBeNull();
  expect(desk.ask("mail.bodies", { ids: [lost] })).toEqual([]);
  const { counts } = desk.ask("mail.boxes", {}) as MailBoxes;
  expect(counts[folderId("inbox")]).toEqual({ total: 1, unread: 1, threads: 1, unreadThreads: 1 });
  for (const sql of [
    `SELECT count(*) FROM mail_message WHERE id='${lost}'`,
    `SELECT count(*) FROM mail_attachment WHERE message='${lost}'`,
    `SELECT count(*) FROM mail_fts WHERE mail_fts MATCH '${CANARY}'`,
  ])
    expect(desk.file.all(sql)[0]?.[0]).toBe(0);

  // What the replica does after a loss (`dropDerived`), in one go.
  desk.replica.outbox.purgeTitles("messages", [lost]);
  desk.file.rebuild();
  desk.replica.outbox.file.rebuild();
  await desk.close();
  expect(found(desk.directory)).toBe(0);
});

it("[VIS-4] a file that another message here carries stays; one whose last message goes is let go", async () => {
  const desk = await openMailDesk();
  const file = attachment();
  const [first, second] = [message({ attachments: [file] }), message({ attachments: [file] })];
  desk.put("messages", [first, second]);
  desk.purge("messages", [first.id]);
  expect(desk.lost).toEqual([]);
  expect(desk.mail.attachmentOf(file.id)).toMatchObject({ id: file.id });
  desk.put("messages", [{ ...second, attachments: [] }]);
  expect(desk.lost).toEqual([file.id]);
  expect(desk.mail.attachmentOf(file.id)).toBeUndefined();
});

it("[VIS-4] a file that another message carries by the end of the same transaction stays", async () => {
  const desk = await openMailDesk();
  const file = attachment();
  const [first, second] = [message({ attachments: [file] }), message({ attachments: [file] })];
  desk.put("messages", [first]);
  desk.file.transaction(() => {
    desk.purge("messages", [first.id]);
    desk.put("messages", [second]);
  });
  expect(desk.lost).toEqual([]);
  expect(desk.mail.attachmentOf(file.id)).toMatchObject({ id: file.id });
});

it("[SYN-7] what the user attached and was refused stays theirs", async () => {
  const desk = await openMailDesk();
  const [id, fileId] = [newId(), newId()];
  desk.put("messages", [
    message({ id, folderId: folderId("drafts"), send: { state: "draft" }, draft: { kind: "new", rev: 1 } }),
  ]);
  await desk.mail.commands["mail.attach"]({ id, fileId, name: "a.txt", source: { bytes: Buffer.from("a") } });
  const mid = desk.replica.outbox.pending()[0]?.mid ?? "";
  desk.replica.outbox.sent([mid]);
  desk.replica.outbox.settle([{ mid, status: "rejected", code: "forbidden" }]);
  desk.replica.rows.refresh("messages", id);
  expect(desk.lost).toEqual([fileId]); // no message carries it any more …
  expect([...desk.mail.ownFiles()]).toEqual([fileId]); // … and it is nobody's to remove but the user's
});
