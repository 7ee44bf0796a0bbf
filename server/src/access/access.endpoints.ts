import { z } from "zod";
import { hintOf, type Policy, type ResourceInstance } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { defineEndpoint, type Endpoint, type EndpointRequest, type Principal } from "#kernel";
import type { AccessService } from "./access.service.ts";

export interface AccessEndpointDeps {
  readonly access: AccessService;
  /** Undefined: there is none. Whether the caller may know of it is decided here. */
  loadResource(type: string, id: string): Promise<ResourceInstance | undefined>;
}

const explainBody = z.strictObject({
  action: z.string().min(1).max(100),
  type: z.string().min(1).max(100),
  /** An existing resource; without it, `attributes` describe one. */
  id: z.uuid().optional(),
  attributes: z.record(z.string(), z.json()).optional().describe("Administrators only"),
  field: z.string().min(1).max(100).optional(),
  userId: z.uuid().optional().describe("Default: yourself. Others: administrators only"),
});

export const accessEndpoints = (deps: AccessEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/policies",
    summary: "The set of policies in force",
    tag: "access",
    access: { kind: "system", action: "administer" },
    reply: z.object({
      rev: z.string(),
      publishedAt: z.string(),
      publishedBy: z.string().nullable(),
      policies: z.array(z.custom<Policy>()),
    }),
    handle: async () => {
      const { publishedAt, publishedBy } = deps.access.published();
      const { rev, policies } = deps.access.engine();
      return { rev, publishedAt, publishedBy, policies: [...policies] };
    },
  }),
  defineEndpoint({
    method: "post",
    path: "/access/explain",
    summary: "Why something is allowed or not: in full for administrators, as a hint about oneself for everybody",
    tag: "access",
    access: { kind: "policy", resource: "*", action: "read" },
    scope: "read",
    body: explainBody,
    reply: z.looseObject({ allowed: z.boolean(), reason: z.string(), action: z.string(), resource: z.string() }),
    handle: ({ body }, request) => explain(deps, body, request),
  }),
];

async function explain(deps: AccessEndpointDeps, body: z.output<typeof explainBody>, request: EndpointRequest) {
  const { access } = deps;
  const caller = request.principal as Principal; // every endpoint that is not for anybody has one
  const isAdministrator = await access.maySystem(caller, "administer", request.ip);
  const engine = access.engine();
  if (!engine.resources.some((type) => type.name === body.type)) throw unknownResource();
  const resource = await resourceOf(deps, body, isAdministrator);
  const context = access.contextOf(caller, request.ip);
  if (isAdministrator) {
    const subject = await access.subjectOf(body.userId ?? caller.userId);
    return { ...engine.explain(subject, body.action, resource, context, body.field) };
  }
  if (body.userId !== undefined && body.userId !== caller.userId) {
    const reason = "access.system";
    throw new DomainError("forbidden", "Only administrators may ask about somebody else.", { reason });
  }
  const subject = await access.subjectOf(caller.userId);
  // Whether there is such a record is itself something that one may not see (VIS-2).
  if (body.id !== undefined && !engine.accessTo(subject, resource, context).readable) throw unknownResource();
  return { ...hintOf(engine.explain(subject, body.action, resource, context, body.field)) };
}

async function resourceOf(
  deps: AccessEndpointDeps,
  body: z.output<typeof explainBody>,
  isAdministrator: boolean,
): Promise<ResourceInstance> {
  if (body.attributes !== undefined && !isAdministrator) {
    // Guessing attributes until the answer changes would read the policies' conditions out of their hints.
    const reason = "access.system";
    throw new DomainError("forbidden", "Only administrators may ask about made-up attributes.", { reason });
  }
  if (body.id === undefined) return { type: body.type, attributes: body.attributes ?? {} };
  const resource = await deps.loadResource(body.type, body.id);
  if (!resource) throw unknownResource();
  return resource;
}

const unknownResource = () =>
  new DomainError("notFound", "There is no such thing here.", { reason: "resource.unknown" });
