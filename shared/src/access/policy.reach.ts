import { canonicalJson, hash64, type Json } from "../base/index.ts";
import type { ResourceType } from "./access.model.ts";
import { attributesIn } from "./condition.walk.ts";
import type { AccessEngine } from "./engine.ts";

/** How far a change reaches: of what was decided before, only this can have become another decision. */

/** The types for which a policy was added, removed or changed, or that have changed themselves. */
export function typesConcerned(before: AccessEngine, after: AccessEngine): ReadonlySet<string> {
  const [old, now] = [speechOf(before), speechOf(after)];
  return new Set([...old.keys(), ...now.keys()].filter((type) => old.get(type) !== now.get(type)));
}

/** The same to be kept: a type with another fingerprint is one that `typesConcerned` names. */
export const fingerprintsOf = (engine: AccessEngine): Readonly<Record<string, string>> =>
  Object.fromEntries([...speechOf(engine)].map(([type, speech]) => [type, hash64(speech)]));

/** Names of the attributes `sub.*` that policies concerning the type mention: a change of any other cannot matter to it. */
export const attributesOfSubjectUsed = (engine: AccessEngine, type: string): ReadonlySet<string> =>
  new Set(
    [...engine.conditionsOf(type).values()]
      .flatMap((condition) => (condition ? attributesIn(condition) : []))
      .flatMap(({ from, name }) => (from === "sub" ? [name] : [])),
  );

/** By type, everything said of it that a decision can depend on: neither order nor words (POL-2). */
const speechOf = (engine: AccessEngine): ReadonlyMap<string, string> =>
  new Map(engine.resources.map((type) => [type.name, canonicalJson([shapeOf(type), ...policiesOf(engine, type)])]));

function policiesOf(engine: AccessEngine, type: ResourceType): readonly Json[] {
  const conditions = [...engine.conditionsOf(type.name)];
  return conditions
    .map(([policy, condition]) => {
      const { title: _title, contact, examples: _examples, when: _when, ...decisive } = policy;
      // Whether it names somebody to ask, since then it may be named where something is refused (`Access.why`).
      return asJson({ ...decisive, named: contact !== undefined, condition: condition ?? null }); // as bound: an attribute of another kind is another condition
    })
    .sort((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
}

const shapeOf = ({ attributeSql: _attributeSql, ...shape }: ResourceType): Json => asJson(shape);

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;
