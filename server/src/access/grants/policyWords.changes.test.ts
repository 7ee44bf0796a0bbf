import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import { engine, types } from "./grants.fixture.ts";
import { notePolicyWords } from "./policyWords.changes.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const noted = async () =>
  (await test.pool.query("select row_id from change_log where collection = 'policyWords'")).rows.length;

it("[POL-11] words that no decision depends on reach replicas when they change, and only then", async () => {
  expect(await notePolicyWords(test.db, engine, types)).toBe(true);
  const first = await noted();
  expect(first).toBe(3);
  expect(await notePolicyWords(test.db, engine, types)).toBe(false);

  const renamed = engine.policies.map((policy) =>
    policy.id === "hr" ? { ...policy, title: "HR keeps cards" } : policy,
  );
  expect(await notePolicyWords(test.db, { ...engine, policies: renamed }, types)).toBe(true);
  expect(await noted()).toBe(first + 1);

  const fewer = renamed.filter(({ id }) => id !== "hr");
  expect(await notePolicyWords(test.db, { ...engine, policies: fewer }, types)).toBe(true);
  expect(await noted()).toBe(first + 2);
});
