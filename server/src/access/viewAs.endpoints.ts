import type { z } from "zod";
import {
  type Access,
  type Explanation,
  type PolicyTrace,
  type ResourceInstance,
  type ResourceType,
  type ViewedRecord,
  viewedRecordSchema,
  viewedRecordsSchema,
  viewRecordSchema,
  viewRecordsSchema,
} from "@kontor/shared/access";
import { DomainError, type Clock, type JsonObject } from "@kontor/shared/base";
import { auditActor, defineEndpoint, recordAudit, type Actor, type Database, type Endpoint } from "#kernel";
import { supposing } from "./access.endpoints.ts";
import type { AccessService } from "./access.service.ts";
import { actorOf, type DraftActor, type Drafts } from "./drafts.service.ts";

/** The projection that everybody's lists, cards and feeds go through. */
export interface RecordViewsPort {
  list(
    actor: Actor,
    page: { readonly type: string; readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ readonly records: readonly object[]; readonly nextCursor?: string }>;
  one(actor: Actor, id: string): Promise<{ readonly resource: ResourceInstance; readonly doc?: object } | undefined>;
}

export interface ViewAsDeps {
  readonly db: Database;
  readonly access: AccessService;
  readonly drafts: Pick<Drafts, "engineOf">;
  readonly records: RecordViewsPort;
  readonly clock: Clock;
}

const administer = { kind: "system", action: "administer" } as const;

/**
 * What somebody else sees, under the set in force or a draft. Whoever may administer could publish a set that shows it to
 * them, so nothing is opened by it; every look is in the audit log.
 */
export const viewAsEndpoints = (deps: ViewAsDeps): readonly Endpoint[] => [
  defineEndpoint({
    method: "post",
    path: "/access/view-as/records",
    summary: "A list of records as somebody else would see it; noted in the audit log",
    tag: "access",
    access: administer,
    body: viewRecordsSchema,
    reply: viewedRecordsSchema,
    async handle({ body }, request) {
      const by = actorOf(request);
      const actor = await viewerOf(deps, body, by);
      const { type, limit, cursor } = body;
      if (!actor.engine.resources.some(({ name }) => name === type)) throw noType(type);
      const { records, nextCursor } = await deps.records.list(actor, { type, limit, cursor });
      await note(deps, by, { body, actor, details: { type, records: records.length } });
      return { records: records as JsonObject[], ...(nextCursor !== undefined && { nextCursor }) };
    },
  }),
  defineEndpoint({
    method: "post",
    path: "/access/view-as/record",
    summary:
      "One record as somebody else would see it, field by field and with the policies that decide; noted in the audit log",
    tag: "access",
    access: administer,
    body: viewRecordSchema,
    reply: viewedRecordSchema,
    async handle({ body }, request) {
      const by = actorOf(request);
      const actor = await viewerOf(deps, body, by);
      const found = await deps.records.one(actor, body.id);
      if (!found) throw new DomainError("notFound", "There is no such record.", { reason: "record.notFound" });
      await note(deps, by, { body, actor, details: { type: found.resource.type, recordId: body.id } });
      return viewed(actor, found.resource, found.doc);
    },
  }),
];

type Viewed = Pick<z.output<typeof viewRecordSchema>, "userId" | "draftId" | "context">;

/** The user, as they would ask at their desktop; `principal` stays whoever really asks. */
async function viewerOf({ access, drafts, clock }: ViewAsDeps, body: Viewed, by: DraftActor): Promise<Actor> {
  const subject = await access.loadSubject(body.userId);
  if (!subject) throw new DomainError("notFound", "There is no such active person.", { reason: "person.unknown" });
  const { time, ip } = access.contextOf(by.principal, by.ip);
  return {
    principal: by.principal,
    subject,
    context: supposing({ time, ip, channel: "desktop", offline: false }, body.context),
    engine: body.draftId === undefined ? access.engine() : await drafts.engineOf(body.draftId),
    now: new Date(clock.now()).toISOString(),
  };
}

async function note(
  { db }: ViewAsDeps,
  by: DraftActor,
  { body, actor, details }: { body: Viewed; actor: Actor; details: JsonObject },
): Promise<void> {
  await recordAudit(db, actor.now, [
    {
      action: "access.viewedAs",
      outcome: "done",
      by: auditActor(by.principal, by.ip),
      object: { kind: "person", id: actor.subject.id, title: actor.subject.login },
      details: { ...details, ...(body.draftId !== undefined && { draftId: body.draftId }) },
    },
  ]);
}

function viewed(
  { engine, subject, context }: Actor,
  resource: ResourceInstance,
  doc: object | undefined,
): ViewedRecord {
  const type = engine.resources.find(({ name }) => name === resource.type) as ResourceType;
  const access = engine.accessTo(subject, resource, context);
  const read = engine.explain(subject, "read", resource, context);
  return {
    type: type.name,
    readable: access.readable,
    ...(doc && { record: doc as JsonObject }),
    fields: Object.entries(type.sections).flatMap(([section, fields]) =>
      fields.map((name) => {
        const policyId = deciding(access, read, { section, name });
        const editable = access.editable(name);
        return { name, section, access: access.field(name), editable, ...(policyId !== undefined && { policyId }) };
      }),
    ),
    can: type.actions.map((action) => {
      const allowed = access.may(action);
      const policyId = allowed
        ? engine.may(subject, action, resource, context).policyId
        : access.why(action === "read" || access.readable ? action : "read");
      return { action, allowed, ...(policyId !== undefined && { policyId }) };
    }),
  };
}

/** Of a field that is shown, an allow that shows it; of one that is not, what stands against it. */
function deciding(access: Access, read: Explanation, { section, name }: { section: string; name: string }) {
  if (access.field(name) !== "visible") return access.why("read", name);
  const shows = ({ effect, applies, sections }: PolicyTrace) =>
    effect === "allow" && applies && (sections === "*" || sections.includes(section));
  return read.policies.find(shows)?.id;
}

const noType = (name: string) =>
  new DomainError("notFound", `There is no type "${name}".`, { reason: "record.noType" });
