import {
  attributesOfSubjectUsed,
  distinctionsOf,
  typesConcerned,
  type AccessEngine,
  type Context,
  type DryRun,
  type DryRunPerson,
  type Subject,
} from "@kontor/shared/access";
import { canonicalJson, DomainError, type Json, type Label } from "@kontor/shared/base";
import { compareSubject, effectOn, effects, type Difference } from "./compareSubject.ts";
import { createPace, type Pace } from "./pace.ts";
import { collectClasses, TooManyClasses, type ResourceClasses } from "./resourceClasses.ts";
import type { ResourceSource } from "./resourceSource.port.ts";

/**
 * POL-8: who gains and loses what, when one set of policies follows another.
 *
 * Only reading is compared: that is what records and fields are gained and lost by, and what devices hold. Types of which no
 * policy changed are left out. Of the others every record is read once, and put into a class with those that the policies of
 * both sets cannot tell from it (`distinctions.ts`); people whom the policies cannot tell apart are decided once, too. What
 * is asked of the engines is then one question for each kind of record that a person can tell apart.
 *
 * It happens beside the daily work of the server and of the database: records are read in short statements, and the event
 * loop is given back every few milliseconds (docs/decisions/0013).
 */

export interface DryRunPeople {
  /** Active ones, in the order of ids. */
  page(after: string | undefined): Promise<readonly ReaderHead[]>;
  /** Undefined: gone meanwhile. */
  loadSubject(userId: string): Promise<Subject | undefined>;
  departmentNames(): Promise<ReadonlyMap<string, Label>>;
  /** Those that are not revoked. */
  devicesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly DeviceHead[]>>;
}

export interface ReaderHead {
  readonly id: string;
  readonly name: string;
  readonly departmentId: string | null;
}

export type DeviceHead = Omit<DryRunPerson["devices"][number], "rowsPurged">;
export type DryRunResult = NonNullable<DryRun["result"]>;

export interface Evaluation {
  readonly before: AccessEngine;
  readonly after: AccessEngine;
  readonly context: Context;
  readonly people: DryRunPeople;
  /** By type; a type without one has no rows that anybody could hold. */
  readonly sources: ReadonlyMap<string, ResourceSource>;
  /** Throws to end the evaluation; asked between two slices of work. */
  check(): Promise<void> | void;
  progress(done: number, total: number): Promise<void> | void;
}

export interface Evaluated {
  readonly result: DryRunResult;
  /** Those for whom something changes. */
  readonly people: readonly DryRunPerson[];
}

interface Reader extends ReaderHead {
  readonly subject: Subject;
}

export async function evaluateDryRun(evaluation: Evaluation): Promise<Evaluated> {
  const pace = createPace(evaluation.check);
  const readers = await loadReaders(evaluation, pace);
  const sources = concernedSources(evaluation);
  const steps = await stepsOf(evaluation, sources, readers.length);
  const byReader = new Map<string, TypeDifference[]>();
  let records = 0;
  for (const source of sources) {
    const classes = await readClasses(evaluation, source, readers, pace, steps);
    records += classes.resources;
    for (const { reader, difference } of await compareReaders(evaluation, source, classes, readers, pace, steps)) {
      const known = byReader.get(reader.id);
      if (known) known.push({ source, difference });
      else byReader.set(reader.id, [{ source, difference }]);
    }
  }
  const concerned = readers.filter(({ id }) => byReader.has(id));
  const people = await describe(evaluation, concerned, byReader, pace);
  return { people, result: await summarise(evaluation, readers.length, records, people) };
}

interface TypeDifference {
  readonly source: ResourceSource;
  readonly difference: Difference;
}

/** People that are loaded beside each other: a few of the pool's connections, and others wait for none. */
const AT_ONCE = 3;

async function loadReaders({ people }: Evaluation, pace: Pace): Promise<readonly Reader[]> {
  const readers: Reader[] = [];
  for (let after: string | undefined; ;) {
    const page = await people.page(after);
    for (let from = 0; from < page.length; from += AT_ONCE) {
      const heads = page.slice(from, from + AT_ONCE);
      const subjects = await Promise.all(heads.map(({ id }) => people.loadSubject(id)));
      for (const [index, head] of heads.entries()) {
        const subject = subjects[index];
        if (subject) readers.push({ ...head, subject });
      }
      await pace.breathe();
    }
    after = page.at(-1)?.id;
    if (after === undefined) return readers;
  }
}

/* ---------- which types, and how far it is ---------- */

