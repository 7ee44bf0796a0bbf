import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlobStore } from "#files";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createDiskBlobs } from "../../adapters/disk/index.ts";
import { folderOf, mailboxOf, seedMail } from "../mail.fixture.ts";
import { findMessages, messageTables } from "../messages/messages.repo.ts";
import { messageToDoc } from "../messages/projectMessage.ts";
import { readMbox } from "../mime/archive/mbox.ts";
import { readMail } from "../mime/readMail.ts";
import { exportFolder } from "./exportFolder.ts";
import { importArchive, type ImportDeps } from "./importArchive.ts";

let test: TestDatabase;
let directory = "";
let deps: ImportDeps & { readonly blobs: BlobStore };
const now = "2026-03-05T09:00:00.000Z";
let rings = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  await seedMail(test.db);
  directory = await mkdtemp(join(tmpdir(), "kontor-archive-"));
  deps = {
    db: test.db,
    blobs: await createDiskBlobs({ root: directory }),
    read: async (raw) => readMail(raw),
    contents: { keepFiles: async () => undefined },
    now: () => now,
    changed: () => void rings++,
  };
});
afterAll(async () => {
  await test.drop();
  await rm(directory, { recursive: true, force: true });
});

const message = (id: string, body: string, more: readonly string[] = []) =>
  [
    `Message-ID: <${id}@old.example>`,
    "From: Olga <olga@old.example>",
    "To: ann@kontor.example",
    `Subject: ${id}`,
    "Date: Mon, 02 Feb 2015 10:00:00 +0000",
    ...more,
    "",
    body,
    "",
  ].join("\n");

const separator = (at: string) => `From olga@old.example ${at}\n`;
const mbox = (...parts: readonly string[]) => readMbox(Readable.from([Buffer.from(parts.join(""))]));

async function target(login: "ann" | "bob") {
  const mailboxId = await mailboxOf(test.db, login);
  return { mailboxId, folderId: await folderOf(test.db, mailboxId, "archive") };
}

const docsIn = async (mailboxId: string) => {
  const rows = await messageTables(test.db)
    .selectFrom("mail_message")
    .select("id")
    .where("mailbox_id", "=", mailboxId)
    .execute();
  const found = await findMessages(
    test.db,
    rows.map(({ id }) => id),
  );
  return found.map((row) => messageToDoc(row));
};

describe("an archive of another program", () => {
  const whole = () =>
    mbox(
      separator("Mon Feb  2 10:00:05 2015"),
      message("first", "From here on it is text, and no separator.".replace("From", ">From"), [
        "Status: RO",
        "X-Status: AF",
      ]),
      "\n",
      separator("Tue Feb  3 11:00:00 2015"),
      message("second", "An answer", ["References: <first@old.example>"]),
      "\n",
      separator("Wed Feb  4 11:00:00 2099"),
      message("third", "From the future"),
    );

  it("comes in with its marks, its times and its threads, and sets nothing off", async () => {
    const place = await target("ann");
    expect(await importArchive(deps, place, whole())).toEqual({ imported: 3, known: 0, tooLarge: 0, unreadable: 0 });
    const docs = new Map((await docsIn(place.mailboxId)).map((doc) => [doc.subject, doc]));
    expect(docs.get("first")).toMatchObject({
      folderId: place.folderId,
      receivedAt: "2015-02-02T10:00:05.000Z",
      seen: true,
      answered: true,
      flagged: true,
      authenticity: { internal: false },
    });
    expect(docs.get("second")).toMatchObject({ seen: false, threadId: docs.get("first")?.threadId });
    expect(docs.get("third")?.receivedAt).toBe(now); // it must not lie on top for seventy years
    expect(rings).toBeGreaterThan(0);
  });

  it("adds nothing when it comes again, and what is missing when the first time was cut off", async () => {
    const place = await target("bob");
    const cutOff = async function* () {
      for await (const entry of whole()) {
        yield entry;
        throw new Error("the connection was lost");
      }
    };
    await expect(importArchive(deps, place, cutOff())).rejects.toThrow("the connection was lost");
    expect(await docsIn(place.mailboxId)).toHaveLength(0);
    expect(await importArchive(deps, place, whole())).toMatchObject({ imported: 3, known: 0 });
    expect(await importArchive(deps, place, whole())).toMatchObject({ imported: 0, known: 3 });
    expect(await docsIn(place.mailboxId)).toHaveLength(3);
  });

  it("is counted where it is no message, or too large for one", async () => {
    const place = await target("ann");
    const entries = async function* () {
      yield { kind: "tooLarge", bytes: 1e9, folder: [] } as const;
      yield* mbox(separator("Mon Feb  2 10:00:05 2015"), "\u0000\u0001\u0002\n");
    };
    const counts = await importArchive(deps, place, entries());
    expect(counts).toMatchObject({ imported: 0, tooLarge: 1, unreadable: 1 });
  });

  it("goes out byte for byte as it came in", async () => {
    const { folderId } = await target("bob");
    const archive = await buffer(exportFolder(deps, folderId));
    const texts: string[] = [];
    for await (const entry of readMbox(Readable.from([archive])))
      texts.push(entry.kind === "message" ? Buffer.from(entry.message.raw).toString() : "");
    expect(texts.map((text) => /^Subject: (.*)$/m.exec(text)?.[1])).toEqual(["first", "second", "third"]);
    expect(texts[0]).toContain("\nFrom here on it is text, and no separator.\n");
  });
});
