import { z } from "zod";
import { DomainError, type Clock, type Json, type JsonObject } from "@kontor/shared/base";
import {
  auditActor,
  defineEndpoint,
  recordAudit,
  type Database,
  type Endpoint,
  type EndpointRequest,
  type Principal,
} from "#kernel";
import { sendExport } from "./audit.export.ts";
import { filterSchema, findActions, findEntries, type Filter } from "./audit.query.ts";
import { verifiedSchema, type AuditService } from "./audit.service.ts";
import type { ChainedEntry } from "./chain.repo.ts";

export interface AuditEndpointDeps {
  readonly db: Database;
  readonly audit: AuditService;
  readonly clock: Clock;
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  /** Names of people and titles of records as this reader may see them; who may not be seen is left out. */
  namesOf(
    request: EndpointRequest,
    ids: { readonly people: readonly string[]; readonly records: readonly string[] },
  ): Promise<Readonly<Record<string, string>>>;
}

const AUDIT = { kind: "system", action: "audit" } as const;
const TAG = "audit";

const entrySchema = z.object({
  number: z.number().int(),
  hash: z.string(),
  id: z.string(),
  at: z.string(),
  action: z.string(),
  outcome: z.enum(["done", "denied", "failed"]),
  userId: z.string().nullable(),
  login: z.string().nullable(),
  channel: z.string().nullable(),
  ip: z.string().nullable(),
  deviceId: z.string().nullable(),
  objectKind: z.string().nullable(),
  objectId: z.string().nullable(),
  objectTitle: z.string().nullable(),
  details: z.record(z.string(), z.json() as z.ZodType<Json>),
});

/** Reading the log, for whoever policies give the action `audit` on `system`: auditors, who administer nothing. */
export function auditEndpoints(deps: AuditEndpointDeps): readonly Endpoint[] {
  const { db, audit, clock } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/audit",
      summary: "Entries of the audit log, newest first",
      tag: TAG,
      access: AUDIT,
      query: filterSchema.extend({
        before: z.coerce.number().int().positive().optional().describe("`next` of the page before"),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      reply: z.object({
        entries: z.array(entrySchema),
        /** By id: people's names and records' titles. */
        names: z.record(z.string(), z.string()),
        next: z.number().int().optional(),
      }),
      async handle({ query: { before, limit, ...filter } }, request) {
        const found = await findEntries(db, filter, { before, limit: limit + 1 });
        const page = found.slice(0, limit);
        const last = found.length > limit ? page.at(-1) : undefined;
        return {
          entries: page.map((entry) => ({ ...entry, hash: entry.hash.toString("hex"), details: { ...entry.details } })),
          names: { ...(await deps.namesOf(request, idsIn(page))) },
          ...(last && { next: last.number }),
        };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/audit/actions",
      summary: "Every action that the log knows",
      tag: TAG,
      access: AUDIT,
      reply: z.object({ actions: z.array(z.string()) }),
      handle: async () => ({ actions: [...(await findActions(db))] }),
    }),
    defineEndpoint({
      method: "get",
      path: "/audit/export",
      summary: "What a filter finds, as a file: CSV for spreadsheets, or a JSON object in each line",
      tag: TAG,
      access: AUDIT,
      query: filterSchema.extend({ format: z.enum(["csv", "jsonl"]).default("csv") }),
      stream: true,
      async handle({ query: { format, ...filter } }, request) {
        // What came after the question, above all the entry about the export itself, is not part of the answer.
        const { head } = await audit.state();
        const by = auditActor(request.principal, request.ip);
        const details: JsonObject = { format, filter: told(filter), upTo: head.number };
        await recordAudit(db, new Date(clock.now()).toISOString(), [
          { action: "audit.exported", outcome: "done", by, details },
        ]);
        await sendExport(
          request.raw.response,
          { filter, format, before: head.number + 1 },
          { db, mayContinue: () => requireAudit(deps, request) },
        );
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/audit/state",
      summary: "The head of the chain, how long entries are kept, and when the chain was verified last",
      tag: TAG,
      access: AUDIT,
      reply: z.object({
        head: z.object({ number: z.number().int(), hash: z.string() }),
        oldest: z.object({ number: z.number().int(), at: z.string() }).optional(),
        unchained: z.number().int(),
        days: z.number().int(),
        verifying: z.boolean(),
        verified: verifiedSchema.optional(),
      }),
      handle: () => audit.state(),
    }),
    defineEndpoint({
      method: "post",
      path: "/audit/verify",
      summary: "Verify the chain, in the background: `GET /audit/state` has the result",
      tag: TAG,
      access: AUDIT,
      status: 202,
      reply: z.object({ started: z.boolean() }),
      handle: async (_input, request) => ({ started: audit.startVerifying(auditActor(request.principal, request.ip)) }),
    }),
  ];
}

async function requireAudit({ maySystem }: AuditEndpointDeps, { principal, ip }: EndpointRequest): Promise<void> {
  if (principal && (await maySystem(principal, AUDIT.action, ip))) return;
  throw new DomainError("forbidden", "This needs the right to read the audit log.", { reason: "access.system" });
}

const told = (filter: Filter): JsonObject =>
  Object.fromEntries(Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined));

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What could be a person or a record; an id that is neither simply has no name. */
function idsIn(entries: readonly ChainedEntry[]) {
  const people = new Set<string>();
  const records = new Set<string>();
  for (const { userId, objectKind, objectId, details } of entries) {
    if (userId !== null) people.add(userId);
    const ids = Array.isArray(details["ids"]) ? (details["ids"] as readonly unknown[]) : [];
    for (const id of [objectId, ...ids]) {
      if (typeof id !== "string" || !UUID.test(id)) continue;
      (objectKind === "person" ? people : records).add(id);
    }
  }
  return { people: [...people], records: [...records] };
}