function concernedSources({ before, after, sources }: Evaluation): readonly ResourceSource[] {
  return [...typesConcerned(before, after)]
    .sort()
    .filter((type) => readingOf(before, type) !== readingOf(after, type))
    .flatMap((type) => sources.get(type) ?? []);
}

/** Everything of a type's policies that reading depends on. */
const readingOf = (engine: AccessEngine, type: string): string =>
  [...engine.conditionsOf(type)]
    .filter(([{ actions }]) => actions.some((action) => action === "read" || action === "*"))
    .map(([{ id, effect, sections, mask }, condition]) =>
      canonicalJson(JSON.parse(JSON.stringify([id, effect, sections ?? "*", mask ?? {}, condition ?? null])) as Json),
    )
    .sort()
    .join("\n");

interface Steps {
  did(count?: number): Promise<void>;
}

/** A page of records and a person are one step each. */
async function stepsOf({ progress }: Evaluation, sources: readonly ResourceSource[], readers: number): Promise<Steps> {
  let total = 0;
  for (const source of sources) total += (await source.estimate()) + readers;
  let done = 0;
  await progress(done, total);
  return {
    async did(count = 1) {
      done += count;
      total = Math.max(total, done); // how many records there are was an estimate
      await progress(done, total);
    },
  };
}

/* ---------- reading and comparing ---------- */

async function readClasses(
  { before, after, context }: Evaluation,
  source: ResourceSource,
  readers: readonly Reader[],
  pace: Pace,
  steps: Steps,
): Promise<ResourceClasses> {
  const distinctions = distinctionsOf([before, after], source.type, context);
  const subjects = readers.map(({ subject }) => subject);
  const collector = collectClasses(distinctions, subjects);
  for (let next: string | undefined; ;) {
    const page = await source.page(next, distinctions.attributes);
    for (const row of page.rows) {
      addRow(collector, row, source.type);
      if (pace.isOver()) await pace.breathe();
    }
    await steps.did();
    await pace.breathe();
    next = page.next;
    if (next === undefined) return collector.finish();
  }
}

function addRow(collector: ReturnType<typeof collectClasses>, row: Parameters<typeof collector.add>[0], type: string) {
  try {
    collector.add(row);
  } catch (error) {
    if (!(error instanceof TooManyClasses)) throw error;
    const words = `The policies about "${type}" tell more than a million kinds of records apart; this is too much for a dry run. Compare with fewer different values, or with texts as a whole.`;
    throw new DomainError("tooLarge", words, { reason: "access.dryRunTooLarge" });
  }
}

async function compareReaders(
  { before, after, context }: Evaluation,
  { type }: ResourceSource,
  classes: ResourceClasses,
  readers: readonly Reader[],
  pace: Pace,
  steps: Steps,
): Promise<readonly { readonly reader: Reader; readonly difference: Difference }[]> {
  const comparing = { type, before, after, context, classes, pace };
  const found: { reader: Reader; difference: Difference }[] = [];
  for (const equals of equalReaders(before, after, type, readers)) {
    const [first] = equals;
    const difference = first && (await compareSubject(comparing, first.subject));
    if (difference) found.push(...equals.map((reader) => ({ reader, difference })));
    await steps.did(equals.length);
    await pace.breathe();
  }
  return found;
}

/** Policies cannot tell people apart by what no policy asks for. */
function equalReaders(
  before: AccessEngine,
  after: AccessEngine,
  type: string,
  readers: readonly Reader[],
): readonly (readonly Reader[])[] {
  const used = [...new Set([before, after].flatMap((engine) => [...attributesOfSubjectUsed(engine, type)]))].sort();
  const keyOf = ({ subject }: Reader) =>
    canonicalJson(used.map((name) => (attributeOf(subject, name) ?? null) as Json));
  return [...Map.groupBy(readers, keyOf).values()];
}

const attributeOf = (subject: Subject, name: string): unknown =>
  Object.hasOwn(subject, name) ? subject[name as keyof Subject] : subject.attributes[name];

/* ---------- in words and numbers for people ---------- */

