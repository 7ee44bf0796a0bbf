import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "kysely";
import { createAccessEngine, parsePolicies, type ResourceType } from "@kontor/shared/access";
import { newId } from "@kontor/shared/base";
import { defineCollection, type Database } from "#kernel";
import { createTestDatabase, type TestDatabase } from "#testing";
import { createComparison } from "./comparison.ts";
import { createDifference } from "./difference.ts";
import { insertProfile } from "./profile.repo.ts";
import { createProjector } from "./projection.ts";
import { writeDifference } from "./writeDifference.ts";

/** A box of letters with their texts, in memory; `open` says who sees how much of it. */
const STATES = ["no", "partly", "wholly"] as const;
type State = (typeof STATES)[number];
const box = { id: newId(), open: "no" as State };
const letters = Array.from({ length: 10 }, () => ({ id: newId(), box: box.id }));

const boxType: ResourceType = {
  name: "box",
  sections: { main: ["label"], inner: ["letters"] },
  attributes: { open: "text" },
  actions: ["read"],
  attributeSql: () => ({ sql: "box.open", kind: "text" }),
};
const allow = (open: State, sections: readonly string[]) => {
  const head = { id: open, title: open, effect: "allow", resource: "box", actions: ["read"] };
  return { ...head, sections, when: { eq: ["obj.open", open] } };
};
const parsed = parsePolicies([allow("partly", ["main"]), allow("wholly", ["main", "inner"])], [boxType], {});
if (!parsed.ok) throw new Error(JSON.stringify(parsed));
const engine = createAccessEngine({ policies: parsed.policies, resources: [boxType], rev: "1" });

const inBox = <Row extends { id: string }>(rows: readonly Row[]) => ({
  byIds: async (_db: Database, ids: readonly string[]) => rows.filter((row) => ids.includes(row.id)),
  scan: async () => [...rows],
});
const projector = createProjector([
  defineCollection<typeof box>({
    name: "boxes",
    access: {
      kind: "policy",
      resources: async (_db, rows) => rows.map((row) => ({ type: "box", attributes: { open: row.open } })),
    },
    ...inBox([box]),
    project: ({ id }) => ({ id }),
  }),
  defineCollection<(typeof letters)[number]>({
    name: "letters",
    access: {
      kind: "parent",
      collection: "boxes",
      parentId: (row) => row.box,
      byParents: async (_db, ids) => (ids.includes(box.id) ? letters : []),
    },
    ...inBox(letters),
    project: ({ id }) => ({ id }),
  }),
  defineCollection<(typeof letters)[number]>({
    name: "texts",
    access: {
      kind: "parent",
      collection: "letters",
      parentId: (row) => row.id,
      byParents: async (_db, ids) => letters.filter((row) => ids.includes(row.id)),
    },
    ...inBox(letters),
    project: ({ id }, access) => (access.field("letters") === "visible" ? { id } : { id, withheld: true }),
  }),
]);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Stops at the given transaction, as a process that is killed then. */
function stoppingAt(db: Database, stop: number): Database {
  let count = 0;
  return new Proxy(db, {
    get(target, name) {
      if (name === "transaction" && ++count === stop) throw new Error("stopped");
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Decides the box, writes seven rows at a time, and says whether that came to its end. */
async function look(id: string, open: State, stop = Number.POSITIVE_INFINITY): Promise<boolean> {
  box.open = open;
  const subject = { id, login: "", groups: [], department: "", departments: [], subtree: [], positions: [] };
  const context = { channel: "desktop", offline: false, time: "2026-03-02T10:00:00.000Z" } as const;
  const viewer = { engine, context, subject: { ...subject, managers: [], isAdmin: false, attributes: {} } };
  const work = { db: stoppingAt(database.db, stop), id, viewer };
  const difference = createDifference();
  const loaded = await projector.load(work.db, engine, "boxes", [box.id]);
  await createComparison(projector).compare(work, loaded, difference);
  const written = writeDifference(work, { projector, difference, piece: 7 }, async () => undefined);
  return await written.then(
    () => true,
    () => false,
  );
}

async function heldBy(id: string) {
  const { rows } = await sql<{ collection: string; mask: string; hash: string; count: number }>`
    select collection, mask, hash::text, count(distinct row_id)::int as count from view_row
    where profile_id = ${id} and not lost group by collection, mask, hash order by 1, 2, 3`.execute(database.db);
  return rows;
}

async function profileWith(open: State): Promise<string> {
  const id = newId();
  await insertProfile(database.db, { userId: id, signature: "" });
  await look(id, open);
  return id;
}

describe("a difference of many rows", () => {
  it("has one outcome, wherever it was stopped and whatever the next look finds", async () => {
    const expected = new Map<State, unknown>();
    for (const open of STATES) expected.set(open, await heldBy(await profileWith(open)));
    expect(new Set([...expected.values()].map((held) => JSON.stringify(held))).size).toBe(STATES.length);
    let stops = 0;
    for (const before of STATES)
      for (const meanwhile of STATES.filter((state) => state !== before))
        for (const after of STATES)
          for (let stop = 1, isStopped = true; isStopped; stop++) {
            const id = await profileWith(before);
            isStopped = !(await look(id, meanwhile, stop));
            if (isStopped) stops++;
            await look(id, after);
            const name = `${before}, ${meanwhile} stopped at ${stop}, ${after}`;
            expect({ name, held: await heldBy(id) }).toEqual({ name, held: expected.get(after) });
          }
    expect(stops).toBeGreaterThanOrEqual(18 * 3); // three pieces or more each
  });
});
