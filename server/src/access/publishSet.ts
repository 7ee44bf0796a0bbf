import type { CheckReply } from "@kontor/shared/access";
import type { Clock } from "@kontor/shared/base";
import { recordAudit, type AuditActor, type AuditEntry, type Log, type Transaction } from "#kernel";
import { refuseFaults, type PolicyScope } from "./policy.check.ts";
import { diffPolicies } from "./policy.diff.ts";
import { insertSet, sha256Of, type PolicySet, type PolicySource } from "./policySet.repo.ts";

export interface Publication {
  /** Without those that are part of every set. */
  readonly own: readonly unknown[];
  readonly source: PolicySource;
  readonly by: string | null;
  /** Absent: the server itself. */
  readonly actor?: AuditActor | undefined;
  readonly title?: string | null | undefined;
  readonly revertOf?: number | undefined;
  /** What the audit log is told besides. */
  readonly details?: AuditEntry["details"];
}

/** Runs under the lock: what it throws, publishes nothing. */
export type Publishing = (trx: Transaction, newest: PolicySet) => Promise<Publication>;

export interface PublishDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly typesSha256: string;
  check(policies: readonly unknown[]): Promise<CheckReply>;
  /** Until the transaction ends, nobody else publishes, nor changes who may administer. */
  lock(trx: Transaction): Promise<void>;
}

/** In the audit log; which they all are can be read from the sets themselves. */
const MAX_IDS = 100;

/** POL-8, POL-9: checks, stores and notes it, in the caller's transaction and under the caller's lock. */
export async function publishSet(
  trx: Transaction,
  deps: PublishDeps,
  publication: Publication,
  newest: PolicySet | undefined,
): Promise<PolicySet> {
  refuseFaults(await deps.check(publication.own));
  const set = await storeSet(trx, deps, publication);
  const { rev, source, policyCount, revertOf, title } = set;
  const { added, removed, changed } = diffPolicies(newest?.policies ?? [], publication.own);
  await recordAudit(trx, new Date(deps.clock.now()).toISOString(), [
    {
      action: source === "revert" ? "access.reverted" : "access.published",
      outcome: "done",
      ...(publication.actor && { by: publication.actor }),
      object: { kind: "policySet", id: String(rev), ...(title !== null && { title }) },
      details: {
        rev,
        source,
        policies: policyCount,
        ...(newest && { before: newest.rev }),
        ...(revertOf !== null && { revertOf }),
        ...idsOf("added", added),
        ...idsOf("removed", removed),
        ...idsOf("changed", changed),
        ...publication.details,
      },
    },
  ]);
  deps.log.info({ rev, policies: policyCount, source }, "policies published");
  return set;
}

/** Without a check: only for what was published before, or is kept beside what is. */
export const storeSet = (
  trx: Transaction,
  { typesSha256 }: Pick<PublishDeps, "typesSha256">,
  { own, source, by, title, revertOf }: Publication,
): Promise<PolicySet> =>
  insertSet(trx, { policies: own, policyCount: own.length, source, by, title, revertOf, typesSha256 });

const idsOf = (name: string, policies: readonly { readonly id: string }[]) =>
  policies.length === 0
    ? {}
    : { [name]: policies.slice(0, MAX_IDS).map(({ id }) => id), [`${name}Count`]: policies.length };

/** Equal where every policy means the same: what the types say to policies, and what is part of every set. */
export const typesSha256Of = ({ resources, subjectAttributes, builtIn }: PolicyScope): string =>
  sha256Of({
    subjectAttributes,
    builtIn,
    resources: resources.map(({ name, sections, attributes, actions, onlyByName = false }) => ({
      name,
      sections,
      attributes,
      actions,
      onlyByName,
    })),
  });
