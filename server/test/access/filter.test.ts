import {
  type AccessEngine,
  type Context,
  createAccessEngine,
  type FieldAccess,
  faultsToText,
  parsePolicies,
  type Policy,
  type PolicyTrace,
  type ResourceInstance,
  type SqlPredicate,
  type Subject,
} from "@kontor/shared/access";
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
import { carried, createTableSql, insertRowsSql, resourceType, rowsToJson } from "./columns.ts";
import { naiveApplies, naiveField, naiveMay, type Situation } from "./naive.ts";

/**
 * The engine against an evaluator written apart from it, and its SQL against both. `KONTOR_ACCESS_PAIRS` sets the number of
 * (policy set, row) pairs of each of the two, `KONTOR_SEED` repeats a run; a failure prints the seed and the shrunk
 * case. Rows are generated once for several policy sets, and one statement asks a set's predicates of all rows: that is
 * what makes it possible to ask hundreds of thousands of times in every run.
 */
const PAIRS = Number(process.env.KONTOR_ACCESS_PAIRS ?? 200_000);
const PAIRS_PER_RUN = 800; // far below the average, so that the number is reached
const MS_PER_PAIR = 2; // far above what it takes, so that the raised number has its time
const seed = Number(process.env.KONTOR_SEED ?? Date.now() % 2 ** 31);
const timeout = Math.max(300_000, PAIRS * MS_PER_PAIR);
/** A found case is shrunk for so long and then told as it is, before the test's own time ends without a word. */
const SHRINK_UNTIL_MS = timeout - 30_000;
const settings = { numRuns: Math.ceil(PAIRS / PAIRS_PER_RUN), seed, interruptAfterTimeLimit: SHRINK_UNTIL_MS };
/** So often is asked about an action before a diagram is made of it (decision 0018). */
const QUESTIONS = 256;
const fields = Object.values(resourceType.sections).flat();
const { actions } = resourceType;

let database: TestDatabase;
let client: pg.PoolClient;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.pool.connect();
  await client.query("set timezone = 'Asia/Kolkata'"); // a connection's time zone must not matter
  await client.query("set jit = off"); // compiling a statement that is asked once takes longer than asking it
  await client.query(createTableSql);
  await client.query("create unique index on record (id)");
  await client.query("set enable_seqscan = off"); // without statistics the planner would read all rows for each relation
});
afterAll(async () => {
  client?.release();
  await database?.drop();
});

const questions = fc.array(
  fc.record({
    written: policiesArbitrary,
    subject: subjectArbitrary,
    context: contextArbitrary,
    field: fc.constantFrom(...fields),
  }),
  { minLength: 8, maxLength: 16, size: "max" },
);

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

/** `expect` for each of some million answers would take most of the time; a difference is told with its policies. */
const comparing =
  (written: readonly Policy[]) =>
  (what: () => unknown, actual: unknown, expected: unknown): void => {
    if (actual === expected) return;
    const where = `${JSON.stringify(what())}: ${String(actual)}, and not ${String(expected)}`;
    throw new Error(`${where}, with the policies ${JSON.stringify(written)}`);
  };

