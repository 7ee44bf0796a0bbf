import {
  type AccessEngine,
  type AttributeKind,
  type CheckReply,
  type Context,
  nobody,
  type Policy,
  type ResourceType,
  type Subject,
} from "@kontor/shared/access";
import { DomainError, systemClock, type Clock } from "@kontor/shared/base";
import { ringOnCommit, type Database, type Doorbell, type Log, type Principal, type Transaction } from "#kernel";
import { checkOf, invalidPolicies, readPolicies, withoutBuiltIn, type PolicyScope } from "./policy.check.ts";
import { settlePolicies, withoutSystemDenies, type StaleFault } from "./policy.settle.ts";
import { findSet, lockSets, newestRev, newestSet, type PolicySet, type PolicySetHead } from "./policySet.repo.ts";
import { publishSet, typesSha256Of, type PublishDeps, type Publishing } from "./publishSet.ts";
import { startWithPacks } from "./startWithPacks.ts";
import { administratorPolicy, systemResource } from "./system.resource.ts";

/**
 * Which set of policies is in force, on every node.
 *
 * - POL-8 A set is checked against the types, asked its examples, and then comes into force as a whole: one row, written
 *   under a lock that makes publishing one at a time over all nodes.
 * - POL-9 No set comes into force with which no active administrator could administer the server.
 * - VIS-5 Whoever is loaded with `loadSubject` or `subjectOf` is decided by a set at least as new as the newest that was
 *   committed when the loading began: both look, in the same moment, whether another was published. The doorbell rings
 *   with the commit, so that nodes on which nobody asks anything take devices' rows away as well.
 */

export interface AccessDeps {
  readonly db: Database;
  readonly log: Log;
  /** The types that policies speak of, each with its `attributeSql`; `system` is added. */
  readonly resources: readonly ResourceType[];
  /** What the installed packs say, not yet checked. */
  readonly policies: readonly unknown[];
  /** Part of every set, besides the one that lets administrators administer. */
  readonly builtIn?: readonly Policy[];
  /** Attributes of subjects beyond the built-in ones. */
  readonly subjectAttributes?: Readonly<Record<string, AttributeKind>>;
  /** Undefined: there is no such active user. */
  loadSubject(userId: string): Promise<Subject | undefined>;
  /** POL-9 asks for each of them whether they may still administer. */
  loadAdministrators(): Promise<readonly Subject[]>;
  /**
   * POL-9: until the transaction ends, nobody changes who the administrators are. A set that lets only Anna administer and a change that
   * takes Anna away each look right alone.
   */
  holdPeople?(trx: Transaction): Promise<void>;
  /** Tells of sets published by other nodes and by the command line; without it they are noticed when somebody asks. */
  readonly doorbell?: Pick<Doorbell, "onRing">;
  readonly clock?: Clock;
}

export interface AccessService {
  /** The set in force; ask anew for every act, since it is replaced when a set is published. */
  engine(): AccessEngine;
  published(): PolicySetHead;
  /** As written, without those that are part of every set. */
  policies(): readonly unknown[];
  /** What the installed packs say. */
  packs(): readonly unknown[];
  /** What policies may speak of, and which are part of every set. */
  scope(): PolicyScope;
  /** What of the set in force does not fit the types any more. */
  stale(): readonly StaleFault[];
  /** Called after another set came into force, on whichever node it was published; returns how to stop listening. */
  onPublished(listener: (engine: AccessEngine) => void): () => void;
  /** Takes the newest set into force, if this node has not heard of it. */
  refresh(): Promise<void>;
  /** Undefined when the user is gone or disabled. */
  loadSubject(userId: string): Promise<Subject | undefined>;
  /** Throws `unauthenticated` when the user is gone or disabled. */
  subjectOf(userId: string): Promise<Subject>;
  contextOf(principal: Pick<Principal, "channel" | "deviceId" | "deviceTrusted" | "factorLevel">, ip: string): Context;
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  /** Whether the set in force lets this subject administer, at the console and now (POL-9). */
  mayAdminister(subject: Subject): boolean;
  /** What speaks against publishing this list, without publishing it. */
  check(policies: readonly unknown[]): Promise<CheckReply>;
  /** An engine of a list that is not published; throws `invalid` with every fault. */
  compile(policies: readonly unknown[], rev: string): AccessEngine;
  /** POL-8, POL-9: all of it or nothing; throws `invalid` with every fault and its place. */
  publish(policies: readonly unknown[], by: string): Promise<{ readonly rev: string }>;
  /** The same under the lock, with what is published decided of the set in force at that moment. */
  replace(decide: Publishing): Promise<PolicySet>;
  /** The published set with this number. Throws `notFound`. */
  setOf(rev: string): Promise<PolicySet>;
  close(): void;
}

