import {
  grantIntentSchemas,
  grantLimits,
  type GrantIntentArgs,
  type GrantIntentName,
  type GrantLevel,
  type AccessEngine,
  type ResourceInstance,
} from "@kontor/shared/access";
import { labelIn } from "@kontor/shared/base";
import type { TypeDefinition } from "@kontor/shared/objects";
import {
  auditActor,
  defineIntent,
  recordAudit,
  recordChanges,
  type Actor,
  type AnyIntent,
  type Database,
  type IntentOutcome,
  type Transaction,
} from "#kernel";
import { systemResource } from "../system.resource.ts";
import { accessByPolicy, obstacleTo, sectionsOf } from "./grants.decisions.ts";
import { refusal } from "./grants.refusals.ts";
import {
  activeGrants,
  countRequests,
  deleteRequest,
  findRecipients,
  findRecordHead,
  insertRequest,
  lockRequest,
  updateRequest,
  type AccessRequestRow,
} from "./grants.repo.ts";
import { fileSectionsOf, subjectWith, type KnownTypes, type LoadSubject } from "./grants.service.ts";

export interface GrantDeps {
  readonly types: KnownTypes;
  /** Without what is granted for a time. */
  readonly loadSubject: LoadSubject;
  /** The record as policies see it, undecided. */
  loadResource(
    db: Database | Transaction,
    engine: AccessEngine,
    record: { readonly type: string; readonly id: string },
  ): Promise<ResourceInstance | undefined>;
}

/** The only ways in which requests and grants change. The intent's `id` is the request's. */
export function grantIntents(deps: GrantDeps): readonly AnyIntent[] {
  const ownRequest = "asks for oneself, and takes back what one asked; it opens nothing";
  return [
    grantIntent("access.request", { kind: "self", because: ownRequest }, request, deps),
    grantIntent("access.withdrawRequest", { kind: "self", because: ownRequest }, withdrawRequest, deps),
    grantIntent("access.grant", answers, grant, deps),
    grantIntent("access.refuse", answers, refuse, deps),
    grantIntent("access.endGrant", answers, endGrant, deps),
  ];
}

const answers = { kind: "policy", resource: "*", action: "read" } as const;

type Apply<Name extends GrantIntentName> = (
  trx: Transaction,
  intent: { readonly id: string; readonly args: GrantIntentArgs<Name> },
  actor: Actor,
  deps: GrantDeps,
) => Promise<IntentOutcome>;

const grantIntent = <Name extends GrantIntentName>(
  name: Name,
  access: AnyIntent["access"],
  apply: Apply<Name>,
  deps: GrantDeps,
): AnyIntent =>
  defineIntent({
    name,
    collection: "accessRequests",
    args: grantIntentSchemas[name],
    access,
    apply: (trx, intent, actor) =>
      apply(trx, { id: intent.id, args: intent.args as GrantIntentArgs<Name> }, actor, deps),
  });

/* ---------- asking ---------- */

/** A day's worth of asking; more is a mistake, or somebody who feels for records with guessed ids. */
const REQUESTS_PER_DAY = 30;
const OPEN_REQUESTS = 50;
const RETRY_AFTER_MS = 3_600_000;

const request: Apply<"access.request"> = async (trx, { id, args }, actor, deps) => {
  const { engine, subject, context, now } = actor;
  const type = deps.types.get(args.type);
  const known = type && { type: "objectType", attributes: { name: type.name } };
  if (!type || !known || !engine.accessTo(subject, known, context).readable) throw refusal("access.type");
  checkSections(type, args.sections);
  checkUntil(args.until, now);
  const before = await countRequests(trx, { requester: subject.id, recordId: args.recordId, now });
  if (!before) throw refusal("access.onlyPeople");
  if (before.sinceYesterday >= REQUESTS_PER_DAY) throw refusal("access.tooMany", { retryAfterMs: RETRY_AFTER_MS });
  if (before.open >= OPEN_REQUESTS) throw refusal("access.tooManyOpen");
  if (before.sameRecord) throw refusal("access.alreadyAsked");

  // From here on the same is done, and the same is answered, whether there is such a record or not (VIS-3).
  const head = await findRecordHead(trx, args.recordId);
  const isThere = head?.type === type.name && !head.deleted;
  const resource = isThere ? await deps.loadResource(trx, engine, { type: type.name, id: args.recordId }) : undefined;
  const access = engine.accessTo(subject, resource ?? { type: type.name, attributes: {} }, context);
  const obstacle = obstacleTo(access, type, { level: args.level, sections: args.sections ?? sectionsOf(type) });
  const contact = engine.policies.find((policy) => policy.id === obstacle?.policyId)?.contact ?? "";
  const found = await findRecipients(trx, { contact, owner: head?.owner ?? null, except: subject.id });
  const isNew = await insertRequest(trx, {
    id,
    requester: subject.id,
    record_id: args.recordId,
    type: type.name,
    level: args.level,
    sections: args.sections ?? null,
    until: args.until,
    why: args.why,
    created_at: now,
    hidden: resource === undefined || !access.readable,
    recipients: resource === undefined ? [] : found,
  });
  if (!isNew) throw refusal("access.exists");
  await note(trx, actor, "access.requested", { id: args.recordId, type: type.name }, asked(args));
  await recordChanges(trx, [{ collection: "accessRequests", id }]);
  return { status: "applied" };
};

