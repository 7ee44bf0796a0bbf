import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emptyDataFolder, prepareDataFolder } from "./dataFolder.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "kontor-data-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

it("empties a folder that was made here, and keeps its mark", () => {
  const folder = join(parent, "data");
  prepareDataFolder(folder);
  mkdirSync(join(folder, "postgres"));
  writeFileSync(join(folder, "postgres/PG_VERSION"), "18");
  emptyDataFolder(folder);
  expect(readdirSync(folder)).toEqual(["KONTOR-DATA"]);
});

it("refuses a folder whose database is running, and leaves it as it was", () => {
  const folder = join(parent, "data");
  prepareDataFolder(folder);
  mkdirSync(join(folder, "postgres/data"), { recursive: true });
  writeFileSync(join(folder, "postgres/data/postmaster.pid"), `${process.pid}\n/somewhere\n`);
  expect(() => emptyDataFolder(folder)).toThrow(/A server is running/);
  expect(existsSync(join(folder, "postgres/data/postmaster.pid"))).toBe(true);
});

it("empties a folder whose database ended without a word", () => {
  const folder = join(parent, "data");
  prepareDataFolder(folder);
  mkdirSync(join(folder, "postgres/data"), { recursive: true });
  writeFileSync(join(folder, "postgres/data/postmaster.pid"), "99999999\n/somewhere\n");
  emptyDataFolder(folder);
  expect(readdirSync(folder)).toEqual(["KONTOR-DATA"]);
});

it("refuses a folder with something else in it, and leaves it as it was", () => {
  writeFileSync(join(parent, "thesis.docx"), "years of work");
  expect(() => emptyDataFolder(parent)).toThrow(/was not made by npm start/);
  expect(readdirSync(parent)).toEqual(["thesis.docx"]);
});

it("does not claim a folder that somebody else has filled", () => {
  writeFileSync(join(parent, "thesis.docx"), "years of work");
  prepareDataFolder(parent);
  expect(readdirSync(parent)).toEqual(["thesis.docx"]);
});

it("has nothing to empty where nothing is", () => {
  emptyDataFolder(join(parent, "none"));
  expect(existsSync(join(parent, "none"))).toBe(false);
});
