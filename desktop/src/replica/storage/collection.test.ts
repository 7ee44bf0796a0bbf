import { createRevision, normalizeMangoQuery, type BulkWriteRow } from "rxdb";
import { expect, it } from "vitest";
import type { Changes } from "./collection.ts";
import type { Row, StoredRow } from "./columns.ts";
import { message, messages, messageSchema, openScratch, scratchFile, type Message } from "./testing/scratch.ts";

const open = (file = openScratch()) => ({ file, collection: file.collection<Message>("messages", messageSchema) });

it("stores documents as they were given, with revision and write time", () => {
  const { collection } = open();
  const given = { ...message(1, 'quote " \\ \u0000 ё 😀'), subject: null, tags: ["a"] };
  collection.writeSync([given]);
  const [stored] = collection.findByIdsSync([given.id]);
  expect(stored).toMatchObject({ ...given, _deleted: false, _attachments: {} });
  expect(stored?._rev).toMatch(/^1-/);
});

it("finds the newest of a chat by index, and counts", () => {
  const { collection } = open();
  collection.writeSync(messages(1_000));
  const newest = collection.querySync({ selector: { chatId: "c3" }, sort: [{ sentAt: "desc" }], limit: 3 });
  expect(newest.map((found) => found.id)).toEqual(["m000993", "m000983", "m000973"]);
  expect(collection.countSync({ selector: { chatId: "c3" } })).toBe(100);
  expect(collection.countSync()).toBe(1_000);
});

it("tells of inserts and updates after COMMIT, once for a batch", () => {
  const { file, collection } = open();
  const heard: Changes[] = [];
  collection.changeStream().subscribe((changes) => heard.push(changes));
  file.transaction(() => {
    collection.writeSync([message(1), message(2)]);
    expect(heard).toHaveLength(0);
  });
  collection.writeSync([message(2, "changed"), message(3)]);
  expect(heard.map((changes) => changes.events.map((event) => [event.operation, event.documentId]))).toEqual([
    [
      ["INSERT", "m000001"],
      ["INSERT", "m000002"],
    ],
    [
      ["INSERT", "m000003"],
      ["UPDATE", "m000002"],
    ],
  ]);
  const update = heard[1]?.events[1];
  expect(update?.previousDocumentData).toMatchObject({ text: "Message 2" });
  expect(update?.documentData._rev).toMatch(/^2-/);
});

it("[SYN-3] applying a batch twice changes nothing", () => {
  const { file, collection } = open();
  const batch = [...messages(50), { ...message(7, "last word counts"), tags: ["x", "y"] }];
  collection.writeSync(batch);
  const before = file.all('SELECT * FROM "messages-0"');
  let events = 0;
  collection.changeStream().subscribe(() => events++);
  collection.writeSync(batch.map((document) => structuredClone(document)));
  expect(file.all('SELECT * FROM "messages-0"')).toEqual(before);
  expect(events).toBe(0);
});

it("[SYN-2] rows of several collections, the cookie and own tables commit together or not at all", () => {
  const file = openScratch();
  const first = file.collection<Message>("first", messageSchema);
  const second = file.collection<Message>("second", messageSchema);
  file.run("CREATE TABLE own(a, b)");
  let events = 0;
  first.changeStream().subscribe(() => events++);
  const work = (fail: boolean): void =>
    file.transaction(() => {
      first.writeSync([message(1)]);
      file.meta.set("cookie", { at: 5 });
      file.run("INSERT INTO own VALUES (?,?)", [true, undefined]);
      second.writeSync([message(2)]);
      if (fail) throw new Error("stop");
    });
  expect(() => work(true)).toThrow("stop");
  expect([
    first.countSync(),
    second.countSync(),
    file.meta.get("cookie"),
    file.all("SELECT * FROM own"),
    events,
  ]).toEqual([0, 0, undefined, [], 0]);
  work(false);
  expect([
    first.countSync(),
    second.countSync(),
    file.meta.get("cookie"),
    file.all("SELECT * FROM own"),
    events,
  ]).toEqual([1, 1, { at: 5 }, [[1, null]], 1]);
});

