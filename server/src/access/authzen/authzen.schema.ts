import { z } from "zod";
import { supposedContext } from "@kontor/shared/access";

/**
 * The messages of the OpenID AuthZEN Authorization API 1.0 (https://openid.net/specs/authorization-api-1_0.html), with
 * bounds that it leaves to us. Fields that nobody here knows are ignored, as its section on JSON demands.
 */
export const authzenLimits = {
  evaluations: 1_000, // of one request: as many as a screen of a big list needs, about half a second of work
  page: 500,
  defaultPage: 100,
} as const;

const id = z.string().min(1).max(300); // logins are at most 200
const name = z.string().min(1).max(100);
const properties = z.record(z.string().max(100), z.json()).optional();

export const subjectSchema = z.object({ type: name, id, properties });
export const resourceSchema = z.object({ type: name, id, properties });
export const actionSchema = z.object({ name, properties });
/** Anything may stand in it; these we know. Times come in the forms of ISO 8601 that people write, with or without seconds. */
export const contextSchema = z
  .object({
    time: z
      .string()
      .max(40)
      .refine((text) => isMoment(text), "is not a time such as 2026-03-02T10:00:00Z")
      .optional(),
    ip: supposedContext.shape.ip,
    channel: supposedContext.shape.channel,
    offline: supposedContext.shape.offline,
  })
  .catchall(z.json());

const isMoment = (text: string): boolean => /^\d{4}-\d\d-\d\d([T ]|$)/.test(text) && !Number.isNaN(Date.parse(text));

export const evaluationSchema = z.object({
  subject: subjectSchema,
  action: actionSchema,
  resource: resourceSchema,
  context: contextSchema.optional(),
});
export type EvaluationRequest = z.output<typeof evaluationSchema>;

export const semantics = ["execute_all", "deny_on_first_deny", "permit_on_first_permit"] as const;
/** What stands at the top holds for every evaluation that does not say it itself; each is read by itself. */
export const evaluationsSchema = z.object({
  subject: subjectSchema.partial().optional(),
  action: actionSchema.partial().optional(),
  resource: resourceSchema.partial().optional(),
  context: contextSchema.optional(),
  evaluations: z
    .array(z.record(z.string(), z.json()))
    .max(authzenLimits.evaluations)
    .optional()
    .describe("Each with what differs from the values above"),
  options: z.looseObject({ evaluations_semantic: z.enum(semantics).optional() }).optional(),
});
export type EvaluationsRequest = z.output<typeof evaluationsSchema>;

const page = z
  .object({
    token: z.string().max(2_000).optional().describe("`next_token` of the page before"),
    limit: z.int().min(0).optional().describe(`More than ${authzenLimits.page} is taken as ${authzenLimits.page}`),
    properties: z.record(z.string(), z.json()).optional(),
  })
  .optional();
/** An id where one is searched for is ignored. */
export const searchSubjectSchema = evaluationSchema.extend({ subject: subjectSchema.partial({ id: true }), page });
export const searchResourceSchema = evaluationSchema.extend({ resource: resourceSchema.partial({ id: true }), page });
export const searchActionSchema = evaluationSchema.omit({ action: true }).extend({ page });

/* ---------- answers ---------- */

const words = z.object({ en: z.string(), ru: z.string() });
const decisionContext = z.looseObject({
  id: z.string().optional().describe("Why: `no-allow`, `denied`, `not-readable`, … Stable"),
  reason_user: words.optional().describe("What the subject may be told"),
  policy: z
    .object({ id: z.string(), title: z.union([z.string(), words]), contact: z.string().optional() })
    .optional()
    .describe("The policy that decided, or could have allowed it"),
  ignored: z.array(z.string()).optional().describe("What of the request was not taken into account"),
  error: z.object({ status: z.int(), message: z.string() }).optional(),
});
export const decisionSchema = z.object({ decision: z.boolean(), context: decisionContext.optional() });
export type AuthzenDecision = z.input<typeof decisionSchema>;

/** One of the two: the second where `evaluations` were asked for. */
export const evaluationsReplySchema = z.union([decisionSchema, z.object({ evaluations: z.array(decisionSchema) })]);

const pageReply = z.object({ next_token: z.string().describe("Empty: this is the last page"), count: z.int() });
export const searchReplyOf = <Entity extends z.ZodType>(entity: Entity) =>
  z.object({ page: pageReply, results: z.array(entity) });
export const subjectEntity = z.object({ type: z.string(), id: z.string() });
export const resourceEntity = z.object({ type: z.string(), id: z.string() });
export const actionEntity = z.object({ name: z.string() });

const url = z.string();
export const metadataSchema = z.object({
  policy_decision_point: url,
  access_evaluation_endpoint: url,
  access_evaluations_endpoint: url,
  search_subject_endpoint: url,
  search_resource_endpoint: url,
  search_action_endpoint: url,
});