const asked = (args: {
  readonly level: GrantLevel;
  readonly sections?: readonly string[] | null | undefined;
  readonly until: string;
}) => ({ level: args.level, until: args.until, ...(args.sections ? { sections: [...args.sections] } : {}) });

/** As if it had never been asked; that it was is in the audit log. */
const withdrawRequest: Apply<"access.withdrawRequest"> = async (trx, { id }, actor) => {
  const row = await lockRequest(trx, id);
  if (row?.requester !== actor.subject.id) throw refusal("access.unknown");
  // A refusal that its requester is not told of (VIS-3) looks to them like a request that nobody has answered.
  if (row.state !== "open" && !(row.hidden && row.state === "refused")) throw refusal("access.answered");
  await deleteRequest(trx, id);
  await note(trx, actor, "access.requestWithdrawn", { id: row.record_id, type: row.type }, {});
  await recordChanges(trx, [{ collection: "accessRequests", id }]);
  return { status: "applied" };
};

/* ---------- answering ---------- */

const grant: Apply<"access.grant"> = async (trx, { id, args }, actor, deps) => {
  const { row, type, resource } = await lockToAnswer(trx, id, actor, deps);
  if (!resource) throw refusal("access.noRecord");
  checkSections(type, args.sections);
  checkUntil(args.until, actor.now);
  const sections = args.sections ?? row.sections ?? sectionsOf(type);
  const wanted = row.sections ?? sectionsOf(type);
  if ((args.level === "edit" && row.level === "read") || !sections.every((section) => wanted.includes(section)))
    throw refusal("access.wider");

  const own = accessByPolicy(actor.engine, actor.subject, resource, actor.context);
  if (!own.readable) throw refusal("access.noRecord");
  const lacking = obstacleTo(own, type, { level: args.level, sections });
  if (lacking)
    throw refusal("access.moreThanOwn", { problems: [aboutSection(type, lacking.section, "access.lacking")] });
  await checkEffect(trx, { row, type, resource, level: args.level, sections, until: args.until }, actor, deps);

  await updateRequest(trx, id, {
    state: "granted",
    ...answered(args.answer, actor),
    granted_level: args.level,
    granted_sections: sections,
    granted_until: args.until,
  });
  const details = { to: row.requester, ...asked({ ...args, sections }) };
  await note(trx, actor, "access.granted", { id: row.record_id, type: row.type }, details);
  await recordChanges(trx, [{ collection: "accessRequests", id }]);
  return { status: "applied" };
};

interface Given {
  readonly row: AccessRequestRow;
  readonly type: TypeDefinition;
  readonly resource: ResourceInstance;
  readonly level: GrantLevel;
  readonly sections: readonly string[];
  readonly until: string;
}

/** POL-2: a grant adds an allow, and what stands against it is said at once and by name, not found out by the requester. */
async function checkEffect(trx: Transaction, given: Given, actor: Actor, deps: GrantDeps): Promise<void> {
  const { row, type, resource, level, sections, until } = given;
  const requester = await deps.loadSubject(trx, row.requester);
  if (!requester) throw refusal("access.requesterGone");
  const others = await activeGrants(trx, row.requester, actor.now);
  const added = { recordId: row.record_id, type: type.name, level, sections, until };
  const subject = subjectWith(requester, [...others, added], fileSectionsOf(deps.types));
  const access = actor.engine.accessTo(subject, resource, { time: actor.now, channel: "desktop" });
  const obstacle = obstacleTo(access, type, { level, sections });
  if (!obstacle) return;
  const policy = actor.engine.policies.find((each) => each.id === obstacle.policyId);
  const words = policy && labelIn(policy.title, "en");
  throw refusal("access.denyStands", {
    problems: [
      {
        field: "sections",
        reason: "access.denyStands",
        message: [words ?? "a policy", policy?.contact].filter(Boolean).join("; ask "),
        ...(policy && { limit: policy.id }),
      },
    ],
  });
}

