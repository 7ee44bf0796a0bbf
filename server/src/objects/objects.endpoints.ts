import { z } from "zod";
import { DomainError, canonicalJson, hash64, isId, newId, type Json, type JsonObject } from "@kontor/shared/base";
import type { HistoryDoc, RecordDoc, RecordIntentName, TypeDefinition } from "@kontor/shared/objects";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import {
  auditActor,
  defineEndpoint,
  sensitiveReads,
  type Actor,
  type AuditLog,
  type Database,
  type Endpoint,
  type EndpointRequest,
} from "#kernel";
import { duplicatesOf, duplicatesSchema } from "./duplicates.ts";
import { exportQuerySchema, exportRecords } from "./exportRecords.ts";
import { listRecords, present, readableType } from "./listRecords.ts";
import { findHistory, findRecords, objectTables, type RecordRow } from "./objects.repo.ts";
import { projectHistory } from "./projectRecord.ts";
import { listQuerySchema } from "./records.query.ts";
import { refusal } from "./refusals.ts";
import { resourceOfRow } from "./resource.ts";
import { sensitiveOfHistory, sensitiveOfRecord, sensitiveSums } from "./sensitive.ts";
import { summariseRecords, summaryQuerySchema, summarySchema } from "./summariseRecords.ts";
import type { TypeRegistry } from "./typeRegistry.ts";

export interface ObjectEndpointDeps {
  readonly db: Database;
  readonly types: TypeRegistry;
  /** Where reads of sensitive sections are noted before they are answered (POL-12). */
  readonly audit: Pick<AuditLog, "note">;
  actorOf(request: EndpointRequest): Promise<Actor>;
  /** The one way in which anything changes: REST and the socket send the same intents (SYN-4, SYN-8). */
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
}

const idParams = z.object({ id: z.uuid() });
const values = z.record(z.string(), z.json() as z.ZodType<Json>);
const recordReply = z.custom<RecordDoc>(() => true);
/** `record` is absent when the change took the caller's own right to read away. */
const changeReply = z.object({
  status: z.enum(["applied", "merged"]),
  data: (z.json() as z.ZodType<Json>).optional(),
  record: recordReply.optional(),
});

export const objectEndpoints = (deps: ObjectEndpointDeps): readonly Endpoint[] => [
  ...readEndpoints(deps),
  ...writeEndpoints(deps),
];

/** Notes what of these records is sensitive, in time before they are sent. */
async function noteReads(
  { audit, types }: Pick<ObjectEndpointDeps, "audit" | "types">,
  { principal, ip }: EndpointRequest,
  via: Parameters<typeof sensitiveReads>[2],
  { records = [], history = [] }: { records?: readonly RecordDoc[]; history?: readonly HistoryDoc[] },
): Promise<void> {
  const parts = [
    ...records.flatMap((doc) => sensitiveOfRecord(doc, types)),
    ...history.flatMap((doc) => sensitiveOfHistory(doc, types)),
  ];
  await audit.note(sensitiveReads(parts, auditActor(principal, ip), via));
}

