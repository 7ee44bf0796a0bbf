import { z } from "zod";
import { auditActor, defineEndpoint, type Endpoint } from "#kernel";
import { findingReasons } from "./checkDomain.ts";
import type { MailDomains } from "./domains.service.ts";

const ADMINISTER = { kind: "system", action: "administer" } as const;
const params = z.object({ name: z.string().max(253) });
const algorithm = z.enum(["rsa", "ed25519"]);
const finding = z.object({
  what: z.enum(["mx", "spf", "dkim", "dmarc", "ptr"]),
  state: z.enum(["ok", "poor", "missing", "unknown"]),
  reason: z.enum(findingReasons),
  found: z.array(z.string()).readonly(),
  wanted: z.object({ name: z.string(), type: z.enum(["MX", "TXT", "PTR"]), value: z.string() }).optional(),
  selector: z.string().optional(),
  algorithm: algorithm.optional(),
});
const domain = z.object({
  name: z.string(),
  createdAt: z.string(),
  checkedAt: z.string().nullable(),
  addresses: z.number().describe("Addresses of mailboxes and groups in it"),
  findings: z.array(finding).readonly(),
  keys: z
    .array(
      z.object({
        id: z.uuid(),
        selector: z.string(),
        algorithm,
        state: z.enum(["pending", "active", "retired"]),
        createdAt: z.string(),
        record: z.object({ name: z.string(), value: z.string() }),
      }),
    )
    .readonly(),
});

/** Own domains, what the DNS says of them, and the keys with which their mail is signed. */
export function domainAdminEndpoints({ domains }: { readonly domains: MailDomains }): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/domains",
      summary: "The domains whose mail this server is for, as the last look at the DNS found them",
      tag: "mail administration",
      access: ADMINISTER,
      reply: z.array(domain).readonly(),
      handle: () => domains.list(),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/domains",
      summary: "Add a domain; keys for signing are made with it",
      tag: "mail administration",
      access: ADMINISTER,
      status: 201,
      body: z.object({ name: z.string().min(1).max(253) }),
      reply: domain,
      handle: ({ body }, { principal, ip }) => domains.add(body.name, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/mail/domains/:name",
      summary: "Remove a domain that has no address any longer",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      handle: ({ params: { name } }, { principal, ip }) => domains.remove(name, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/domains/:name/check",
      summary: "Look at its DNS now; keys that are seen there sign from then on",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      reply: domain,
      handle: ({ params: { name } }, { principal, ip }) => domains.check(name, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/domains/:name/keys",
      summary: "Make a new pair of keys beside the old one, which signs until the DNS has the new one",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      status: 201,
      reply: domain,
      handle: ({ params: { name } }, { principal, ip }) => domains.addKeys(name, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/mail/keys/:id",
      summary: "Remove a key that signs no more, or never did",
      tag: "mail administration",
      access: ADMINISTER,
      params: z.object({ id: z.uuid() }),
      handle: ({ params: { id } }, { principal, ip }) => domains.removeKey(id, auditActor(principal, ip)),
    }),
  ];
}