const refuse: Apply<"access.refuse"> = async (trx, { id, args }, actor, deps) => {
  const { row } = await lockToAnswer(trx, id, actor, deps);
  await updateRequest(trx, id, { state: "refused", ...answered(args.answer, actor) });
  await note(trx, actor, "access.refused", { id: row.record_id, type: row.type }, { to: row.requester });
  await recordChanges(trx, [{ collection: "accessRequests", id }]);
  return { status: "applied" };
};

const answered = (answer: string | undefined, actor: Actor) => ({
  answer: answer === undefined || answer === "" ? null : answer,
  answered_by: actor.subject.id,
  answered_at: actor.now,
});

const endGrant: Apply<"access.endGrant"> = async (trx, { id }, actor, deps) => {
  const row = await lockRequest(trx, id);
  const mayEnd =
    row !== undefined &&
    (row.answered_by === actor.subject.id || row.requester === actor.subject.id || (await mayAnswer(trx, row, actor)));
  if (!row || !mayEnd || !deps.types.get(row.type)) throw refusal("access.unknown");
  if (row.state !== "granted") throw refusal("access.notGranted");
  await updateRequest(trx, id, { state: "ended", ended_by: actor.subject.id, ended_at: actor.now });
  await note(trx, actor, "access.grantWithdrawn", { id: row.record_id, type: row.type }, { from: row.requester });
  await recordChanges(trx, [{ collection: "accessRequests", id }]);
  return { status: "applied" };
};

/** The request for whoever may answer it, while nobody has. To everybody else there is none. */
async function lockToAnswer(trx: Transaction, id: string, actor: Actor, deps: GrantDeps) {
  const row = await lockRequest(trx, id);
  const type = row && deps.types.get(row.type);
  if (!row || !type || row.requester === actor.subject.id || !(await mayAnswer(trx, row, actor)))
    throw refusal("access.unknown");
  if (row.state !== "open") throw refusal("access.answered");
  const head = await findRecordHead(trx, row.record_id);
  const isThere = head?.type === type.name && !head.deleted;
  const record = { type: type.name, id: row.record_id };
  return { row, type, resource: isThere ? await deps.loadResource(trx, actor.engine, record) : undefined };
}

/** Whoever it was put before, whose record it is by now, and administrators. */
async function mayAnswer(trx: Transaction, row: AccessRequestRow, { context, engine, subject }: Actor) {
  if (row.recipients.includes(subject.id)) return true;
  if ((await findRecordHead(trx, row.record_id))?.owner === subject.id) return true;
  return engine.may(subject, "administer", { type: systemResource.name, attributes: {} }, context).allowed;
}

/* ---------- what all of them check and write ---------- */

function checkSections(type: TypeDefinition, sections: readonly string[] | undefined): void {
  const known = sectionsOf(type);
  const unknown = sections?.find((section) => !known.includes(section));
  if (unknown !== undefined)
    throw refusal("access.section", { problems: [aboutSection(type, unknown, "access.section")] });
}

const aboutSection = (type: TypeDefinition, key: string, reason: string) => {
  const section = type.sections.find((each) => each.key === key);
  return { field: "sections", reason, message: section ? section.label.en : key, limit: key };
};

const DAY_MS = 86_400_000;

function checkUntil(until: string, now: string): void {
  const days = (Date.parse(until) - Date.parse(now)) / DAY_MS;
  if (days <= 0) throw refusal("access.over");
  if (days > grantLimits.longestDays) throw refusal("access.tooLong");
}

const note = (
  trx: Transaction,
  { principal, now }: Actor,
  action: string,
  record: { readonly id: string; readonly type: string },
  details: Readonly<Record<string, string | readonly string[]>>,
) =>
  recordAudit(trx, now, [
    { action, outcome: "done", by: auditActor(principal), object: { kind: record.type, id: record.id }, details },
  ]);
