import {
  type Condition,
  type Context,
  createAccessEngine,
  faultsToText,
  nobody,
  parsePolicies,
  type Policy,
  type ResourceType,
} from "@kontor/shared/access";
import fc from "fast-check";
import { expect, it } from "vitest";
import { naiveApplies } from "./naive.ts";

/**
 * POL-6 by brute force: a time line of quarters of an hour, each with the millisecond after it, on which every turn of the
 * generated conditions lies. The engine must name the first place on it where another set of policies applies.
 */
const QUARTER = 15 * 60_000;
const QUARTERS = 3 * 96;

const contract: ResourceType = {
  name: "contract",
  sections: { main: ["title"] },
  attributes: { seen: "dateTime", until: "date", state: "text" },
  actions: ["read", "edit"],
};

// Around the turns of summer time in Europe and America, one of them at midnight, a new year and a leap day.
const starts = ["2026-03-28", "2026-10-24", "2026-11-01", "2026-04-23", "2026-10-29", "2026-12-30", "2028-02-28"];
const zones = [
  "UTC",
  "Europe/Berlin",
  "Europe/Moscow",
  "America/New_York",
  "Africa/Cairo",
  "America/Havana",
  "Asia/Kathmandu",
];
const time = fc
  .tuple(fc.constantFrom(...starts), fc.integer({ min: 0, max: QUARTERS }))
  .map(([start, quarters]) => Date.parse(start) + quarters * QUARTER);
