import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { auditActor, defineEndpoint, type Endpoint } from "#kernel";
import type { Quarantine } from "./quarantine.ts";

const ADMINISTER = { kind: "system", action: "administer" } as const;
const params = z.object({ id: z.uuid() });
const row = z.object({
  id: z.uuid(),
  from: z.string(),
  recipients: z.array(z.string()),
  size: z.number(),
  receivedAt: z.string(),
  attempts: z.number(),
  ip: z.string().nullable(),
  reason: z.string(),
  message: z.string().nullable(),
});

export function quarantineAdminEndpoints({ quarantine }: { readonly quarantine: Quarantine }): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "get",
      path: "/admin/mail/quarantine",
      summary: "Messages that came in and could not be delivered, the newest first",
      tag: "mail administration",
      access: ADMINISTER,
      query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(100), before: z.uuid().optional() }),
      reply: z.object({ rows: z.array(row), next: z.uuid().optional() }),
      async handle({ query: { limit, before } }) {
        const rows = await quarantine.list({ limit: limit + 1, before });
        const page = rows.slice(0, limit);
        const next = rows.length > limit ? page.at(-1)?.id : undefined;
        return { rows: page, ...(next !== undefined && { next }) };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/admin/mail/quarantine/:id/release",
      summary: "Deliver it to its recipients all the same",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      handle: ({ params: { id } }, { principal, ip }) => quarantine.release(id, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "delete",
      path: "/admin/mail/quarantine/:id",
      summary: "Drop it: nobody gets it",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      handle: ({ params: { id } }, { principal, ip }) => quarantine.drop(id, auditActor(principal, ip)),
    }),
    defineEndpoint({
      method: "get",
      path: "/admin/mail/quarantine/:id/raw",
      summary: "The message as it came, as a file; that it was downloaded is noted in the audit log",
      tag: "mail administration",
      access: ADMINISTER,
      params,
      stream: true,
      async handle({ params: { id } }, { principal, ip, raw: { response } }) {
        const { body, size } = await quarantine.download(id, auditActor(principal, ip));
        // Never shown by a browser: it is hostile until somebody says otherwise.
        response.setHeader("content-type", "application/octet-stream");
        response.setHeader("content-disposition", `attachment; filename="${id}.eml"`);
        response.setHeader("content-length", size);
        await pipeline(body, response);
      },
    }),
  ];
}