const POLL_MS = 10_000; // a ring may get lost with its connection

/** Publishes what the packs say if it is new, and holds the engine of the set in force. */
export async function createAccess(deps: AccessDeps): Promise<AccessService> {
  const { db, log, subjectAttributes = {}, clock = systemClock } = deps;
  const scope: PolicyScope = {
    resources: [...deps.resources, systemResource],
    subjectAttributes,
    builtIn: [administratorPolicy, ...(deps.builtIn ?? [])],
  };
  const listeners = new Set<(engine: AccessEngine) => void>();

  async function check(policies: readonly unknown[]): Promise<CheckReply> {
    const read = readPolicies(policies, scope, "draft");
    if (!read.ok) return { publishable: false, faults: [...read.faults], examples: [] };
    return checkOf(read.engine, await isLockOut(read.engine));
  }

  /** POL-9. Before the first administrator exists, any will do. */
  async function isLockOut(draft: AccessEngine): Promise<boolean> {
    const administrators = await deps.loadAdministrators();
    const candidates = administrators.length > 0 ? administrators : [{ ...nobody, isAdmin: true }];
    return !candidates.some((subject) => mayAdministerBy(draft, subject));
  }

  const mayAdministerBy = (engine: AccessEngine, subject: Subject): boolean => {
    const context: Context = { time: new Date(clock.now()).toISOString(), channel: "console" };
    return engine.may(subject, "administer", SYSTEM, context).allowed;
  };

  function compile(policies: readonly unknown[], rev: string): AccessEngine {
    const read = readPolicies(policies, scope, rev);
    if (!read.ok) throw invalidPolicies(read.faults);
    return read.engine;
  }

  /** Of publishing: people first, since whoever changes them looks at the sets. */
  async function lock(trx: Transaction): Promise<void> {
    await deps.holdPeople?.(trx);
    await lockSets(trx);
  }

  const publishDeps: PublishDeps = { log, clock, check, typesSha256: typesSha256Of(scope), lock };

  /* ---------- which is in force ---------- */

  interface InForce {
    readonly set: PolicySet;
    readonly engine: AccessEngine;
    readonly stale: readonly StaleFault[];
  }

  async function settle(set: PolicySet): Promise<InForce> {
    const settled = settlePolicies(set.policies, scope, String(set.rev));
    if (settled.stale.length === 0) return { set, ...settled };
    for (const { policyId, place, words, effect } of settled.stale)
      log.error({ rev: set.rev, policyId, place, words, effect }, "a policy in force no longer fits the types");
    if (!(await isLockOut(settled.engine))) return { set, ...settled };
    const open = settlePolicies(withoutSystemDenies(set.policies, settled.stale), scope, String(set.rev));
    return { set, engine: open.engine, stale: settled.stale };
  }

  let inForce = await settle(await startWithPacks(db, deps.policies, publishDeps));

  async function adopt(set: PolicySet): Promise<void> {
    if (set.rev <= inForce.set.rev) return;
    const next = await settle(set);
    // Of two that were published at once, the later one stays in force whichever was settled first.
    if (set.rev <= inForce.set.rev) return;
    inForce = next;
    for (const listener of listeners) {
      try {
        listener(next.engine);
      } catch (error) {
        log.error({ err: error, rev: set.rev }, "a listener did not take the new policies");
      }
    }
  }

  async function look(): Promise<void> {
    const newest = await newestRev(db);
    if (newest === undefined || newest <= inForce.set.rev) return;
    const set = await newestSet(db);
    if (!set) return;
    await adopt(set);
    log.info({ rev: set.rev }, "policies published elsewhere are in force");
  }

  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  /** Joins a look that has not begun, never one that has: that one may have read before the set was committed. */
  function refresh(): Promise<void> {
    waiting ??= (async () => {
      await running?.catch(() => undefined);
      waiting = undefined;
      running = look();
      await running;
    })();
    return waiting;
  }

  const refreshSoon = () =>
    void refresh().catch((error: unknown) => log.warn({ err: error }, "whether policies were published is unknown"));
  const stopListening = deps.doorbell?.onRing(refreshSoon);
  const poll = deps.doorbell && setInterval(refreshSoon, POLL_MS).unref();

  /* ---------- publishing ---------- */

  let publishing: Promise<unknown> = Promise.resolve();
  /** One at a time here, too: those that wait for the table's lock would hold every connection that its owner needs. */
  function replace(decide: Publishing): Promise<PolicySet> {
    const published = publishing.then(async () => {
      const set = await db.transaction().execute(async (trx) => {
        await lock(trx);
        const newest = await newestSet(trx);
        if (!newest) throw new Error("no set of policies is in force");
        const next = await publishSet(trx, publishDeps, await decide(trx, newest), newest);
        await ringOnCommit(trx);
        return next;
      });
      await adopt(set);
      return set;
    });
    publishing = published.catch(() => undefined);
    return published;
  }

  async function loadSubject(userId: string): Promise<Subject | undefined> {
    const [subject] = await Promise.all([deps.loadSubject(userId), refresh()]);
    return subject;
  }

  async function subjectOf(userId: string): Promise<Subject> {
    const subject = await loadSubject(userId);
    if (!subject) throw new DomainError("unauthenticated", "This account is not active.", { reason: "account.off" });
    return subject;
  }

  const contextOf: AccessService["contextOf"] = ({ channel, deviceId, deviceTrusted, factorLevel }, ip) => ({
    time: new Date(clock.now()).toISOString(),
    ip,
    deviceId,
    deviceTrusted,
    factorLevel,
    channel,
    offline: false,
  });

  return {
    engine: () => inForce.engine,
    published: () => headOf(inForce.set),
    policies: () => inForce.set.policies,
    packs: () => deps.policies,
    scope: () => scope,
    stale: () => inForce.stale,
    onPublished(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    loadSubject,
    subjectOf,
    contextOf,
    async maySystem(principal, action, ip) {
      const subject = await subjectOf(principal.userId);
      return inForce.engine.may(subject, action, SYSTEM, contextOf(principal, ip)).allowed;
    },
    mayAdminister: (subject) => mayAdministerBy(inForce.engine, subject),
    check,
    compile,
    async publish(policies, by) {
      const own = withoutBuiltIn(policies, scope);
      const { rev } = await replace(async () => ({ own, source: "administrator", by, actor: { userId: by } }));
      return { rev: String(rev) };
    },
    replace,
    async setOf(rev) {
      const set = /^\d{1,15}$/.test(rev) ? await findSet(db, Number(rev)) : undefined;
      if (!set)
        throw new DomainError("notFound", `No set of policies has the number ${rev}.`, { reason: "access.noVersion" });
      return set;
    },
    close() {
      stopListening?.();
      clearInterval(poll);
    },
  };
}

const SYSTEM = { type: systemResource.name, attributes: {} };

const headOf = ({ policies: _policies, ...head }: PolicySet): PolicySetHead => head;
