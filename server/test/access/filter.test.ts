import { createAccessEngine, faultsToText, parsePolicies } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";
import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#testing";
import {
  contextArbitrary,
  policiesArbitrary,
  rowsArbitrary,
  subjectArbitrary,
  subjectAttributes,
} from "./arbitrary.ts";
import { createTableSql, insertRowsSql, resourceType, rowsToJson } from "./columns.ts";
import { naiveField, naiveMay, type Situation } from "./naive.ts";

/**
 * The engine against an evaluator written apart from it, and its SQL against both. `KONTOR_ACCESS_PAIRS` raises the number
 * of (policy set, row) pairs, `KONTOR_ACCESS_SEED` repeats a run; a failure prints the seed and the shrunk case.
 */
const PAIRS = Number(process.env.KONTOR_ACCESS_PAIRS ?? 5_000);
const PAIRS_PER_RUN = 10; // fast-check makes 12 rows on average
const RUNS_PER_TABLE = 50;
const MS_PER_PAIR = 20; // far above what it takes, so that the raised number has its time
const settings = {
  numRuns: Math.ceil(PAIRS / PAIRS_PER_RUN),
  ...(process.env.KONTOR_ACCESS_SEED && { seed: Number(process.env.KONTOR_ACCESS_SEED) }),
};
const timeout = Math.max(60_000, PAIRS * MS_PER_PAIR);
const fields = Object.values(resourceType.sections).flat();

let database: TestDatabase;
let client: pg.PoolClient;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.pool.connect();
  await client.query("set timezone = 'Asia/Kolkata'"); // a connection's time zone must not matter
  await client.query(createTableSql);
});
afterAll(async () => {
  client?.release();
  await database?.drop();
});

const caseArbitrary = fc.record({
  written: policiesArbitrary,
  subject: subjectArbitrary,
  context: contextArbitrary,
  rows: rowsArbitrary,
});

function engineOf(written: unknown) {
  const parsed = parsePolicies(written, [resourceType], { subjectAttributes });
  if (!parsed.ok) throw new Error(`the generator made a policy that does not parse:\n${faultsToText(parsed.faults)}`);
  const engine = createAccessEngine({
    policies: parsed.policies,
    resources: [resourceType],
    rev: "1",
    subjectAttributes,
  });
  return { engine, policies: parsed.policies };
}

it(
  "[POL-1..3] decides like an evaluator written apart from it, whole and field by field",
  () => {
    let [allowed, refused] = [0, 0];
    fc.assert(
      fc.property(caseArbitrary, ({ written, subject, context, rows }) => {
        const { engine, policies } = engineOf(written);
        for (const object of rows) {
          const situation: Situation = { policies, type: resourceType, subjectAttributes, subject, context, object };
          const resource = { type: "thing", attributes: object };
          const access = engine.accessTo(subject, resource, context);
          for (const action of resourceType.actions) {
            const expected = naiveMay(situation, action);
            expect([action, engine.may(subject, action, resource, context).allowed]).toEqual([action, expected]);
            expect([action, access.may(action)]).toEqual([action, expected]);
            expect([action, engine.explain(subject, action, resource, context).allowed]).toEqual([action, expected]);
            if (expected) allowed += 1;
            else refused += 1;
          }
          for (const field of fields) {
            const readable = naiveField(situation, "read", field);
            expect([field, access.field(field)]).toEqual([field, readable]);
            const editable = readable === "visible" && naiveField(situation, "edit", field) === "visible";
            expect([field, access.editable(field)]).toEqual([field, editable]);
          }
          expect(access.field("unheard-of")).toBe("absent");
        }
      }),
      settings,
    );
    // A generator that stops making both answers would prove nothing.
    expect(allowed / (allowed + refused)).toBeGreaterThan(0.15);
    expect(refused / (allowed + refused)).toBeGreaterThan(0.15);
  },
  timeout,
);

it(
  "[POL-4] filter selects exactly the rows that may allows",
  async () => {
    let pairs = 0;
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        caseArbitrary,
        fc.constantFrom(...fields),
        async ({ written, subject, context, rows }, field) => {
          const { engine } = engineOf(written);
          // Rows rolled back stay as dead ones, and no autovacuum comes to a temporary table: a long run would crawl.
          if (runs++ % RUNS_PER_TABLE === 0) await client.query("truncate record");
          await client.query("begin");
          try {
            await client.query(insertRowsSql, [rowsToJson(rows)]);
            for (const action of resourceType.actions) {
              const resources = rows.map((attributes) => ({ type: "thing", attributes }));
              const filtered = await select(engine.filter(subject, action, "thing", context));
              const decided = resources.map((resource) => engine.may(subject, action, resource, context).allowed);
              expect([action, filtered]).toEqual([action, positionsOf(decided)]);
              expect(filtered.length === 0 || engine.couldEver(subject, action, "thing", context)).toBe(true);

              const plain = await select(engine.filter(subject, action, "thing", context, field));
              const explained = resources.map(
                (resource) => engine.explain(subject, action, resource, context, field).field?.access === "visible",
              );
              expect([action, field, plain]).toEqual([action, field, positionsOf(explained)]);
            }
            pairs += rows.length;
          } finally {
            await client.query("rollback");
          }
        },
      ),
      settings,
    );
    expect(pairs).toBeGreaterThan(PAIRS);
  },
  timeout,
);

async function select({
  text,
  params,
}: {
  text: string;
  params: readonly Json[] | readonly unknown[];
}): Promise<number[]> {
  const statement = `select position from record where ${text} order by position`;
  const { rows } = await client.query<{ position: number }>(statement, [...params]);
  return rows.map(({ position }) => position);
}

const positionsOf = (answers: readonly boolean[]): number[] =>
  answers.flatMap((answer, index) => (answer ? [index] : []));
