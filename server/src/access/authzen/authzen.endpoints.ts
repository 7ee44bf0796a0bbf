import { defineEndpoint, type Endpoint } from "#kernel";
import { evaluateAll } from "./authzen.batch.ts";
import { askerOf, evaluate } from "./authzen.decide.ts";
import {
  actionEntity,
  decisionSchema,
  evaluationSchema,
  evaluationsReplySchema,
  evaluationsSchema,
  metadataSchema,
  resourceEntity,
  searchActionSchema,
  searchReplyOf,
  searchResourceSchema,
  searchSubjectSchema,
  subjectEntity,
} from "./authzen.schema.ts";
import { searchActions, searchResources, searchSubjects, type AuthzenSearchDeps } from "./authzen.search.ts";

export interface AuthzenEndpointDeps extends AuthzenSearchDeps {
  /** How other systems reach this server. Absent: as the request came. */
  readonly publicUrl: string | undefined;
}

const paths = {
  access_evaluation_endpoint: "/access/v1/evaluation",
  access_evaluations_endpoint: "/access/v1/evaluations",
  search_subject_endpoint: "/access/v1/search/subject",
  search_resource_endpoint: "/access/v1/search/resource",
  search_action_endpoint: "/access/v1/search/action",
} as const;

/** `evaluate` on `system` is asked for by `askerOf` where a question is about others; about oneself everybody may ask. */
const common = {
  method: "post",
  root: true,
  tag: "authzen",
  access: { kind: "policy", resource: "*", action: "read" },
  scope: "evaluate",
} as const;

/** OpenID AuthZEN Authorization API 1.0, at the server's root as the standard says. */
export const authzenEndpoints = (deps: AuthzenEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/.well-known/authzen-configuration",
    root: true,
    summary: "AuthZEN: where the endpoints of this policy decision point are",
    tag: "authzen",
    access: { kind: "anybody", because: "it names addresses of this server that are the same everywhere" },
    reply: metadataSchema,
    async handle(_input, { raw: { request } }) {
      const base = (deps.publicUrl ?? `${request.protocol}://${request.get("host")}`).replace(/\/+$/, "");
      const endpoints = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, base + path]));
      return { policy_decision_point: base, ...(endpoints as Record<keyof typeof paths, string>) };
    },
  }),
  defineEndpoint({
    ...common,
    path: paths.access_evaluation_endpoint,
    summary: "AuthZEN: may this subject do this with this resource",
    body: evaluationSchema,
    reply: decisionSchema,
    handle: async ({ body }, request) => evaluate(await askerOf(deps, request), body),
  }),
  defineEndpoint({
    ...common,
    path: paths.access_evaluations_endpoint,
    summary: "AuthZEN: many questions at once; without `evaluations` it is the single one",
    body: evaluationsSchema,
    reply: evaluationsReplySchema,
    async handle({ body }, request) {
      const asker = await askerOf(deps, request);
      if (body.evaluations === undefined || body.evaluations.length === 0)
        return evaluate(asker, evaluationSchema.parse(body));
      return { evaluations: await evaluateAll(asker, body) };
    },
  }),
  defineEndpoint({
    ...common,
    path: paths.search_subject_endpoint,
    // Never about oneself alone.
    access: { kind: "system", action: "evaluate" },
    summary: "AuthZEN: which people may do this",
    body: searchSubjectSchema,
    reply: searchReplyOf(subjectEntity),
    handle: async ({ body }, request) => searchSubjects(deps, await askerOf(deps, request), body),
  }),
  defineEndpoint({
    ...common,
    path: paths.search_resource_endpoint,
    summary: "AuthZEN: with which records somebody may do this",
    body: searchResourceSchema,
    reply: searchReplyOf(resourceEntity),
    handle: async ({ body }, request) => searchResources(deps, await askerOf(deps, request), body),
  }),
  defineEndpoint({
    ...common,
    path: paths.search_action_endpoint,
    summary: "AuthZEN: what somebody may do with this resource",
    body: searchActionSchema,
    reply: searchReplyOf(actionEntity),
    handle: async ({ body }, request) => searchActions(await askerOf(deps, request), body),
  }),
];
