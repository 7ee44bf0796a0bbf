import { existsSync, readFileSync, statSync, truncateSync, writeFileSync, copyFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { expect, it } from "vitest";
import { deleteReplicaFile, setAsideReplicaFile } from "./database.ts";
import { openReplicaFile } from "./replica.ts";
import { defineSearchIndex } from "./search.ts";
import { ReplicaDamaged } from "./storage.errors.ts";
import {
  KEY,
  message,
  messages,
  messageSchema,
  openScratch,
  randomFrom,
  scratchFile,
  seedOfRun,
  type Message,
} from "./testing/scratch.ts";

const search = defineSearchIndex({ fields: ["text"] });

async function written(rows = 2_000): Promise<string> {
  const filename = scratchFile();
  const file = openReplicaFile({ filename, key: KEY });
  const collection = file.collection<Message>("messages", messageSchema, { search });
  for (let at = 0; at < rows; at += 500) collection.writeSync(messages(500, at));
  await collection.searchSettled();
  file.scrub();
  await file.close();
  return filename;
}

/** Opens, reads all of it, closes; throws what any of it throws. */
async function readWhole(filename: string): Promise<unknown[]> {
  const file = openReplicaFile({ filename, key: KEY });
  try {
    const collection = file.collection<Message>("messages", messageSchema, { search });
    file.verify();
    return collection.querySync({ selector: {}, limit: 10_000 });
  } finally {
    await file.close();
  }
}

it("tells a wrong key from a damaged file", async () => {
  const filename = await written(500);
  const wrong = (key: string | Uint8Array) => () => openReplicaFile({ filename, key });
  expect(wrong(new Uint8Array(32).fill(8))).toThrow(
    expect.objectContaining({ name: "ReplicaDamaged", code: "wrongKey" }),
  );
  expect(wrong("other")).toThrow(expect.objectContaining({ code: "wrongKey" }));
  expect(wrong(new Uint8Array(16))).toThrow(expect.objectContaining({ code: "invalid" }));
  expect(wrong("")).toThrow(expect.objectContaining({ code: "invalid" }));
  expect(await readWhole(filename)).toHaveLength(500); // the attempts changed nothing
});

it("refuses a second opening while the first is open", async () => {
  const filename = await written(500);
  const first = openScratch({ filename });
  first.collection<Message>("messages", messageSchema);
  expect(() => openReplicaFile({ filename, key: KEY })).toThrow(expect.objectContaining({ code: "inUse" }));
});

it.each([0.1, 0.5, 0.9, 0.99])("reports a file cut to %f of its length as damaged", async (part) => {
  const filename = await written();
  truncateSync(filename, Math.floor(statSync(filename).size * part));
  await expect(readWhole(filename)).rejects.toMatchObject({ name: "ReplicaDamaged", code: "damaged" });
});

it.each([1, 15, 511])("reports a file of %i bytes as damaged instead of beginning a new one", async (bytes) => {
  const filename = await written(500);
  truncateSync(filename, bytes);
  expect(() => openReplicaFile({ filename, key: KEY })).toThrow(expect.objectContaining({ code: "damaged" }));
});

it("reports foreign bytes as damaged", async () => {
  const filename = await written(500);
  writeFileSync(filename, "this is not a replica ".repeat(1_000));
  await expect(readWhole(filename)).rejects.toMatchObject({ code: "damaged" });
});

it("finds every flipped byte that changes anything, wherever it is", async () => {
  const seed = seedOfRun();
  console.info(`damage: KONTOR_SEED=${seed}`);
  const random = randomFrom(seed);
  const filename = await written(500);
  const whole = await readWhole(filename);
  const bytes = readFileSync(filename);
  const outcomes = new Map<string, number[]>();
  for (let round = 0; round < 60; round++) {
    const at = random(bytes.length);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ (1 + random(255));
    // A file of its own each time: libsql may keep a damaged one locked until the process ends.
    const copy = `${filename}.${round}`;
    writeFileSync(copy, damaged);
    const outcome = await readWhole(copy).then(
      (found) => (isDeepStrictEqual(found, whole) ? "unharmed" : "changed without a word"),
      (error: unknown) => (error instanceof ReplicaDamaged ? error.code : String(error)),
    );
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), at]);
  }
  // Some bytes are in no page that is in use; nothing else may come out of it.
  expect({ seed, outcomes: [...outcomes].filter(([outcome]) => !["damaged", "unharmed"].includes(outcome)) }).toEqual({
    seed,
    outcomes: [],
  });
  expect(outcomes.get("damaged")?.length).toBeGreaterThan(30);
}, 60_000);

