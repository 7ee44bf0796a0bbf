import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newId, type JsonObject } from "@kontor/shared/base";
import { openOutbox, type Outbox } from "./outbox.ts";

let directory: string;
let outbox: Outbox;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kontor-outbox-"));
  outbox = openOutbox({ filename: join(directory, "outbox.db"), key: "5a".repeat(32), now: () => 0 });
});
afterEach(async () => {
  await outbox.file.close();
  rmSync(directory, { recursive: true });
});

const refused = [{ field: "salary", reason: "field.forbidden", message: "You may not change this field." }];

it("[SYN-7] [POL-7] fields of an edit that were not taken are kept as an issue, the others are done with", () => {
  const id = newId();
  const args = { set: { phone: "1", salary: 2 }, base: { phone: 3, salary: 4 } };
  const { mid } = outbox.add({ name: "record.edit", collection: "records", id, args, title: "Anna" });
  outbox.sent([mid]);
  outbox.settle([{ mid, status: "merged", data: { refused } }]);
  expect(outbox.pending()).toEqual([]);
  expect(outbox.issues()).toMatchObject([
    {
      name: "record.edit",
      id,
      title: "Anna",
      args: { set: { salary: 2 }, base: { salary: 4 } },
      result: { status: "rejected", problems: refused },
    },
  ]);
});

it("[SYN-7] a new record that was taken without a field leaves an edit of that field, not a second creation", () => {
  const args = { type: "employee", fields: { name: "Anna", salary: 2 } };
  const { mid } = outbox.add({ name: "record.create", collection: "records", id: newId(), args, title: "Anna" });
  outbox.sent([mid]);
  outbox.settle([{ mid, status: "merged", data: { refused } }]);
  expect(outbox.issues()).toMatchObject([{ name: "record.edit", args: { set: { salary: 2 } } }]);
});

it("a change that merged without a refusal leaves nothing", () => {
  const { mid } = outbox.add({
    name: "record.edit",
    collection: "records",
    id: newId(),
    args: { set: { phone: "1" }, base: {} },
    title: "",
  });
  outbox.sent([mid]);
  outbox.settle([{ mid, status: "merged", data: { conflicts: ["phone"] } }]);
  expect([outbox.pending(), outbox.issues()]).toEqual([[], []]);
});

const flag = (id: string, args: JsonObject) => ({ name: "mail.update", collection: "messages", id, args, title: "" });

it("[SYN-1] many changes are one write: all are there after a restart, in their order, and merge only with what was never sent", async () => {
  const ids = Array.from({ length: 1_000 }, () => newId());
  outbox.addMany(ids.map((id) => ({ ...flag(id, { seen: true }), batch: "b1" })));
  const [first = ""] = ids;
  const [sentOne] = outbox.pendingOf("messages", first);
  outbox.sent([sentOne?.mid ?? ""]);
  outbox.addMany(
    ids.map((id) => flag(id, { flagged: true })),
    (before, next) => ({ ...before.args, ...next.args }),
  );
  expect(outbox.pendingOf("messages", first).map(({ args }) => args)).toEqual([{ seen: true }, { flagged: true }]);
  expect(outbox.size).toBe(1_001);
  await outbox.file.close();
  outbox = openOutbox({ filename: join(directory, "outbox.db"), key: "5a".repeat(32), now: () => 0 });
  expect(outbox.pending().map(({ id }) => id)).toEqual([...ids, first]);
  expect(outbox.pending()[1]).toMatchObject({ args: { seen: true, flagged: true }, batch: "b1" });
});

it("a change that rests is held back with what is behind it, until it is hurried", () => {
  const id = newId();
  outbox.add({ ...flag(id, {}), notBefore: 1_000 });
  const { mid } = outbox.pending()[0] ?? { mid: "" };
  outbox.add(flag(id, { seen: true }));
  outbox.add(flag(newId(), {}));
  expect(outbox.due()).toHaveLength(1);
  outbox.hurry(mid);
  expect(outbox.due()).toHaveLength(3);
});

it("answers that came together are one write, a refusal among them takes along what depends on it", () => {
  const group = newId();
  const mids = [0, 1, 2].map(() => outbox.add({ ...flag(newId(), {}), group }).mid);
  outbox.sent(mids.slice(0, 2));
  const settled = outbox.settle([
    { mid: mids[0] ?? "", status: "applied" },
    { mid: mids[1] ?? "", status: "rejected", code: "forbidden" },
  ]);
  expect(settled.map(({ intent }) => intent.mid)).toEqual(mids);
  expect(outbox.issues().map(({ mid }) => mid)).toEqual(mids.slice(1));
});

it("a file of an earlier version gets the new column and keeps what waits in it", async () => {
  const { mid } = outbox.add(flag(newId(), {}));
  outbox.file.run("ALTER TABLE intent DROP COLUMN batch");
  await outbox.file.close();
  outbox = openOutbox({ filename: join(directory, "outbox.db"), key: "5a".repeat(32), now: () => 0 });
  expect(outbox.pending()).toMatchObject([{ mid }]);
});