const moment = time.map((at) => new Date(at).toISOString());
const date = time.map((at) => new Date(at).toISOString().slice(0, 10));
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom("00", "15", "30", "45"))
  .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${minute}`);
const days = fc.subarray(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], { minLength: 1 });
const zone = fc.constantFrom(...zones);

const pair = (op: string, left: fc.Arbitrary<unknown>, right: fc.Arbitrary<unknown>) =>
  fc.tuple(left, right).map((of) => ({ [op]: of }));
const ops = ["eq", "ne", "lt", "lte", "gt", "gte"];
const leaf = fc.oneof(
  ...ops.map((op) => pair(op, fc.constant("ctx.time"), fc.oneof(moment, fc.constant("obj.seen")))),
  pair("in", fc.constant("ctx.time"), fc.array(moment, { maxLength: 3 })),
  ...["before", "after"].flatMap((op) => [
    pair(op, fc.constant("obj.seen"), fc.constantFrom("now", "P1D", "-P1D", "PT8H", { hours: -5 })),
    pair(op, fc.constant("obj.until"), fc.constantFrom("now", "P1D", "-P1M", { days: 0 })),
    pair(
      op,
      fc.constant("obj.until"),
      zone.map((name) => ({ days: 1, zone: name })),
    ),
  ]),
  pair(
    "within",
    fc.constant("ctx.time"),
    fc.record({ from: clock, to: clock, zone, days }).filter(({ from, to }) => from !== to),
  ),
  pair("within", fc.constant("ctx.time"), fc.record({ zone, days })),
  pair("eq", fc.constant("obj.state"), fc.constantFrom("draft", "signed")),
);
const condition = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 2 },
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: pair("and", tie("tree"), tie("tree")) },
    { weight: 1, arbitrary: pair("or", tie("tree"), tie("tree")) },
    { weight: 1, arbitrary: tie("tree").map((of) => ({ not: of })) },
  ),
})).tree as fc.Arbitrary<Condition>;

const caseArbitrary = fc.record({
  conditions: fc.array(fc.tuple(condition, fc.constantFrom("allow", "deny")), { minLength: 1, maxLength: 3 }),
  object: fc.record({ seen: fc.option(moment), until: fc.option(date), state: fc.constant("draft") }),
  start: fc.constantFrom(...starts),
});

const contextAt = (at: number): Context => ({ time: new Date(at).toISOString(), channel: "desktop" });

it("[POL-6] names the next moment at which time alone changes what applies", () => {
  let turned = 0;
  fc.assert(
    fc.property(caseArbitrary, ({ conditions, object, start }) => {
      const { engine, policies } = engineWith(conditions);
      const resource = { type: "contract", attributes: object };
      const from = Date.parse(start);
      const appliesAt = (at: number) =>
        policies
          .map((policy) =>
            naiveApplies(policy, {
              policies,
              type: contract,
              subjectAttributes: {},
              subject: nobody,
              object,
              context: contextAt(at),
            }),
          )
          .join();
      const line = Array.from({ length: QUARTERS }, (_, index) => from + index * QUARTER).flatMap((at) => [at, at + 1]);
      const now = appliesAt(from);
      const first = line.find((at) => appliesAt(at) !== now);
      const next = engine.nextChange(nobody, resource, contextAt(from));
      if (first !== undefined) turned += 1;
      const isBeyondTheLine = next === undefined || Date.parse(next) > (line.at(-1) ?? 0);
      expect(isBeyondTheLine ? undefined : next).toBe(first === undefined ? undefined : new Date(first).toISOString());

      const { at, byRecord } = engine.nextChangeOfType(nobody, "contract", contextAt(from));
      const foreseen = at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
      // What the type does not foresee, a record's own attribute brings about.
      expect(byRecord.length > 0 || foreseen <= (first ?? Number.POSITIVE_INFINITY)).toBe(true);
    }),
    { numRuns: Number(process.env.KONTOR_ACCESS_TURNS ?? 150) },
  );
  expect(turned).toBeGreaterThan(30);
}, 60_000);

it("[POL-6] what time cannot settle is not waited for", () => {
  const within: Condition = { within: ["ctx.time", { days: ["mon"], zone: "UTC" }] };
  const { engine } = engineWith([[{ and: [{ has: ["sub.groups", "agency"] }, within] }, "allow"]]);
  const now = contextAt(Date.parse("2026-11-21T12:00:00.000Z"));
  expect(engine.nextChangeOfType(nobody, "contract", now)).toEqual({ byRecord: [] });
  expect(engine.nextChangeOfType({ ...nobody, groups: ["agency"] }, "contract", now)).toEqual({
    at: "2026-11-23T00:00:00.000Z",
    byRecord: [],
  });
});

it("[POL-6] a type names the attributes by which its records turn one by one", () => {
  const { engine } = engineWith([[{ after: ["obj.until", "now"] }, "allow"]]);
  const now = contextAt(Date.parse("2026-11-21T12:00:00.000Z"));
  expect(engine.nextChangeOfType(nobody, "contract", now)).toEqual({ byRecord: ["until"] });
  const resource = { type: "contract", attributes: { until: "2026-12-24" } };
  expect(engine.nextChange(nobody, resource, now)).toBe("2026-12-24T00:00:00.000Z");
});

it("[POL-6] a day that ends twice, where the clock was put back just after midnight", () => {
  const { engine } = engineWith([[{ before: ["obj.until", { zone: "America/St_Johns" }] }, "allow"]]);
  const resource = { type: "contract", attributes: { until: "2010-11-06" } };
  const halfAMinuteAfterMidnight = contextAt(Date.parse("2010-11-07T02:30:30.000Z"));
  expect(engine.nextChange(nobody, resource, halfAMinuteAfterMidnight)).toBe("2010-11-07T02:31:00.000Z");
});

function engineWith(conditions: readonly (readonly [Condition, string])[]) {
  const written = conditions.map(([when, effect], index) => ({
    id: `p${index}`,
    title: "p",
    effect,
    resource: "contract",
    actions: ["*"],
    when,
  }));
  const parsed = parsePolicies(written, [contract]);
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  const policies: readonly Policy[] = parsed.policies;
  return { policies, engine: createAccessEngine({ policies, resources: [contract], rev: "1" }) };
}
