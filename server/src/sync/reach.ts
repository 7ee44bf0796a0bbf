import { attributesOfSubjectUsed, fingerprintsOf, type AccessEngine, type Subject } from "@kontor/shared/access";
import { canonicalJson, type Json } from "@kontor/shared/base";
import type { Collection } from "#kernel";
import type { Profile } from "./profile.repo.ts";
import type { Projector, Viewer } from "./projection.ts";

/**
 * How far a change of policies, of the subject or of the time reaches: what was decided before, and is not named here, is
 * decided the same way now.
 */
export interface Reach {
  /** Nothing that was decided before counts. */
  readonly everything: boolean;
  readonly types: ReadonlySet<string>;
  /** What the profile remembers of subject and policies is out of date, even where nothing is concerned. */
  readonly stale: boolean;
}

/** Of a feature's own making, what policies do not tell: a type's definition decides how its rows are projected. */
export const SCHEMA = "";

const prints = new WeakMap<AccessEngine, Readonly<Record<string, string>>>();

/** By type what policies say of it, and under SCHEMA which types are installed. */
export function typesOf(engine: AccessEngine, schemaRev: string): Readonly<Record<string, string>> {
  const known = prints.get(engine) ?? fingerprintsOf(engine);
  prints.set(engine, known);
  return { ...known, [SCHEMA]: schemaRev };
}

export function reachOf(profile: Profile, viewer: Viewer, schemaRev: string): Reach {
  const { engine, subject } = viewer;
  const now = typesOf(engine, schemaRev);
  if (!profile.types || !profile.subject || (profile.types[SCHEMA] ?? schemaRev) !== schemaRev)
    return { everything: true, types: new Set(Object.keys(now)), stale: true };
  const types = new Set(dueTypes(profile, viewer));
  const isSamePolicy = profile.policyRev === engine.rev && Object.keys(profile.types).length > 0;
  if (!isSamePolicy)
    for (const type of new Set([...Object.keys(profile.types), ...Object.keys(now)]))
      if (type !== SCHEMA && profile.types[type] !== now[type]) types.add(type);
  const changed = changedAttributes(profile.subject, subject);
  if (changed.size > 0)
    for (const { name } of engine.resources)
      if ([...attributesOfSubjectUsed(engine, name)].some((attribute) => changed.has(attribute))) types.add(name);
  const isOther = changed.size > 0 || profile.subject.validUntil !== subject.validUntil;
  return { everything: false, types, stale: types.size > 0 || !isSamePolicy || isOther };
}

const dueTypes = ({ typeTurns }: Profile, { context }: Viewer): readonly string[] =>
  Object.keys(typeTurns).filter((type) => (typeTurns[type] ?? "") <= context.time);

/** Names as policies write them after `sub.`. */
function changedAttributes(before: Subject, after: Subject): ReadonlySet<string> {
  const [old, now] = [namesOf(before), namesOf(after)];
  return new Set([...Object.keys(old), ...Object.keys(now)].filter((name) => textOf(old[name]) !== textOf(now[name])));
}

const namesOf = ({ attributes, validUntil: _validUntil, ...builtIn }: Subject): Readonly<Record<string, unknown>> => ({
  ...attributes,
  ...builtIn,
});

const textOf = (value: unknown): string => (value === undefined ? "" : canonicalJson(value as Json));

/* ---------- which rows that is ---------- */

export const policyCollections = ({ collections }: Projector) =>
  collections.filter(({ access }) => access.kind === "policy");

export const storedTypesOf = ({ access }: Collection) => (access.kind === "policy" ? access.stored : undefined);

export const isInstalled = ({ engine }: Viewer, type: string) => engine.resources.some(({ name }) => name === type);

/** Whether a type is concerned that stands in a collection which does not say which types it has. */
export function isConcerned(projector: Projector, due: Reach): boolean {
  const named = new Set(policyCollections(projector).flatMap((each) => storedTypesOf(each)?.types() ?? []));
  return due.everything || [...due.types].some((type) => !named.has(type));
}

/* ---------- time (POL-6) ---------- */

export interface Turns {
  /** By type, when time alone changes what is decided of its rows. */
  readonly byType: Readonly<Record<string, string>>;
  /** Types whose rows have moments of their own. */
  readonly turning: ReadonlySet<string>;
}

export function turnsOf({ engine, subject, context }: Viewer): Turns {
  const byType: Record<string, string> = {};
  const turning = new Set<string>();
  for (const { name } of engine.resources) {
    const { at, byRecord } = engine.nextChangeOfType(subject, name, context);
    if (at !== undefined) byType[name] = at;
    if (byRecord.length > 0) turning.add(name);
  }
  return { byType, turning };
}
