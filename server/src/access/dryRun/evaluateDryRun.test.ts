import {
  createAccessEngine,
  faultsToText,
  parsePolicies,
  type Context,
  type DryRunPerson,
  type FieldAccess,
  type Policy,
  type Subject,
} from "@kontor/shared/access";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  contextArbitrary,
  policiesArbitrary,
  rowsArbitrary,
  subjectArbitrary,
  subjectAttributes,
} from "../../../test/access/arbitrary.ts";
import { resourceType, type Row } from "../../../test/access/columns.ts";
import { naiveField, naiveMay } from "../../../test/access/naive.ts";
import { evaluateDryRun, type Evaluation } from "./evaluateDryRun.ts";
import type { ResourceSource } from "./resourceSource.port.ts";

/** Against an evaluator written apart from the engine, which decides every row for everybody with both sets. */
const fields = Object.values(resourceType.sections).flat();
const RUNS = Number(process.env.KONTOR_ACCESS_PAIRS ?? 5_000) / 10;
const timeout = Math.max(60_000, RUNS * 100);

const engineOf = (written: unknown, rev: string) => {
  const parsed = parsePolicies(written, [resourceType], { subjectAttributes });
  if (!parsed.ok) throw new Error(faultsToText(parsed.faults));
  return createAccessEngine({ policies: parsed.policies, resources: [resourceType], rev, subjectAttributes });
};

const idOf = (index: number) => `00000000-0000-7000-8000-${String(index).padStart(12, "0")}`;
const PAGE = 3;

function sourceOf(rows: readonly Row[]): ResourceSource {
  const all = rows.map((attributes, index) => ({ id: idOf(index), attributes }));
  return {
    type: "thing",
    estimate: async () => 1,
    async page(after, attributes) {
      const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
      const page = all.slice(from, from + PAGE);
      return {
        // What is not asked for must not be needed.
        rows: page.map((row) => ({
          id: row.id,
          attributes: Object.fromEntries(attributes.map((name) => [name, row.attributes[name]])),
        })),
        next: page.length < PAGE ? undefined : page.at(-1)?.id,
      };
    },
    titlesOf: async (ids) => new Map(ids.map((id) => [id, `title of ${id}`])),
    countHeld: async (_, { isLost }) => all.filter(({ attributes }) => isLost(attributes)).length,
  };
}

function evaluationOf({ before, after, subjects, context, rows }: Case, changes: Partial<Evaluation> = {}): Evaluation {
  return {
    before: engineOf(before, "1"),
    after: engineOf(after, "2"),
    context,
    people: {
      page: async (from) =>
        from === undefined
          ? subjects.map((_, index) => ({ id: idOf(index), name: `n${index}`, departmentId: null }))
          : [],
      loadSubject: async (id) => subjects[subjects.findIndex((_, index) => idOf(index) === id)],
      departmentNames: async () => new Map(),
      devicesOf: async (ids) =>
        new Map(ids.map((id) => [id, [{ id: "laptop", name: "Laptop", lastSeenAt: "2026-11-21T00:00:00.000Z" }]])),
    },
    sources: new Map([["thing", sourceOf(rows)]]),
    check: () => undefined,
    progress: () => undefined,
    ...changes,
  };
}

interface Case {
  readonly before: readonly Policy[];
  readonly after: readonly Policy[];
  readonly subjects: readonly Subject[];
  readonly context: Context;
  readonly rows: readonly Row[];
}

/** Mostly one policy is added, taken away or changed, as people do it. */
const caseArbitrary: fc.Arbitrary<Case> = fc
  .record({
    before: policiesArbitrary,
    other: policiesArbitrary,
    kind: fc.constantFrom("add", "remove", "change", "replace"),
    subjects: fc.array(subjectArbitrary, { minLength: 1, maxLength: 6 }),
    context: contextArbitrary,
    rows: rowsArbitrary,
  })
  .map(({ before, other, kind, ...rest }) => {
    const [one] = other as [Policy];
    const after = {
      add: [...before, { ...one, id: "added" }],
      remove: before.slice(1),
      change: [{ ...one, id: before[0]?.id ?? "p0" }, ...before.slice(1)],
      replace: other,
    }[kind];
    return { ...rest, before, after };
  });