it("undoes an inner transaction whose error the outer one catches, with its events", () => {
  const { file, collection } = open();
  const heard: string[] = [];
  collection.changeStream().subscribe(({ events }) => heard.push(...events.map((event) => event.documentId)));
  file.transaction(() => {
    collection.writeSync([message(1)]);
    expect(() =>
      file.transaction(() => {
        collection.writeSync([message(2)]);
        throw new Error("inner");
      }),
    ).toThrow("inner");
    collection.writeSync([message(3)]);
  });
  expect(heard).toEqual(["m000001", "m000003"]);
  expect(collection.countSync()).toBe(2);
});

it("refuses a transaction that is not synchronous", () => {
  const { file, collection } = open();
  const work = (): Promise<void> => Promise.resolve(collection.writeSync([message(1)]));
  expect(() => file.transaction(work)).toThrow("synchronous");
  expect(collection.countSync()).toBe(0);
});

it("hands out every change once from checkpoint to checkpoint, also after a restart with the clock set back", async () => {
  const filename = scratchFile();
  const before = open(openScratch({ filename }));
  before.collection.writeSync(messages(25));
  before.file.run('UPDATE "messages-0" SET lwt = lwt + 1e9'); // as if written by a clock that was days ahead
  await before.file.close();

  const { collection } = open(openScratch({ filename }));
  collection.writeSync([message(30), message(3, "changed")]);
  let checkpoint = { id: "", lwt: 0 };
  const seen: string[] = [];
  for (;;) {
    const answer = await collection.getChangedDocumentsSince(7, checkpoint);
    if (answer.documents.length === 0) break;
    seen.push(...answer.documents.map((document) => String(document.id)));
    // The column was moved, not the document, so the place to go on from is read from the column.
    const last = seen.at(-1) ?? "";
    checkpoint = {
      id: last,
      lwt: Number(collection.internals.store.database.all('SELECT lwt FROM "messages-0" WHERE id=?', [last])[0]?.[0]),
    };
  }
  expect(seen).toHaveLength(26);
  expect(new Set(seen).size).toBe(26);
  expect(seen.slice(-2).toSorted()).toEqual(["m000003", "m000030"]);
});

it("answers RxDB's bulkWrite with a conflict when the revision is not the stored one", async () => {
  const { collection } = open();
  collection.writeSync([message(1)]);
  const [stored] = (await collection.findDocumentsById(["m000001"], false)) as [StoredRow];
  const next = { ...stored, text: "new", _rev: createRevision("x", stored) } as StoredRow;
  const row: BulkWriteRow<Row> = { previous: stored, document: next };
  expect((await collection.bulkWrite([row], "test")).error).toEqual([]);
  expect((await collection.bulkWrite([row], "test")).error).toMatchObject([{ status: 409, documentId: "m000001" }]);
});

it("refuses on a big table what no index narrows, and runs what one does", () => {
  const { file, collection } = open();
  file.transaction(() => {
    for (let at = 0; at < 12_000; at += 1_000) collection.writeSync(messages(1_000, at));
  });
  const refused = { code: "scan" };
  expect(() => collection.querySync({ selector: { text: "none" }, sort: [{ text: "asc" }] })).toThrow(
    expect.objectContaining(refused),
  );
  expect(() => collection.querySync({ selector: { text: "none" }, sort: [{ sentAt: "desc" }], limit: 5 })).toThrow(
    expect.objectContaining(refused),
  );
  expect(() => collection.querySync({ selector: {} })).toThrow(expect.objectContaining(refused));
  expect(() => collection.countSync({ selector: { text: "none" } })).toThrow(expect.objectContaining(refused));

  const newest = { sort: [{ sentAt: "desc" as const }], limit: 2 };
  expect(collection.querySync(newest).map((found) => found.id)).toEqual(["m011999", "m011998"]);
  expect(collection.querySync({ ...newest, selector: { text: { $regex: "5$" } } }).map((found) => found.id)).toEqual([
    "m011995",
    "m011985",
  ]);
  expect(collection.countSync()).toBe(12_000);
  expect(collection.countSync({ selector: { chatId: "c1" } })).toBe(1_200);
  expect(collection.querySync({ selector: { id: { $in: ["m000001", "nope"] } } })).toHaveLength(1);
});

