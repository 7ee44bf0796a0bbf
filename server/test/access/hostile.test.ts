import { createAccessEngine, faultsToText, nobody, parsePolicies, type ResourceType } from "@kontor/shared/access";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";

const letter: ResourceType = {
  name: "letter",
  sections: { main: ["text"] },
  attributes: { text: "text" },
  actions: ["read"],
  attributeSql: () => ({ sql: "letter.text", kind: "text" }),
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

it("PostgreSQL also takes a step for each character where a backtracking matcher would never end", async () => {
  const long = ["a".repeat(100_000), `${"ab".repeat(50_000)}c`, "1".repeat(100_000)];
  const client = await database.pool.connect();
  try {
    await client.query("create temporary table letter (text text)");
    await client.query("insert into letter select unnest($1::text[])", [long]);
    for (const pattern of ["*a*a*a*a*a*a*a*a*a*d", `*${"a?".repeat(90)}d*`, "*#*#*#*#*#*#*#*#*#d"]) {
      const policy = { id: "p", title: "p", effect: "allow", resource: "letter", actions: ["read"] };
      const parsed = parsePolicies([{ ...policy, when: { matches: ["obj.text", pattern] } }], [letter]);
      if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
      const engine = createAccessEngine({ policies: parsed.policies, resources: [letter], rev: "1" });
      const context = { time: "2026-01-01T00:00:00.000Z", channel: "api" } as const;
      const { text, params } = engine.filter(nobody, "read", "letter", context);
      const { rows } = await client.query(`select text from letter where ${text}`, [...params]);
      expect(rows).toEqual([]);
    }
  } finally {
    client.release();
  }
});
