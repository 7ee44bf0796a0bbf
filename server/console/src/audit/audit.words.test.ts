import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { en } from "../words/en.ts";

const SOURCES = join(import.meta.dirname, "../../../src");
/** As every room writes it: the action of an entry, or the second word of a room's own short form. */
const ACTION =
  /(?:action: |(?:retry|hold|cancel): |note\((?:trx|db), (?:actor|by), |record\(trx, by, \{ action: |signInEntry\(|entryAbout\(|endSession\(\w+, )"([a-z]+\.[a-zA-Z]+)"/g;

it("has words for every action that the server writes", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const actions = new Set(
    files.flatMap((file) => [...readFileSync(join(SOURCES, file), "utf8").matchAll(ACTION)].map((match) => match[1])),
  );
  expect(actions).toContain("people.signedIn");
  expect(actions.size).toBeGreaterThan(25);
  expect([...actions].filter((action) => !(`audit.action.${action}` in en))).toEqual([]);
});
