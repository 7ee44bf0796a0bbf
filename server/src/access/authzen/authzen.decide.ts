import {
  hintOf,
  type AccessEngine,
  type Context,
  type DecisionReason,
  type ResourceInstance,
  type Subject,
} from "@kontor/shared/access";
import { DomainError, isId, type Json, type Label } from "@kontor/shared/base";
import type { EndpointRequest, Principal } from "#kernel";
import type { AccessService } from "../access.service.ts";
import type { AuthzenDecision, EvaluationRequest } from "./authzen.schema.ts";

/**
 * Deciding for other systems. What they say of a subject or of a record that stands here is not believed: the truth about
 * both is our own directory and database, so nothing said from outside can widen what somebody may do.
 *
 * - Everybody may ask about themselves, as things are now: no supposed time or address, no described resource. Without that
 *   a user could try conditions until the answer changes, and so learn of records and policies (VIS-2, POL-5).
 * - Whoever has `evaluate` on `system` may ask about anybody, suppose a context, and describe a resource that is no record
 *   here (its id is not one of ours, and its properties are given).
 * - Who or what is unknown here is denied, and the answer is the one for what cannot be seen.
 */
export interface AuthzenDeps {
  readonly access: AccessService;
  /** Undefined: there is none. */
  loadResource(type: string, id: string): Promise<ResourceInstance | undefined>;
  /** An active person (`user`) by id or sign-in name, or a service (`service`) by id or key. */
  findSubject(type: string, id: string): Promise<Subject | undefined>;
}

type SubjectEntity = EvaluationRequest["subject"];
type ResourceEntity = EvaluationRequest["resource"];
type SuppliedContext = EvaluationRequest["context"];

/** Who asks, with what holds for all questions of one request. */
export interface Asker {
  readonly principal: Principal;
  readonly mayAskAll: boolean;
  readonly context: Context;
  readonly engine: AccessEngine;
  findSubject(entity: SubjectEntity): Promise<Subject | undefined>;
  findResource(entity: ResourceEntity): Promise<ResourceInstance | undefined>;
}

export async function askerOf(deps: AuthzenDeps, { principal, ip }: EndpointRequest): Promise<Asker> {
  if (!principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
  const { access } = deps;
  const mayAskAll = await access.maySystem(principal, "evaluate", ip);
  const subjects = remember((type: string, id: string) => deps.findSubject(type, id));
  const resources = remember((type: string, id: string) => deps.loadResource(type, id));
  const engine = access.engine();

  return {
    principal,
    mayAskAll,
    context: access.contextOf(principal, ip),
    engine,
    async findSubject({ type, id }) {
      if (isSelf(principal, type, id)) return access.subjectOf(principal.userId);
      if (!mayAskAll)
        throw new DomainError("forbidden", "Asking about others needs the right to `evaluate`. Ask about yourself.", {
          reason: "access.system",
        });
      return subjects(type, id);
    },
    async findResource({ type, id, properties }) {
      if (!engine.resources.some(({ name }) => name === type)) return undefined;
      const stored = await resources(type, id);
      if (stored || !mayAskAll || properties === undefined || isId(id)) return stored;
      return { type, attributes: properties };
    },
  };
}

export async function evaluate(asker: Asker, question: EvaluationRequest): Promise<AuthzenDecision> {
  const subject = await asker.findSubject(question.subject);
  const resource = subject && (await asker.findResource(question.resource));
  const context = contextFor(asker, question.subject, question.context);
  const ignored = ignoredOf(asker, question, resource);
  const decided = decide(asker, { subject, action: question.action.name, resource, context });
  const more = { ...decided.context, ...(ignored.length > 0 && { ignored }) };
  return { decision: decided.decision, ...(Object.keys(more).length > 0 && { context: more }) };
}

interface Question {
  readonly subject: Subject | undefined;
  readonly action: string;
  readonly resource: ResourceInstance | undefined;
  readonly context: Context;
}

function decide({ engine, mayAskAll }: Asker, { subject, action, resource, context }: Question): AuthzenDecision {
  if (!subject || !resource) return unseen;
  const isSeen = isReadable(engine, subject, resource, context);
  if (!isSeen && !mayAskAll) return unseen;
  if (engine.may(subject, action, resource, context).allowed) return { decision: true };
  if (!isSeen) return unseen;
  const { reason, decidedBy } = hintOf(engine.explain(subject, action, resource, context));
  return {
    decision: false,
    context: { id: reason, reason_user: wordsOf(reason), ...(decidedBy && { policy: { ...decidedBy } }) },
  };
}

/** For whatever the subject sees nothing of: it is not there, it is of no type we know, or it may not be read. */
const unseen: AuthzenDecision = {
  decision: false,
  context: {
    id: "not-visible",
    reason_user: {
      en: "There is no such thing, or it is not for you to see.",
      ru: "Такого нет, или у вас нет права это видеть.",
    },
  },
};

/** What is not read at all (a type without `read`) is not hidden either. */
export function isReadable(engine: AccessEngine, subject: Subject, resource: ResourceInstance, context: Context) {
  const type = engine.resources.find(({ name }) => name === resource.type);
  return type?.actions.includes("read") !== true || engine.accessTo(subject, resource, context).readable;
}

const REFUSED: Label = { en: "The rules in force do not allow it.", ru: "Действующие правила этого не разрешают." };
const DENIED: Label = { en: "A rule forbids it.", ru: "Это запрещает одно из правил." };
const wordsOf = (reason: DecisionReason): Label => (reason === "denied" ? DENIED : REFUSED);

/** As it is now for the asker; who may ask for all may suppose another one, and then nothing of the asker's own holds. */
export function contextFor(
  asker: Asker,
  subject: Pick<SubjectEntity, "type"> & { id?: string | undefined },
  supplied: SuppliedContext,
): Context {
  const { principal, mayAskAll, context } = asker;
  if (!mayAskAll) return context;
  const { time, ip, channel, offline } = supplied ?? {};
  const now: Context =
    subject.id !== undefined && isSelf(principal, subject.type, subject.id)
      ? context
      : { time: context.time, channel: "api", offline: false };
  return {
    ...now,
    ...(time !== undefined && { time: new Date(time).toISOString() }),
    ...(ip !== undefined && { ip }),
    ...(channel !== undefined && { channel }),
    ...(offline !== undefined && { offline }),
  };
}

/** The subject's attributes are what our directory says, and a record's are what stands in it. */
function ignoredOf(
  { mayAskAll }: Asker,
  { subject, resource, action, context }: EvaluationRequest,
  decided: ResourceInstance | undefined,
): string[] {
  const given = (value: Readonly<Record<string, Json>> | undefined) => Object.keys(value ?? {}).length > 0;
  return [
    ...(given(subject.properties) ? ["subject.properties"] : []),
    ...(given(action.properties) ? ["action.properties"] : []),
    ...(given(resource.properties) && decided?.attributes !== resource.properties ? ["resource.properties"] : []),
    ...(given(context as Record<string, Json> | undefined) && !mayAskAll ? ["context"] : []),
  ];
}

function isSelf({ isService, userId, login }: Principal, type: string, id: string): boolean {
  if (type !== (isService ? "service" : "user")) return false;
  const own = isService ? login.replace(/^service:/, "") : login;
  return id === userId || id.toLowerCase() === own;
}

/** Many questions of one request are about the same few things. */
function remember<T>(load: (type: string, id: string) => Promise<T>): (type: string, id: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (type, id) => {
    const key = JSON.stringify([type, id]);
    const found = known.get(key) ?? load(type, id);
    known.set(key, found);
    return found;
  };
}
