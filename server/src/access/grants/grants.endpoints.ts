import { z } from "zod";
import {
  grantIntentSchemas,
  grantLevels,
  type AccessRequestDoc,
  type GrantIntentName,
  type ResourceInstance,
} from "@kontor/shared/access";
import { DomainError, newId, type JsonObject } from "@kontor/shared/base";
import { titleOf } from "@kontor/shared/objects";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import { defineEndpoint, type Actor, type Database, type Endpoint, type EndpointRequest } from "#kernel";
import { requestToDoc } from "./grants.collections.ts";
import type { GrantDeps } from "./grants.intents.ts";
import { pageOfRequests, type AccessRequestRow } from "./grants.repo.ts";

export interface GrantEndpointDeps extends Pick<GrantDeps, "types" | "loadResource"> {
  readonly db: Database;
  actorOf(request: EndpointRequest): Promise<Actor>;
  /** REST and the socket send the same intents (SYN-4, SYN-8). */
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

const idParams = z.object({ id: z.uuid() });
const pageQuery = z.object({
  before: z.uuid().optional().describe("The `next` of the page before"),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
const states = ["open", "granted", "refused", "ended"] as const;
const level = z.enum(grantLevels);
const moment = z.string();

const requestReply = z.object({
  id: z.uuid(),
  requester: z.uuid(),
  recordId: z.uuid(),
  type: z.string(),
  title: z.string().optional().describe("Absent: there is no such record, or the caller cannot see it"),
  level,
  sections: z.array(z.string()).optional(),
  until: moment,
  why: z.string(),
  createdAt: moment,
  state: z.enum(states),
  answer: z.string().optional(),
  answeredBy: z.uuid().optional(),
  answeredAt: moment.optional(),
  grant: z.object({ level, sections: z.array(z.string()), until: moment }).optional(),
  endedBy: z.uuid().optional(),
  endedAt: moment.optional(),
  recipients: z.array(z.uuid()),
});
const pageReply = z.object({ requests: z.array(requestReply), next: z.uuid().optional() });
const doneReply = z.object({ id: z.uuid() });

/** For administrators, who see all of them and may answer any; and for programs, what the desktop does by intents. */
export const grantEndpoints = (deps: GrantEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/requests",
    summary: "Who asked for access to which record, newest first",
    tag: "access",
    access: { kind: "system", action: "administer" },
    query: pageQuery.extend({ state: z.enum(states).default("open") }),
    reply: pageReply,
    handle: async ({ query: { state, ...page } }, request) => pageOf(deps, { ...page, states: [state] }, request),
  }),
  defineEndpoint({
    method: "get",
    path: "/access/grants",
    summary: "What was granted for a time, newest first; what has ended is in it until its `until`",
    tag: "access",
    access: { kind: "system", action: "administer" },
    query: pageQuery,
    reply: pageReply,
    handle: async ({ query }, request) => pageOf(deps, { ...query, states: ["granted"] }, request),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/requests",
    summary: "Ask for access to a record; the answer says nothing about whether there is such a record",
    tag: "access",
    access: { kind: "self", because: "asks for oneself and opens nothing" },
    body: grantIntentSchemas["access.request"],
    reply: doneReply,
    status: 202,
    handle: async ({ body }, request) => change(deps, request, "access.request", newId(), body),
  }),
  defineEndpoint({
    method: "delete",
    path: "/access/requests/:id",
    summary: "Take back what one asked",
    tag: "access",
    access: { kind: "self", because: "concerns only what the caller asked" },
    params: idParams,
    reply: doneReply,
    handle: async ({ params }, request) => change(deps, request, "access.withdrawRequest", params.id, {}),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/requests/:id/grant",
    summary: "Grant what was asked, or less, until a moment; never more than the caller has by policy",
    tag: "access",
    access: { kind: "policy", resource: "*", action: "read" },
    params: idParams,
    body: grantIntentSchemas["access.grant"],
    reply: doneReply,
    handle: async ({ params, body }, request) => change(deps, request, "access.grant", params.id, body),
  }),
  defineEndpoint({
    method: "post",
    path: "/access/requests/:id/refuse",
    summary: "Refuse what was asked, with words",
    tag: "access",
    access: { kind: "policy", resource: "*", action: "read" },
    params: idParams,
    body: grantIntentSchemas["access.refuse"],
    reply: doneReply,
    handle: async ({ params, body }, request) => change(deps, request, "access.refuse", params.id, body),
  }),
  defineEndpoint({
    method: "delete",
    path: "/access/grants/:id",
    summary: "End a grant before its time; its record leaves the devices at their next contact",
    tag: "access",
    access: { kind: "policy", resource: "*", action: "read" },
    params: idParams,
    reply: doneReply,
    handle: async ({ params }, request) => change(deps, request, "access.endGrant", params.id, {}),
  }),
];

async function change(
  { actorOf, applyIntent }: GrantEndpointDeps,
  request: EndpointRequest,
  name: GrantIntentName,
  id: string,
  args: object,
): Promise<{ id: string }> {
  const actor = await actorOf(request);
  const result = await applyIntent(
    { mid: newId(), name, collection: "accessRequests", id, args: args as JsonObject, at: actor.now },
    actor,
  );
  if (result.status === "applied" || result.status === "merged") return { id };
  throw new DomainError(result.code ?? "internal", result.message ?? "The change was refused.", {
    reason: result.reason ?? "internal",
    ...(result.problems && { problems: result.problems }),
    ...(result.retryAfterMs !== undefined && { retryAfterMs: result.retryAfterMs }),
  });
}

async function pageOf(
  deps: GrantEndpointDeps,
  page: Parameters<typeof pageOfRequests>[1],
  request: EndpointRequest,
): Promise<z.input<typeof pageReply>> {
  const actor = await deps.actorOf(request);
  const rows = await pageOfRequests(deps.db, page);
  const requests = await Promise.all(rows.map((row) => presented(deps, row, actor)));
  const last = rows.length === page.limit ? rows.at(-1) : undefined;
  return { requests, ...(last && { next: last.id }) };
}

/** With the record's title as the caller may see it: administering opens no record. */
async function presented(deps: GrantEndpointDeps, row: AccessRequestRow, actor: Actor) {
  const { engine, subject, context } = actor;
  const type = deps.types.get(row.type);
  const record = { type: row.type, id: row.record_id };
  const resource = type && (await deps.loadResource(deps.db, engine, record));
  const access = resource && engine.accessTo(subject, resource, context);
  const title = type && resource && access?.readable ? titleOf(type, visibleFields(resource, access)) : undefined;
  const doc: AccessRequestDoc = requestToDoc(row);
  return { ...(doc as unknown as z.input<typeof requestReply>), ...(title !== undefined && { title }) };
}

const visibleFields = (
  { attributes }: ResourceInstance,
  access: { field(name: string): unknown },
): Parameters<typeof titleOf>[1] =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => access.field(key) === "visible")) as Parameters<
    typeof titleOf
  >[1];
