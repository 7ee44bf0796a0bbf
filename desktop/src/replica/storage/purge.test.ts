import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { message, messages, messageSchema, openScratch, scratchFile, type Message } from "./testing/scratch.ts";
import { defineSearchIndex } from "./search.ts";

const CANARY = "zqxjvcanary";

/** How often a text is in the bytes of the database, its log and its shared memory. */
function hits(filename: string, text: string): number {
  let found = 0;
  for (const part of ["", "-wal", "-shm"]) {
    if (!existsSync(filename + part)) continue;
    const bytes = readFileSync(filename + part);
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) found++;
  }
  return found;
}

const victim = (number: number): Message =>
  // The third one is long enough for overflow pages.
  message(number, `secret ${CANARY} ${number} ${"word ".repeat(number === 3 ? 3_000 : 2)}`);

it("[VIS-4] a purged document is gone from row, index, log and file, and live queries hear of it", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename, cipher: "none" });
  const collection = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text", "subject"] }),
  });
  for (let at = 0; at < 3_000; at += 500) collection.writeSync(messages(500, at));
  await collection.searchSettled();
  const victims = Array.from({ length: 30 }, (_, at) => victim(at * 97 + 3));
  collection.writeSync(victims); // updates: their first words leave the index, the new ones enter
  await collection.searchSettled();
  expect(hits(filename, CANARY)).toBeGreaterThan(30); // the search would see it
  expect(collection.search(CANARY).documents).toHaveLength(30);

  const deleted: string[] = [];
  collection
    .changeStream()
    .subscribe(({ events }) => deleted.push(...events.map((event) => event.operation + event.documentId)));
  expect(collection.purgeSync(victims.map((document) => document.id))).toBe(30);
  file.scrub();

  // The parts too: the index keeps words shortened by what they share with their neighbours, and their first letters.
  const parts = [CANARY, CANARY.slice(2), CANARY.slice(4), CANARY.slice(0, 3)];
  expect(parts.map((part) => hits(filename, part))).toEqual([0, 0, 0, 0]);
  expect(collection.search(CANARY).documents).toEqual([]);
  expect(collection.findByIdsSync(victims.map((document) => document.id))).toEqual([]);
  expect(deleted.toSorted()).toEqual(victims.map((document) => `DELETE${document.id}`).toSorted());
  expect(collection.purgeSync(victims.map((document) => document.id))).toBe(0);
  file.verify();
});

/** Rows that grew, so that pages were split and cells moved, and were purged then. */
function purgedAfterMoves(secure: "ON" | "OFF") {
  const filename = scratchFile();
  const file = openScratch({ filename, cipher: "none" });
  file.all(`PRAGMA secure_delete=${secure}`);
  const collection = file.collection<Message>("messages", messageSchema);
  collection.writeSync(messages(500, 0));
  const victims = Array.from({ length: 30 }, (_, at) => victim(at * 7 + 3));
  collection.writeSync(victims);
  file.scrub();
  collection.purgeSync(victims.map((document) => document.id));
  file.scrub();
  return { file, filename };
}

it("[VIS-4] the search is proved: without overwriting of what is freed it finds what a purge has left", () => {
  const { filename } = purgedAfterMoves("OFF");
  expect(hits(filename, CANARY)).toBeGreaterThan(10);
});

it("[VIS-4] copies that cells leave behind when pages are split go with a rebuild", () => {
  const { file, filename } = purgedAfterMoves("ON");
  file.rebuild();
  expect(hits(filename, CANARY)).toBe(0);
  expect(file.collection<Message>("messages", messageSchema).findByIdsSync([messages(1, 0)[0]?.id ?? ""])).toHaveLength(
    1,
  );
  file.verify();
});

/** Rows that grew, every one of `step`, and lost then what they held; how many copies are left, before and after a rebuild. */
function narrowedAfterMoves(step: number): readonly [number, number] {
  const filename = scratchFile();
  const file = openScratch({ filename, cipher: "none" });
  const collection = file.collection<Message>("messages", messageSchema);
  collection.writeSync(messages(500, 0));
  const numbers = Array.from({ length: 30 }, (_, at) => at * step + 1);
  collection.writeSync(numbers.map((number) => message(number, `${CANARY} `.repeat(3 + step))));
  collection.writeSync(numbers.map((number) => message(number, "narrowed")));
  file.scrub();
  const left = hits(filename, CANARY);
  file.rebuild();
  file.verify();
  return [left, hits(filename, CANARY)];
}

it("[VIS-4] so do copies of rows that stay and have lost what they held: an emptied log is not enough", () => {
  const found = [1, 2, 3, 5, 7, 11, 16].map(narrowedAfterMoves);
  expect(Math.max(...found.map(([left]) => left))).toBeGreaterThan(0);
  expect(found.map(([, after]) => after)).toEqual(found.map(() => 0));
});

it("[VIS-4] nothing remains of a document purged before it was indexed, or changed away before", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename, cipher: "none" });
  const collection = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text"] }),
  });
  collection.writeSync([...messages(400), victim(1_000)]);
  collection.purgeSync([victim(1_000).id]);
  collection.writeSync([victim(3)]);
  await collection.searchSettled();
  collection.writeSync([victim(5)]);
  collection.writeSync([message(3, "harmless"), message(5, "harmless")]);
  await collection.searchSettled();
  file.scrub();
  expect(hits(filename, CANARY)).toBe(0);
  expect(collection.search("harmless").documents).toHaveLength(2);
});

it("a document that comes back after a purge is found again", async () => {
  const file = openScratch();
  const collection = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text"] }),
  });
  collection.writeSync([message(1, "before")]);
  await collection.searchSettled();
  collection.purgeSync(["m000001"]);
  collection.writeSync([message(1, "after")]);
  await collection.searchSettled();
  expect(collection.search("after").documents.map((found) => found.id)).toEqual(["m000001"]);
  expect(collection.search("before").documents).toEqual([]);
});

it("an encrypted file shows no plain text", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename });
  const collection = file.collection<Message>("messages", messageSchema, {
    search: defineSearchIndex({ fields: ["text"] }),
  });
  collection.writeSync([victim(1), ...messages(100, 10)]);
  await collection.searchSettled();
  expect(hits(filename, CANARY)).toBe(0);
  file.scrub();
  const texts = [CANARY, "chatId", "CREATE TABLE", "SQLite format"];
  expect(texts.map((text) => hits(filename, text))).toEqual([0, 0, 0, 0]);
});