it("reports a damaged row when it is read, without a check before", async () => {
  const filename = scratchFile();
  const file = openScratch({ filename });
  const collection = file.collection<Message>("messages", messageSchema);
  collection.writeSync([message(1)]);
  file.run(`UPDATE "messages-0" SET data = substr(data, 1, 20)`);
  expect(() => collection.findByIdsSync(["m000001"])).toThrow(expect.objectContaining({ code: "damaged" }));
});

it("a damaged row stops the search lane, not the process, and whoever waits for it is told", async () => {
  const file = openScratch();
  const collection = file.collection<Message>("messages", messageSchema, { search });
  file.transaction(() => {
    collection.writeSync(messages(10));
    file.run(`UPDATE "messages-0" SET crc = crc + 1 WHERE rid = 5`);
  });
  await expect(collection.searchSettled()).rejects.toMatchObject({ code: "damaged" });
  expect(collection.search("message").complete).toBe(false);
  file.run(`UPDATE "messages-0" SET crc = crc - 1 WHERE rid = 5`);
  await collection.searchSettled();
  expect(collection.search("message").documents).toHaveLength(10);
});

it("reports damaged text in other tables too, where libsql would end the process", () => {
  const file = openScratch();
  file.run("CREATE TABLE own(a INTEGER PRIMARY KEY, b, c)");
  file.run("INSERT INTO own VALUES (2,'two',NULL), (1,'one',x'ff00')");
  expect(file.all("SELECT b, a, c FROM own ORDER BY a DESC")).toEqual([
    ["two", 2, null],
    ["one", 1, Buffer.from([255, 0])],
  ]);
  file.run("UPDATE own SET b = CAST(x'ff41' AS TEXT) WHERE a = ?", [1]);
  file.meta.set("fine", "text");
  file.run("UPDATE meta SET value = CAST(x'22ff22' AS TEXT)");
  const damaged = expect.objectContaining({ name: "ReplicaDamaged", code: "damaged" });
  expect(() => file.all("SELECT b FROM own WHERE a = ?", [1])).toThrow(damaged);
  expect(() => file.meta.get("fine")).toThrow(damaged);
});

it("sets a damaged file aside with its log and key proof, and deletes one with all its parts", async () => {
  const filename = await written(500);
  const aside = setAsideReplicaFile(filename, new Date("2026-11-21T01:02:03Z"));
  expect([existsSync(filename), existsSync(aside), existsSync(`${aside}.keycheck`)]).toEqual([false, true, true]);
  expect(await readWhole(aside)).toHaveLength(500);
  deleteReplicaFile(aside);
  expect([existsSync(aside), existsSync(`${aside}-wal`), existsSync(`${aside}.keycheck`)]).toEqual([
    false,
    false,
    false,
  ]);
});

it("refuses a file that a newer version wrote", async () => {
  const filename = scratchFile();
  const file = openReplicaFile({ filename, key: KEY });
  file.run("PRAGMA user_version=99");
  await file.close();
  expect(() => openReplicaFile({ filename, key: KEY })).toThrow(expect.objectContaining({ code: "outdated" }));
});

it("opens without a key proof, and makes one", async () => {
  const filename = await written(500);
  const copy = scratchFile();
  copyFileSync(filename, copy);
  expect(await readWhole(copy)).toHaveLength(500);
  expect(existsSync(`${copy}.keycheck`)).toBe(true);
});
