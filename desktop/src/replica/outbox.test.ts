import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { newId } from "@kontor/shared/base";
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
  outbox.settle({ mid, status: "merged", data: { refused } });
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
  outbox.settle({ mid, status: "merged", data: { refused } });
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
  outbox.settle({ mid, status: "merged", data: { conflicts: ["phone"] } });
  expect([outbox.pending(), outbox.issues()]).toEqual([[], []]);
});
