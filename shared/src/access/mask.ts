import { hash64 } from "../base/index.ts";
import type { FieldAccess, Policy, Redaction, ResourceType } from "./access.model.ts";
import { redactions } from "./access.model.ts";

/** What a set of policies that apply leaves of a resource: which sections, and each field how. */
export interface Mask {
  readonly denied: boolean;
  /** At least one section is left. */
  readonly granted: boolean;
  readonly fields: ReadonlyMap<string, FieldAccess>;
  readonly names: readonly string[];
  /** Equal masks have equal keys. */
  readonly key: string;
}

/** A type that lists no sections is one section without fields, so that it can be granted at all. */
const WHOLE = "";

export function sectionsOf(type: ResourceType): readonly string[] {
  const names = Object.keys(type.sections);
  return names.length > 0 ? names : [WHOLE];
}

export const coversSection = (policy: Policy, section: string): boolean =>
  policy.sections === undefined || policy.sections === "*" || policy.sections.includes(section);

export const isWhole = (policy: Policy): boolean => policy.sections === undefined || policy.sections === "*";

export function maskOf(type: ResourceType, applying: readonly Policy[]): Mask {
  const denies = applying.filter((policy) => policy.effect === "deny");
  const allows = applying.filter((policy) => policy.effect === "allow");
  if (denies.some(isWhole)) return { ...NOTHING, denied: true };
  const open = sectionsOf(type).filter((section) => !denies.some((deny) => coversSection(deny, section)));
  const fields = new Map<string, FieldAccess>();
  let granted = false;
  for (const section of open) {
    const granting = allows.filter((allow) => coversSection(allow, section));
    granted ||= granting.length > 0;
    for (const field of type.sections[section] ?? []) {
      const access = mostRevealing(granting.map((allow) => grantOf(allow, `${section}.${field}`)));
      if (access !== "absent") fields.set(field, access);
    }
  }
  const names = [...fields.keys()];
  return { denied: false, granted, fields, names, key: keyOf(type, granted, fields) };
}

const NOTHING: Mask = { denied: false, granted: false, fields: new Map(), names: [], key: "-" };

/** What an allow that covers the section grants of a field in it. */
export function grantOf(allow: Policy, place: string): FieldAccess {
  const rule = allow.mask?.[place];
  if (rule === undefined) return "visible";
  return rule === "omit" ? "absent" : rule;
}

function mostRevealing(grants: readonly FieldAccess[]): FieldAccess {
  if (grants.includes("visible")) return "visible";
  const shown = grants.filter((grant) => typeof grant === "object").map((grant) => redactions.indexOf(grant.redact));
  if (shown.length === 0) return "absent";
  return { redact: redactions[Math.max(...shown)] as Redaction };
}

/** Short, since a replica's bookkeeping stores it once per record. */
function keyOf(type: ResourceType, granted: boolean, fields: ReadonlyMap<string, FieldAccess>): string {
  if (!granted) return NOTHING.key;
  const parts = [...fields].map(([name, access]) => (typeof access === "object" ? `${name}:${access.redact}` : name));
  return `${type.name}:${hash64(parts.sort().join(","))}`;
}