function readEndpoints(deps: ObjectEndpointDeps): readonly Endpoint[] {
  const { db, types, actorOf } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/types",
      summary: "The types of objects that the caller may see",
      tag: "objects",
      access: { kind: "policy", resource: "objectType", action: "read" },
      reply: z.object({ types: z.array(z.custom<TypeDefinition>(() => true)) }),
      async handle(_input, request) {
        const actor = await actorOf(request);
        const isVisible = ({ name }: TypeDefinition) =>
          actor.engine.accessTo(actor.subject, { type: "objectType", attributes: { name } }, actor.context).readable;
        return { types: types.all().filter(isVisible) };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records",
      summary: "Records of a type, filtered and sorted, page by page",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      query: listQuerySchema,
      reply: z.object({ records: z.array(recordReply), nextCursor: z.string().optional() }),
      async handle({ query }, request) {
        const { records, nextCursor } = await listRecords(db, query, await actorOf(request), types);
        await noteReads(deps, request, "list", { records });
        return { records: [...records], ...(nextCursor !== undefined && { nextCursor }) };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/summary",
      summary: "How many records of a type there are, by group, and what a field of theirs adds up to",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      query: summaryQuerySchema,
      reply: summarySchema,
      async handle({ query }, request) {
        const summary = await summariseRecords(db, query, await actorOf(request), types);
        const fields = [query.groupBy, query.measure].filter((field) => field !== undefined);
        const by = auditActor(request.principal, request.ip);
        await deps.audit.note(sensitiveSums(types.get(query.type), fields, by));
        return summary;
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/export",
      summary: "A list as a whole, as a file: CSV for spreadsheets, or a JSON object in each line",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      query: exportQuerySchema,
      stream: true,
      handle: ({ query }, request) =>
        exportRecords(request.raw.response, query, {
          db,
          types,
          ip: request.ip,
          actor: () => actorOf(request),
          note: (records) => noteReads(deps, request, "export", { records }),
        }),
    }),
    defineEndpoint({
      method: "get",
      path: "/records/duplicates",
      summary: "Records that share a value that should be there once, as far as the caller sees it in both",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      query: z.object({ type: z.string() }),
      reply: duplicatesSchema,
      async handle({ query }, request) {
        const found = await duplicatesOf(db, query.type, await actorOf(request), types);
        await noteReads(deps, request, "list", { records: found.duplicates.flatMap(({ records }) => records) });
        return found;
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/:id",
      summary: "One record; its ETag goes into If-Match of a change",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      params: idParams,
      reply: recordReply,
      async handle({ params }, request) {
        const doc = (await readRecord(db, types, params.id, await actorOf(request))).doc;
        await noteReads(deps, request, "record", { records: [doc] });
        request.raw.response.setHeader("etag", etagOf(doc));
        return doc;
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/:id/history",
      summary: "What happened to a record, oldest first",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      params: idParams,
      reply: z.object({ history: z.array(z.custom<HistoryDoc>(() => true)) }),
      async handle({ params }, request) {
        const actor = await actorOf(request);
        const { row, type } = await readRecord(db, types, params.id, actor);
        const access = actor.engine.accessTo(actor.subject, await resourceOfRow(db, actor.engine, row), actor.context);
        const rows = await findHistory(db, [row.id]);
        const history = rows.flatMap((entry) => projectHistory(entry, type, access) ?? []);
        await noteReads(deps, request, "record", { history });
        return { history };
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/records/:id/related",
      summary: "Records that point to this one, with the field in which they do",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "read" },
      params: idParams,
      reply: z.object({ related: z.array(z.object({ field: z.string(), record: recordReply })) }),
      async handle({ params }, request) {
        const actor = await actorOf(request);
        await readRecord(db, types, params.id, actor);
        const related = await relatedTo(db, types, params.id, actor);
        await noteReads(deps, request, "list", { records: related.map(({ record }) => record) });
        return { related };
      },
    }),
  ];
}

const MAX_RELATED = 500; // what a card could still show; lists with a filter show the rest

async function relatedTo(db: Database, types: TypeRegistry, id: string, actor: Actor) {
  const links = await objectTables(db)
    .selectFrom("record_link")
    .select(["from_id", "field"])
    .where("to_id", "=", id)
    .orderBy("from_id", "desc")
    .limit(MAX_RELATED)
    .execute();
  const ids = links.map((link) => link.from_id);
  const rows = (await findRecords(db, ids)).filter((row) => row.deleted_at === null);
  const records = new Map((await present(db, rows, actor, types)).map((record) => [record.id, record]));
  return links.flatMap(({ from_id, field }) => {
    const record = records.get(from_id);
    // Whoever may not see the field does not see the way back either.
    return record && field in record.fields ? [{ field, record }] : [];
  });
}

async function readRecord(
  db: Database,
  types: TypeRegistry,
  id: string,
  actor: Actor,
): Promise<{ row: RecordRow; type: TypeDefinition; doc: RecordDoc }> {
  const [row] = await findRecords(db, [id]);
  const type = row && types.get(row.type);
  const [doc] = row ? await present(db, [row], actor, types) : [];
  if (!row || !type || !doc) throw refusal("record.notFound");
  return { row, type, doc };
}

const etagOf = (doc: RecordDoc): string => `"${hash64(canonicalJson(doc as unknown as Json))}"`;

function writeEndpoints(deps: ObjectEndpointDeps): readonly Endpoint[] {
  const { types } = deps;
  return [
    defineEndpoint({
      method: "post",
      path: "/records",
      summary: "Create a record; with an Idempotency-Key (a UUID) sending it again creates no second one",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "create" },
      body: z.object({ type: z.string(), id: z.uuid().optional(), fields: values }),
      status: 201,
      reply: changeReply.extend({ id: z.uuid() }),
      async handle({ body }, request) {
        const actor = await deps.actorOf(request);
        readableType(types, body.type, actor);
        const key = idempotencyKey(request);
        // Without an id of the caller's own, the key is the id: sent again, it names the same record.
        const id = body.id ?? key ?? newId();
        const change = await changed(deps, request, actor, {
          name: "record.create",
          id,
          args: { type: body.type, fields: body.fields },
        });
        return { id, ...change };
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/records/:id",
      summary: "Set fields; say what you saw by If-Match, or by `base` with the revision of each field",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "edit" },
      params: idParams,
      body: z.object({ set: values, base: z.record(z.string(), z.int().min(0)).optional() }),
      reply: changeReply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        const { doc } = await readRecord(deps.db, types, params.id, actor);
        const base = body.base ?? baseFrom(request, doc);
        return changed(deps, request, actor, { name: "record.edit", id: doc.id, args: { set: body.set, base } });
      },
    }),
    actOn(
      deps,
      "post",
      "/records/:id/transitions/:key",
      "Take a step to another state",
      "transition:*",
      z.object({ id: z.uuid(), key: z.string() }),
      ({ key }) => ({
        name: "record.transition",
        args: { transition: key },
      }),
    ),
    actOn(deps, "delete", "/records/:id", "Move a record to the trash", "delete", idParams, () => ({
      name: "record.delete",
      args: {},
    })),
    actOn(deps, "post", "/records/:id/restore", "Bring a record back from the trash", "restore", idParams, () => ({
      name: "record.restore",
      args: {},
    })),
    defineEndpoint({
      method: "post",
      path: "/records/:id/conflicts/:field",
      summary:
        "Settle a disagreement about a field: mine (the value that lost), theirs (the one that won) or a third value",
      tag: "objects",
      access: { kind: "policy", resource: "*", action: "edit" },
      params: z.object({ id: z.uuid(), field: z.string() }),
      body: z.object({ choice: z.enum(["mine", "theirs", "value"]), value: (z.json() as z.ZodType<Json>).optional() }),
      reply: changeReply,
      async handle({ params, body }, request) {
        const actor = await deps.actorOf(request);
        const args = {
          field: params.field,
          choice: body.choice,
          ...(body.value !== undefined && { value: body.value }),
        };
        return changed(deps, request, actor, { name: "record.resolve", id: params.id, args });
      },
    }),
  ];
}

