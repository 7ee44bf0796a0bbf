import { createHash } from "node:crypto";
import type { AccessEngine, AccessRequestDoc, Policy, PolicyWordsDoc } from "@kontor/shared/access";
import type { JsonObject } from "@kontor/shared/base";
import { defineCollection, type Collection } from "#kernel";
import { accessRequestResource } from "./grants.policies.ts";
import { findRequests, scanRequests, type AccessRequestRow } from "./grants.repo.ts";
import type { KnownTypes } from "./grants.service.ts";

/** What replicas hold of requests for access: those that one made, and those that one is asked to answer. */
export const accessRequestsCollection: Collection = defineCollection<AccessRequestRow>({
  name: "accessRequests",
  access: {
    kind: "policy",
    resource: (row) => ({
      type: accessRequestResource.name,
      attributes: { requester: row.requester, recipients: row.recipients, silent: isSilent(row) },
    }),
  },
  byIds: findRequests,
  scan: scanRequests,
  project(row, access) {
    if (!access.readable) return undefined;
    const doc: JsonObject = { ...requestToDoc(row) };
    return Object.fromEntries(Object.entries(doc).filter(([key]) => key === "id" || access.field(key) === "visible"));
  },
});

/** VIS-3: to whoever cannot see the record, a refusal would say that it exists. */
const isSilent = ({ hidden, state }: AccessRequestRow): boolean => hidden && (state === "open" || state === "refused");

export const requestToDoc = (row: AccessRequestRow): AccessRequestDoc => ({
  id: row.id,
  requester: row.requester,
  recordId: row.record_id,
  type: row.type,
  level: row.level,
  ...(row.sections && { sections: row.sections }),
  until: row.until,
  why: row.why,
  createdAt: row.created_at,
  state: row.state,
  ...(row.answer !== null && { answer: row.answer }),
  ...(row.answered_by !== null && { answeredBy: row.answered_by }),
  ...(row.answered_at !== null && { answeredAt: row.answered_at }),
  ...(row.granted_until !== null && {
    grant: { level: row.granted_level ?? row.level, sections: row.granted_sections ?? [], until: row.granted_until },
  }),
  ...(row.ended_by !== null && { endedBy: row.ended_by }),
  ...(row.ended_at !== null && { endedAt: row.ended_at }),
  recipients: row.recipients,
});

/* ---------- words of policies ---------- */

/**
 * Title and contact of the policies that a record can name as what stands against something (`can.why`), for whoever
 * knows the type (POL-5). Conditions are not in it, nor policies that only open something and name nobody to ask.
 */
export const policyWordsCollection = (engine: () => AccessEngine, types: KnownTypes): Collection => {
  const rowsByEngine = new WeakMap<AccessEngine, readonly PolicyWordsDoc[]>();
  const rows = () => {
    const current = engine();
    const known = rowsByEngine.get(current);
    if (known) return known;
    const made = policyWords(current.policies, types);
    rowsByEngine.set(current, made);
    return made;
  };
  return defineCollection<PolicyWordsDoc>({
    name: "policyWords",
    access: { kind: "policy", resource: (row) => ({ type: "objectType", attributes: { name: row.type } }) },
    byIds: async (_db, ids) => rows().filter(({ id }) => ids.includes(id)),
    scan: async (_db, after, limit) =>
      rows()
        .filter(({ id }) => after === undefined || id > after)
        .slice(0, limit),
    project: (row, access) => (access.readable ? ({ ...row } as JsonObject) : undefined),
  });
};

/** In id order. One for each type that a policy concerns: which types there are is not known to everybody. */
export const policyWords = (policies: readonly Policy[], types: KnownTypes): readonly PolicyWordsDoc[] =>
  policies
    .filter(isNamed)
    .flatMap((policy) =>
      types
        .all()
        .filter(({ name }) => policy.resource === "*" || policy.resource === name)
        .map(({ name }) => wordsOf(policy, name)),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1));

const isNamed = ({ contact, effect, mask }: Policy): boolean =>
  effect === "deny" || contact !== undefined || mask !== undefined;

const wordsOf = ({ contact, effect, id, title }: Policy, type: string): PolicyWordsDoc => ({
  id: idOf(`${id} ${type}`),
  policy: id,
  type,
  effect,
  title: typeof title === "string" ? { en: title, ru: title } : title,
  ...(contact !== undefined && { contact }),
});

/** The same id for the same policy and type, on every node and after every restart (RFC 9562, version 8). */
function idOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
