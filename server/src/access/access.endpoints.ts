import { z } from "zod";
import {
  type AccessEngine,
  type Context,
  hintOf,
  type Policy,
  policySetSchema,
  type ResourceInstance,
  supposedContext,
} from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { defineEndpoint, type Endpoint, type EndpointRequest, type Principal } from "#kernel";
import type { AccessService } from "./access.service.ts";
import type { Drafts } from "./drafts.service.ts";
import type { NameGrants } from "./grants/nameGrants.ts";

export interface AccessEndpointDeps {
  readonly access: AccessService;
  readonly drafts: Pick<Drafts, "engineOf">;
  /**
   * With what the policies of this engine ask of other records. Undefined: there is none; whether the caller may know of
   * it is decided here.
   */
  loadResource(type: string, id: string, engine: AccessEngine): Promise<ResourceInstance | undefined>;
  /** Calls what is open only for a time by who granted it, and until when. */
  readonly nameGrants: NameGrants;
}

const explainBody = z.strictObject({
  action: z.string().min(1).max(100),
  type: z.string().min(1).max(100),
  /** An existing resource; without it, `attributes` describe one. */
  id: z.uuid().optional(),
  attributes: z.record(z.string(), z.json()).optional().describe("Administrators only"),
  field: z.string().min(1).max(100).optional(),
  userId: z.uuid().optional().describe("Default: yourself. Others: administrators only"),
  draftId: z.uuid().optional().describe("Asks this draft and not the set in force. Administrators only"),
  context: supposedContext.optional().describe("What is supposed otherwise than it is. Administrators only"),
});

export const accessEndpoints = (deps: AccessEndpointDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/access/policies",
    summary: "The set of policies in force",
    tag: "access",
    access: { kind: "system", action: "administer" },
    reply: policySetSchema,
    handle: async () => {
      await deps.access.refresh();
      const { rev, publishedAt, publishedBy, source, title } = deps.access.published();
      const { builtIn } = deps.access.scope();
      return {
        rev: String(rev),
        publishedAt,
        publishedBy,
        source,
        ...(title !== null && { title }),
        builtIn: builtIn.map(({ id }) => id),
        stale: [...deps.access.stale()],
        policies: [...builtIn, ...(deps.access.policies() as readonly Policy[])],
      };
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
  if (!isAdministrator) refuseSuppositions(body, caller);
  const engine = body.draftId === undefined ? access.engine() : await deps.drafts.engineOf(body.draftId);
  if (!engine.resources.some((type) => type.name === body.type)) throw unknownResource();
  const resource = await resourceOf(deps, body, engine);
  const context = supposing(access.contextOf(caller, request.ip), body.context);
  const subject = await access.subjectOf(body.userId ?? caller.userId);
  // Whether there is such a record is itself something that one may not see (VIS-2).
  if (!isAdministrator && body.id !== undefined && !engine.accessTo(subject, resource, context).readable)
    throw unknownResource();
  const explained = engine.explain(subject, body.action, resource, context, body.field);
  const about = body.id === undefined ? undefined : { userId: subject.id, recordId: body.id };
  const explanation = about ? await deps.nameGrants(explained, about) : explained;
  return isAdministrator ? { ...explanation } : { ...hintOf(explanation) };
}

/** Guessing until the answer changes would read the policies' conditions out of their hints (POL-5). */
function refuseSuppositions(body: z.output<typeof explainBody>, caller: Principal): void {
  const refused = [
    body.userId !== undefined && body.userId !== caller.userId && "somebody else",
    body.attributes !== undefined && "made-up attributes",
    body.draftId !== undefined && "drafts",
    body.context !== undefined && "another context",
  ].find((words) => words !== false);
  if (refused !== undefined)
    throw new DomainError("forbidden", `Only administrators may ask about ${refused}.`, { reason: "access.system" });
}

/** As it is, but for what is supposed otherwise. */
export const supposing = (context: Context, supposed: z.output<typeof supposedContext> = {}): Context => ({
  ...context,
  ...defined(supposed),
  ...(supposed.time !== undefined && { time: asMoment(supposed.time) }),
  ...(supposed.secondFactorAt !== undefined && { secondFactorAt: asMoment(supposed.secondFactorAt) }),
});

const asMoment = (text: string): string => new Date(text).toISOString();
const defined = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Context>;

async function resourceOf(
  deps: AccessEndpointDeps,
  body: z.output<typeof explainBody>,
  engine: AccessEngine,
): Promise<ResourceInstance> {
  if (body.id === undefined) return { type: body.type, attributes: body.attributes ?? {} };
  const resource = await deps.loadResource(body.type, body.id, engine);
  if (!resource) throw unknownResource();
  return resource;
}

const unknownResource = () =>
  new DomainError("notFound", "There is no such thing here.", { reason: "resource.unknown" });