function actOn<Params extends z.ZodType<{ readonly id: string }>>(
  deps: ObjectEndpointDeps,
  method: "post" | "delete",
  path: string,
  summary: string,
  action: string,
  params: Params,
  intentOf: (params: z.output<Params>) => { readonly name: RecordIntentName; readonly args: JsonObject },
): Endpoint {
  return defineEndpoint({
    method,
    path,
    summary,
    tag: "objects",
    access: { kind: "policy", resource: "*", action },
    params,
    reply: changeReply,
    async handle(input, request) {
      const actor = await deps.actorOf(request);
      return changed(deps, request, actor, { id: input.params.id, ...intentOf(input.params) });
    },
  });
}

/** Sends the intent, and answers with the record as it is then. A refusal is thrown as what it is. */
async function changed(
  deps: ObjectEndpointDeps,
  request: EndpointRequest,
  actor: Actor,
  intent: { readonly name: RecordIntentName; readonly id: string; readonly args: JsonObject },
) {
  const mid = idempotencyKey(request) ?? newId();
  const result = await deps.applyIntent({ ...intent, mid, collection: "records", at: actor.now }, actor);
  if (result.status === "rejected" || result.status === "retry") throw errorOf(result);
  const [row] = await findRecords(deps.db, [intent.id]);
  const [doc] = row ? await present(deps.db, [row], actor, deps.types) : [];
  if (doc) {
    await noteReads(deps, request, "record", { records: [doc] });
    request.raw.response.setHeader("etag", etagOf(doc));
  }
  return {
    status: result.status,
    ...(result.data !== undefined && { data: result.data }),
    ...(doc && { record: doc }),
  };
}

const errorOf = (result: IntentResult): DomainError =>
  new DomainError(result.code ?? "unavailable", result.message ?? "The change was refused.", {
    reason: result.reason ?? "record.refused",
    ...(result.problems && { problems: result.problems }),
    ...(result.retryAfterMs !== undefined && { retryAfterMs: result.retryAfterMs }),
  });

function idempotencyKey(request: EndpointRequest): string | undefined {
  const key = request.raw.request.get("idempotency-key");
  if (key === undefined) return undefined;
  if (isId(key)) return key.toLowerCase();
  throw new DomainError("invalid", "The Idempotency-Key must be a UUID, best of version 7.", {
    reason: "request.idempotencyKey",
  });
}

/** With If-Match the caller saw exactly this record; without either nobody could tell whose value was newer. */
function baseFrom(request: EndpointRequest, doc: RecordDoc): Record<string, number> {
  const match = request.raw.request.get("if-match");
  if (match === undefined) {
    throw new DomainError(
      "invalid",
      "Send If-Match with the record's ETag, or `base` with the revisions that you saw.",
      { reason: "request.noBase" },
    );
  }
  if (match !== etagOf(doc)) throw refusal("record.changed");
  return { ...doc.revs };
}
