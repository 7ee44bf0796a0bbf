import {
  type AccessEngine,
  type AttributeKind,
  type Context,
  createAccessEngine,
  type ExampleFailure,
  faultsToText,
  nobody,
  parsePolicies,
  type Policy,
  type ResourceType,
  runExamples,
  type Subject,
} from "@kontor/shared/access";
import { DomainError, systemClock, type Clock } from "@kontor/shared/base";
import type { Database, Log, Principal, Transaction } from "#kernel";
import {
  insertSet,
  lockSets,
  newestPackHash,
  newestSet,
  type PolicySet,
  type PolicySource,
  sha256Of,
} from "./policySet.repo.ts";
import { administratorPolicy, systemResource } from "./system.resource.ts";

export interface AccessDeps {
  readonly db: Database;
  readonly log: Log;
  /** The types that policies speak of, each with its `attributeSql`; `system` is added. */
  readonly resources: readonly ResourceType[];
  /** What the installed packs say, not yet checked. */
  readonly policies: readonly unknown[];
  /** Part of every set and of no draft: they are not stored with it, and cannot be edited away. */
  readonly builtIn?: readonly Policy[];
  /** Attributes of subjects beyond the built-in ones. */
  readonly subjectAttributes?: Readonly<Record<string, AttributeKind>>;
  /** Undefined: there is no such active user. */
  loadSubject(userId: string): Promise<Subject | undefined>;
  /** POL-9 asks for each of them whether they may still administer. */
  loadAdministrators(): Promise<readonly Subject[]>;
  readonly clock?: Clock;
}

export interface AccessService {
  /** The set in force; ask anew for every act, since it is replaced when a set is published. */
  engine(): AccessEngine;
  published(): Omit<PolicySet, "policies">;
  /** Called after another set came into force; returns how to stop listening. */
  onPublished(listener: (engine: AccessEngine) => void): () => void;
  /** Throws `unauthenticated` when the user is gone or disabled. */
  subjectOf(userId: string): Promise<Subject>;
  contextOf(principal: Pick<Principal, "channel" | "deviceId">, ip: string): Context;
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  /** POL-8, POL-9: all of it or nothing; throws `invalid` with every fault and its place. */
  publish(policies: readonly unknown[], by: string): Promise<{ readonly rev: string }>;
}

/** Publishes what the packs say if it is new, and holds the engine of the set in force. */
export async function createAccess(deps: AccessDeps): Promise<AccessService> {
  const { db, log, subjectAttributes = {}, builtIn = [], clock = systemClock } = deps;
  const builtInIds = new Set(builtIn.map(({ id }) => id));
  const resources = [...deps.resources, systemResource];
  const listeners = new Set<(engine: AccessEngine) => void>();

  const engineOf = (policies: unknown, rev: string): AccessEngine => {
    // After the others, so that a fault's index is that of the list which was given.
    const parsed = parsePolicies(Array.isArray(policies) ? [...policies, ...builtIn] : policies, resources, {
      subjectAttributes,
    });
    if (!parsed.ok) throw invalidPolicies(faultsToText(parsed.faults), parsed.faults);
    return createAccessEngine({ policies: parsed.policies, resources, rev, subjectAttributes });
  };

  async function publishIn(trx: Transaction, policies: readonly unknown[], source: PolicySource, by: string | null) {
    const draft = engineOf(withAdministrators(policies), "draft");
    const failures = runExamples(draft);
    if (failures.length > 0) throw failedExamples(failures);
    await refuseLockOut(draft);
    const written = draft.policies.filter(({ id }) => !builtInIds.has(id));
    const set = await insertSet(trx, { policies: written, source, by });
    log.info({ rev: set.rev, policies: written.length, source }, "policies published");
    return set;
  }

  /** POL-9. Before the first administrator exists, any will do. */
  async function refuseLockOut(draft: AccessEngine): Promise<void> {
    const administrators = await deps.loadAdministrators();
    const candidates = administrators.length > 0 ? administrators : [{ ...nobody, isAdmin: true }];
    const context = consoleContext(clock);
    const system = { type: systemResource.name, attributes: {} };
    if (candidates.some((subject) => draft.may(subject, "administer", system, context).allowed)) return;
    const reason = "access.lockOut";
    throw new DomainError("invalid", "With these policies no active administrator could administer the server.", {
      reason,
    });
  }

  let set = await db.transaction().execute(async (trx) => {
    await lockSets(trx);
    const changed = (await newestPackHash(trx)) !== sha256Of(withAdministrators(deps.policies));
    const newest = changed ? undefined : await newestSet(trx);
    return newest ?? publishIn(trx, deps.policies, "packs", null);
  });
  let engine = engineOf(set.policies, String(set.rev));

  async function subjectOf(userId: string): Promise<Subject> {
    const subject = await deps.loadSubject(userId);
    if (!subject) throw new DomainError("unauthenticated", "This account is not active.", { reason: "account.off" });
    return subject;
  }

  const contextOf: AccessService["contextOf"] = ({ channel, deviceId }, ip) => ({
    time: new Date(clock.now()).toISOString(),
    ip,
    deviceId,
    channel,
    offline: false,
  });

  return {
    engine: () => engine,
    published: () => ({ rev: set.rev, publishedAt: set.publishedAt, publishedBy: set.publishedBy }),
    onPublished(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    subjectOf,
    contextOf,
    async maySystem(principal, action, ip) {
      const system = { type: systemResource.name, attributes: {} };
      return engine.may(await subjectOf(principal.userId), action, system, contextOf(principal, ip)).allowed;
    },
    async publish(policies, by) {
      const published = await db.transaction().execute(async (trx) => {
        await lockSets(trx);
        return publishIn(trx, policies, "administrator", by);
      });
      // Of two that were published at once, the later one stays in force whichever answer arrives first.
      if (published.rev > set.rev) {
        set = published;
        engine = engineOf(set.policies, String(set.rev));
        for (const listener of listeners) listener(engine);
      }
      return { rev: String(published.rev) };
    },
  };
}

const withAdministrators = (policies: readonly unknown[]): readonly unknown[] => [
  administratorPolicy,
  ...policies.filter((policy) => (policy as Partial<Policy> | null)?.id !== administratorPolicy.id),
];

const consoleContext = (clock: Clock): Context => ({ time: new Date(clock.now()).toISOString(), channel: "console" });

function invalidPolicies(text: string, faults: readonly { path: string; words: string }[]): DomainError {
  const problems = faults.map(({ path, words }) => ({
    field: `policies${path}`,
    reason: "policy.invalid",
    message: words,
  }));
  return new DomainError("invalid", `The policies do not fit:\n${text}`, { reason: "access.policies", problems });
}

function failedExamples(failures: readonly ExampleFailure[]): DomainError {
  const problems = failures.map(({ policyId, at, name, expected }) => ({
    field: `${policyId}${at}`,
    reason: "policy.example",
    message: `expects ${expected}${name === undefined ? "" : ` (${name})`}, and the policies say the opposite`,
  }));
  const text = problems.map(({ field, message }) => `${field} ${message}`).join("\n");
  return new DomainError("invalid", `Examples of the policies fail:\n${text}`, { reason: "access.examples", problems });
}
