import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createOpenedCopies } from "./opened.copies.ts";

function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "kontor-copies-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "kontor-open");
}
const CANARY = "canary in plain text";
const named = (fileId: string) => ({ fileId, name: `${CANARY}.txt` });
const write = (path: string) => writeFile(path, CANARY);

it("[VIS-4] the plain copies of a lost file go, and those of others stay", async () => {
  const copies = createOpenedCopies(scratch());
  const [lost, again, kept] = [
    await copies.make(named("lost"), write),
    await copies.make(named("lost"), write),
    await copies.make(named("kept"), write),
  ];
  expect(readFileSync(lost ?? "", "utf8")).toBe(CANARY);
  await copies.removeOf(["lost", "unknown"]);
  expect([lost, again, kept].map((path) => existsSync(path ?? ""))).toEqual([false, false, true]);
});

it("[VIS-4] a copy of a file that is lost while it is written is not left behind", async () => {
  const folder = scratch();
  const copies = createOpenedCopies(folder);
  const made = await copies.make(named("lost"), async (path) => {
    await copies.removeOf(["lost"]);
    await write(path).catch(() => undefined);
  });
  expect(made).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

it("[VIS-6] at the end, and at the start after a crash, none is left", async () => {
  const folder = scratch();
  const copies = createOpenedCopies(folder);
  await copies.make(named("one"), write);
  await copies.removeAll();
  expect(readdirSync(folder)).toEqual([]);
  const crashed = await createOpenedCopies(folder).make(named("one"), write);
  writeFileSync(join(folder, "other"), CANARY);
  await createOpenedCopies(folder).removeLeftovers();
  expect(existsSync(crashed ?? folder)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});