async function describe(
  evaluation: Evaluation,
  readers: readonly Reader[],
  byReader: ReadonlyMap<string, readonly TypeDifference[]>,
  pace: Pace,
): Promise<readonly DryRunPerson[]> {
  const titles = await titlesOf(byReader, pace);
  const devices = await devicesOf(evaluation, readers);
  const people: DryRunPerson[] = [];
  for (const reader of readers) {
    const differences = byReader.get(reader.id) ?? [];
    const own = devices.get(reader.id) ?? [];
    const rowsPurged = own.length > 0 ? await countPurged(evaluation, reader, differences) : 0;
    people.push({
      userId: reader.id,
      name: reader.name,
      departmentId: reader.departmentId,
      ...sumOf(differences.map(({ difference }) => difference)),
      devices: own.map((device) => ({ ...device, rowsPurged })),
      byType: differences.map(({ source, difference: { samples, ...difference } }) => ({
        type: source.type,
        ...difference,
        fieldsGained: [...difference.fieldsGained],
        fieldsLost: [...difference.fieldsLost],
        // What was deleted meanwhile has no title any more, and is no example either.
        samples: samples.flatMap(({ id, effect }) => {
          const title = titles.get(id);
          return title === undefined ? [] : [{ id, title, effect }];
        }),
      })),
    });
    await evaluation.check();
    await pace.breathe();
  }
  return people;
}

const TITLES = 500; // a statement's worth

async function titlesOf(
  byReader: ReadonlyMap<string, readonly TypeDifference[]>,
  pace: Pace,
): Promise<ReadonlyMap<string, string>> {
  const idsBySource = new Map<ResourceSource, Set<string>>();
  for (const { source, difference } of [...byReader.values()].flat()) {
    const ids = idsBySource.get(source) ?? new Set();
    idsBySource.set(source, ids);
    for (const { id } of difference.samples) ids.add(id);
  }
  const titles = new Map<string, string>();
  for (const [source, all] of idsBySource) {
    const ids = [...all];
    for (let at = 0; at < ids.length; at += TITLES) {
      for (const [id, title] of await source.titlesOf(ids.slice(at, at + TITLES))) titles.set(id, title);
      await pace.breathe();
    }
  }
  return titles;
}

async function devicesOf({ people }: Evaluation, readers: readonly Reader[]) {
  const devices = new Map<string, readonly DeviceHead[]>();
  for (let at = 0; at < readers.length; at += TITLES) {
    const ids = readers.slice(at, at + TITLES).map(({ id }) => id);
    for (const [id, own] of await people.devicesOf(ids)) devices.set(id, own);
  }
  return devices;
}

/** All devices of a person are to hold the same rows: what the feed keeps book of. */
async function countPurged(
  { before, after, context }: Evaluation,
  { subject }: Reader,
  differences: readonly TypeDifference[],
): Promise<number> {
  let rows = 0;
  for (const { source, difference } of differences) {
    if (difference.lost === 0) continue;
    const { type } = source;
    rows += await source.countHeld(subject.id, {
      before: () => before.filter(subject, "read", type, context),
      after: () => after.filter(subject, "read", type, context),
      isLost: (attributes) => effectOn({ type, before, after, context }, subject, attributes)?.effect === "lost",
    });
  }
  return rows;
}

type Counts = Pick<Difference, (typeof effects)[number]>;

const sumOf = (all: readonly Counts[]) => ({
  gained: all.reduce((sum, { gained }) => sum + gained, 0),
  lost: all.reduce((sum, { lost }) => sum + lost, 0),
  changed: all.reduce((sum, { changed }) => sum + changed, 0),
});

async function summarise(
  evaluation: Evaluation,
  users: number,
  records: number,
  people: readonly DryRunPerson[],
): Promise<DryRunResult> {
  const names = people.length > 0 ? await evaluation.people.departmentNames() : new Map<string, Label>();
  const purging = people.flatMap(({ devices }) => devices.filter(({ rowsPurged }) => rowsPurged > 0));
  const byType = Map.groupBy(
    people.flatMap((person) => person.byType),
    ({ type }) => type,
  );
  return {
    users,
    records,
    total: sumOf(people),
    usersGaining: people.filter(({ gained }) => gained > 0).length,
    usersLosing: people.filter(({ lost }) => lost > 0).length,
    devicesPurging: purging.length,
    rowsPurged: purging.reduce((sum, { rowsPurged }) => sum + rowsPurged, 0),
    byType: [...byType].map(([type, all]) => ({ type, ...sumOf(all) })),
    byDepartment: [...Map.groupBy(people, ({ departmentId }) => departmentId)].map(([departmentId, all]) => ({
      departmentId,
      name: (departmentId === null ? undefined : names.get(departmentId)) ?? NO_DEPARTMENT,
      ...sumOf(all),
      users: all.length,
      devices: all.flatMap(({ devices }) => devices.filter(({ rowsPurged }) => rowsPurged > 0)).length,
    })),
  };
}

const NO_DEPARTMENT: Label = { en: "No department", ru: "Без подразделения" };