it(
  "[POL-1..3] decides like an evaluator written apart from it, whole and field by field",
  () => {
    let [pairs, allowed, refused, related] = [0, 0, 0, 0];
    fc.assert(
      fc.property(rowsArbitrary, questions, (rows, asked) => {
        const instances = carried(rows);
        for (const { written, subject, context, field } of asked) {
          const same = comparing(written);
          const { engine, policies } = engineOf(written);
          const byDiagram = engine.accessOf(subject, context);
          const first = { type: "thing", attributes: instances[0] ?? {} };
          for (const action of actions) for (let at = 0; at < QUESTIONS; at++) byDiagram.may(action, first);
          related += engine.relatedAttributesOf("thing").length > 0 ? 1 : 0;
          for (const [index, object] of rows.entries()) {
            const situation: Situation = {
              policies,
              type: resourceType,
              subjectAttributes,
              subject,
              context,
              object,
              others: rows,
            };
            const resource = { type: "thing", attributes: instances[index] ?? {} };
            const access = engine.accessTo(subject, resource, context);
            for (const action of actions) {
              const expected = naiveMay(situation, action);
              same(() => [index, action, "may"], engine.may(subject, action, resource, context).allowed, expected);
              same(() => [index, action, "access"], access.may(action), expected);
              same(() => [index, action, "diagram"], byDiagram.may(action, resource), expected);
              if (expected) allowed += 1;
              else refused += 1;
            }
            const action = actions[index % actions.length] ?? "";
            const explained = engine.explain(subject, action, resource, context, field);
            same(() => [index, action, "explain"], explained.allowed, naiveMay(situation, action));
            same(() => [index, action, "applies"], explained.policies.every(agrees(situation)), true);
            for (const name of fields) {
              const readable = naiveField(situation, "read", name);
              same(() => [index, name, "read"], keyOf(access.field(name)), keyOf(readable));
              const editable = readable === "visible" && naiveField(situation, "edit", name) === "visible";
              same(() => [index, name, "edit"], access.editable(name), editable);
            }
            same(() => "unheard-of", access.field("unheard-of"), "absent");
          }
          pairs += rows.length;
        }
      }),
      settings,
    );
    console.info(`decide: ${pairs} pairs of policy set and row, seed ${seed}`);
    expect(pairs).toBeGreaterThanOrEqual(PAIRS);
    // A generator that stops making both answers, or relations, would prove nothing.
    expect(allowed / (allowed + refused)).toBeGreaterThan(0.15);
    expect(refused / (allowed + refused)).toBeGreaterThan(0.15);
    expect(related).toBeGreaterThan(settings.numRuns * 3);
  },
  timeout,
);

const keyOf = (access: FieldAccess): string => (typeof access === "string" ? access : access.redact);

const agrees =
  (situation: Situation) =>
  ({ id, applies }: PolicyTrace): boolean =>
    situation.policies.some((policy) => policy.id === id && naiveApplies(policy, situation) === applies);

it(
  "[POL-4] filter selects exactly the rows that may allows",
  async () => {
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(rowsArbitrary, questions, async (rows, asked) => {
        const instances = carried(rows).map((attributes) => ({ type: "thing", attributes }));
        await client.query("truncate record");
        await client.query(insertRowsSql, [rowsToJson(rows)]);
        for (const { written, subject, context, field } of asked) {
          const same = comparing(written);
          const { engine } = engineOf(written);
          const predicates = actions.flatMap((action) => [
            engine.filter(subject, action, "thing", context),
            engine.filter(subject, action, "thing", context, field),
          ]);
          const selected = await select(predicates);
          for (const [index, action] of actions.entries()) {
            const expected = instances.map((resource) => engine.may(subject, action, resource, context).allowed);
            same(() => [action, "filter"], selected[index * 2], positionsOf(expected));
            const could = engine.couldEver(subject, action, "thing", context);
            same(() => [action, "couldEver"], could || !expected.includes(true), true);
            const plain = instances.map((resource) => isPlain(engine, { subject, action, resource, context, field }));
            same(() => [action, field, "filter"], selected[index * 2 + 1], positionsOf(plain));
          }
          pairs += rows.length;
        }
      }),
      settings,
    );
    console.info(`filter: ${pairs} pairs of policy set and row, seed ${seed}`);
    expect(pairs).toBeGreaterThanOrEqual(PAIRS);
  },
  timeout,
);

interface Question {
  readonly subject: Subject;
  readonly action: string;
  readonly resource: ResourceInstance;
  readonly context: Context;
  readonly field: string;
}

/** Plain to this action, and to reading. */
function isPlain(engine: AccessEngine, { subject, action, resource, context, field }: Question): boolean {
  const access = engine.accessTo(subject, resource, context);
  if (action === "read") return access.field(field) === "visible";
  if (action === "edit") return access.editable(field);
  return engine.explain(subject, action, resource, context, field).field?.access === "visible";
}

/** For each predicate the positions it selects, in one statement. */
async function select(predicates: readonly SqlPredicate[]): Promise<readonly string[]> {
  const params: unknown[] = [];
  const columns = predicates.map(({ strings, params: own }) => {
    const first = params.push(...own) - own.length;
    const text = strings.map((part, index) => (index === 0 ? part : `$${first + index}${part}`)).join("");
    return `coalesce(string_agg(position::text, ' ' order by position) filter (where ${text}), '')`;
  });
  const { rows } = await client.query<string[]>({
    text: `select ${columns.join(", ")} from record`,
    values: params,
    rowMode: "array",
  });
  return rows[0] ?? [];
}

const positionsOf = (answers: readonly boolean[]): string =>
  answers.flatMap((answer, index) => (answer ? [String(index)] : [])).join(" ");
