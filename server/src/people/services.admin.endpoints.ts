import { z } from "zod";
import { auditActor, defineEndpoint, scopes, type Endpoint } from "#kernel";
import { attributesReply, attributeValues } from "./attributes.check.ts";
import type { ServiceAccounts } from "./services.service.ts";

const ADMINISTER = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });
const name = z.string().trim().min(1).max(200);
const serviceBody = z.object({
  key: z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, "2 to 63 lower-case letters, digits and hyphens, a letter first"),
  name,
  contact: z.string().trim().max(200).nullable().optional().describe("Whom to ask about it"),
  groupIds: z.array(z.uuid()).max(200).optional(),
  attributes: attributeValues.optional().describe("Those that are named are set, null takes one away"),
});
const serviceRow = z.object({
  id: z.uuid(),
  key: z.string(),
  name: z.string(),
  contact: z.string().nullable(),
  state: z.enum(["active", "disabled"]),
  groupIds: z.array(z.uuid()),
  attributes: attributesReply,
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
  tokens: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      scopes: z.array(z.string()),
      createdAt: z.string(),
      expiresAt: z.string(),
      lastUsedAt: z.string().nullable(),
      state: z.enum(["valid", "endsSoon", "ended"]),
    }),
  ),
});

/** Other systems and their tokens; everything here asks for `system.administer`. */
export function serviceAdminEndpoints({ services }: { readonly services: ServiceAccounts }): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/services",
      summary: "Other systems that have an account, with their tokens, without the secret part",
      tag: "services",
      access: ADMINISTER,
      reply: z.array(serviceRow),
      handle: () => services.list(),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/services",
      summary: "Give another system an account",
      tag: "services",
      access: ADMINISTER,
      status: 201,
      body: serviceBody,
      reply: z.object({ id: z.uuid() }),
      handle: ({ body }, { principal, ip }) => services.create(body, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "patch",
      path: "/admin/services/:id",
      summary: "Change a service; switched off, none of its tokens is taken any more",
      tag: "services",
      access: ADMINISTER,
      params: idParams,
      body: serviceBody
        .omit({ key: true })
        .partial()
        .extend({ state: z.enum(["active", "disabled"]).optional() }),
      handle: ({ params, body }, { principal, ip }) => services.change(params.id, body, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/services/:id/tokens",
      summary: "Make a token for a service; it is shown this once",
      tag: "services",
      access: ADMINISTER,
      status: 201,
      params: idParams,
      body: z.object({
        name: name.max(120),
        scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
        expiresAt: z.iso.datetime({ offset: true }).describe("At most two years from now"),
      }),
      reply: z.object({ id: z.uuid(), token: z.string(), expiresAt: z.string() }),
      handle: ({ params, body }, { principal, ip }) => services.createToken(params.id, body, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/services/tokens/:id",
      summary: "Withdraw a token of a service",
      tag: "services",
      access: ADMINISTER,
      params: idParams,
      handle: ({ params }, { principal, ip }) => services.withdrawToken(params.id, auditActor(principal, ip)),
    }),
  ];
}