const SHOWN = ["absent", "all", "keep-last-2", "keep-last-4", "visible"];
const shownOf = (access: FieldAccess) => SHOWN.indexOf(typeof access === "object" ? access.redact : access);

function naiveDifference({ before, after, context, rows }: Case, subject: Subject) {
  const found = { gained: [] as string[], lost: [] as string[], changed: [] as string[] };
  const [fieldsGained, fieldsLost] = [new Set<string>(), new Set<string>()];
  for (const [index, object] of rows.entries()) {
    const situation = { type: resourceType, subjectAttributes, subject, context, object };
    const [old, now] = [
      { ...situation, policies: before },
      { ...situation, policies: after },
    ];
    const [was, is] = [naiveMay(old, "read"), naiveMay(now, "read")];
    if (was !== is) found[is ? "gained" : "lost"].push(idOf(index));
    if (!was || !is) continue;
    const difference = (field: string) =>
      shownOf(naiveField(now, "read", field)) - shownOf(naiveField(old, "read", field));
    for (const field of fields) {
      if (difference(field) > 0) fieldsGained.add(field);
      if (difference(field) < 0) fieldsLost.add(field);
    }
    if (fields.some((field) => difference(field) !== 0)) found.changed.push(idOf(index));
  }
  return { found, fieldsGained: [...fieldsGained].sort(), fieldsLost: [...fieldsLost].sort() };
}

it(
  "[POL-8] finds for everybody what deciding every record with both sets finds: counts, fields, samples, rows to purge",
  async () => {
    let [gained, lost, changed] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(caseArbitrary, async (given) => {
        const { people, result } = await evaluateDryRun(evaluationOf(given));
        const personsById = new Map(people.map((person) => [person.userId, person]));
        for (const [index, subject] of given.subjects.entries()) {
          const { found, ...expectedFields } = naiveDifference(given, subject);
          const counts = { gained: found.gained.length, lost: found.lost.length, changed: found.changed.length };
          const person = personsById.get(idOf(index));
          expect(person !== undefined).toBe(counts.gained + counts.lost + counts.changed > 0);
          if (!person) continue;
          expect(person).toMatchObject({ ...counts, byType: [{ type: "thing", ...counts, ...expectedFields }] });
          expect(person.devices.map(({ rowsPurged }) => rowsPurged)).toEqual([counts.lost]);
          expectSamples(person, found);
          gained += counts.gained;
          lost += counts.lost;
          changed += counts.changed;
        }
        expect(result.total.lost).toBe(people.reduce((sum, person) => sum + person.lost, 0));
        expect(result.usersLosing).toBe(people.filter((person) => person.lost > 0).length);
      }),
      { numRuns: RUNS, ...(process.env.KONTOR_SEED && { seed: Number(process.env.KONTOR_SEED) }) },
    );
    // A generator that changes nothing would prove nothing.
    expect(Math.min(gained, lost, changed)).toBeGreaterThan(RUNS / 10);
  },
  timeout,
);

function expectSamples(person: DryRunPerson, found: Readonly<Record<"gained" | "lost" | "changed", string[]>>) {
  const samples = person.byType.flatMap((type) => type.samples);
  for (const effect of ["gained", "lost", "changed"] as const) {
    const ids = samples.filter((sample) => sample.effect === effect).map(({ id }) => id);
    expect(ids).toHaveLength(Math.min(5, found[effect].length));
    expect(new Set(ids).size).toBe(ids.length);
    expect(found[effect]).toEqual(expect.arrayContaining(ids));
  }
}

it("[POL-8] reads nothing when no policy about reading changed", async () => {
  const given: Case = {
    before: [{ id: "a", title: "a", effect: "allow", resource: "thing", actions: ["read", "edit"] }],
    after: [{ id: "a", title: "other words", effect: "allow", resource: "thing", actions: ["read"] }],
    subjects: [],
    context: { time: "2026-11-21T10:00:00.000Z", channel: "desktop" },
    rows: [{}],
  };
  const source = {
    ...sourceOf(given.rows),
    page: () => Promise.reject(new Error("nothing of this type can have changed")),
  };
  const { result, people } = await evaluateDryRun(evaluationOf(given, { sources: new Map([["thing", source]]) }));
  expect(people).toEqual([]);
  expect(result).toMatchObject({ records: 0, total: { gained: 0, lost: 0, changed: 0 }, byType: [], byDepartment: [] });
});