it("leaves no statement running that would keep the log from being emptied", () => {
  const { file, collection } = open();
  collection.writeSync(messages(500));
  collection.querySync({ selector: { text: { $regex: "1" } }, sort: [{ sentAt: "desc" }], limit: 2 });
  collection.internals.store.database.explain("SELECT 1 FROM meta WHERE key=?", ["x"]);
  expect(() => file.scrub()).not.toThrow();
  collection.writeSync(messages(10, 600));
  expect(() => file.scrub()).not.toThrow();
});

it("rebuilds columns and indexes when what is indexed changes, and keeps the documents", async () => {
  const filename = scratchFile();
  const before = open(openScratch({ filename }));
  before.collection.writeSync(messages(1_200));
  await before.file.close();
  const file = openScratch({ filename });
  const collection = file.collection<Message>("messages", { ...messageSchema, indexes: ["text"] });
  expect(collection.querySync({ selector: { text: "Message 77" } }).map((found) => found.id)).toEqual(["m000077"]);
  expect(collection.countSync()).toBe(1_200);
  file.verify();
});

it("removes soft-deleted documents for good in cleanup", async () => {
  const { file, collection } = open();
  collection.writeSync(messages(3));
  const [stored] = (await collection.findDocumentsById(["m000001"], false)) as [StoredRow];
  const document = { ...stored, _deleted: true, _rev: createRevision("x", stored), _meta: { lwt: 1 } } as StoredRow;
  await collection.bulkWrite([{ previous: stored, document }], "test");
  expect(collection.countSync()).toBe(2);
  expect(await collection.cleanup(0)).toBe(true);
  expect(file.all('SELECT count(*) FROM "messages-0"')).toEqual([[2]]);
});

it("binds booleans, bytes, absent and endless values, and refuses text that libsql would cut", () => {
  const file = openScratch();
  file.run("CREATE TABLE own(a, b, c, d)");
  file.run("INSERT INTO own VALUES (?,?,?,?)", [false, new Uint8Array([1, 2]), undefined, Number.NaN]);
  expect(file.all("SELECT a, hex(b), c, d FROM own")).toEqual([[0, "0102", null, null]]);
  expect(() => file.run("INSERT INTO own(a) VALUES (?)", ["a\0b"])).toThrow(
    expect.objectContaining({ code: "invalid" }),
  );
  expect(() => file.all("SELECT ?", [{} as never])).toThrow(expect.objectContaining({ code: "invalid" }));
});

it("answers an empty page for limit 0", () => {
  const { collection } = open();
  collection.writeSync(messages(5));
  const query = normalizeMangoQuery(collection.schema, { selector: { text: { $regex: "x" } }, limit: 0 } as never);
  expect(collection.internals.store.queries.findJson(query as never)).toEqual([]);
});

it("says that the disk is full, undoes the transaction and goes on when there is room again", () => {
  const { file, collection } = open();
  collection.writeSync(messages(100));
  const pages = Number(file.all("PRAGMA page_count")[0]?.[0]);
  file.all(`PRAGMA max_page_count=${pages + 5}`);
  expect(() => collection.writeSync(messages(2_000, 1_000))).toThrow(expect.objectContaining({ code: "full" }));
  expect(collection.countSync()).toBe(100);
  file.all("PRAGMA max_page_count=1000000");
  collection.writeSync(messages(2_000, 1_000));
  expect(collection.countSync()).toBe(2_100);
  file.verify();
});
