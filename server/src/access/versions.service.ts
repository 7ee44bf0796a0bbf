import type { PolicyDiff } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { auditActor, type AuditActor, type Database } from "#kernel";
import type { AccessService } from "./access.service.ts";
import type { NamesOf } from "./access.presenter.ts";
import { getDraft, publishedMeanwhile, type DraftActor } from "./drafts.service.ts";
import { diffPolicies } from "./policy.diff.ts";
import { findPrevious, findSet, listHeads, type PolicySet, type PolicySetHead } from "./policySet.repo.ts";

export interface VersionsDeps {
  readonly db: Database;
  readonly access: AccessService;
  readonly namesOf: NamesOf;
}

/** What was ever in force, how it differs, and the way back (POL-8, POL-9). */
export interface Versions {
  /** Newest first. */
  list(page: { readonly before?: number | undefined; readonly limit: number }): Promise<readonly PolicySetHead[]>;
  /** Each is a version's number or `draft:<id>`. */
  diff(from: string, to: string): Promise<PolicyDiff>;
  /** Whoever published the set in force, with the set before it; whether they may administer is not asked. */
  revertibleBy(
    userId: string,
  ): Promise<{ readonly inForce: PolicySetHead; readonly previous: PolicySetHead } | undefined>;
  /** For administrators; `confirm` is the number of the version, typed. */
  revert(rev: string, input: Confirmed, by: DraftActor): Promise<PolicySet>;
  /** The set in force, by who published it, to the one before it; `confirm` is that one's number. */
  takeBack(input: Confirmed, by: DraftActor): Promise<PolicySet>;
  /** By somebody with a shell on the server: the way back when nobody can administer any more. */
  revertByHand(rev: string): Promise<PolicySet>;
}

interface Confirmed {
  /** The set in force that the caller looked at. */
  readonly baseRev: string;
  readonly confirm: string;
}

export function createVersions({ db, access, namesOf }: VersionsDeps): Versions {
  async function policiesOf(side: string): Promise<readonly unknown[]> {
    const draftId = /^draft:(.+)$/.exec(side)?.[1];
    if (draftId !== undefined) return (await getDraft(db, draftId)).policies;
    return (await access.setOf(side)).policies;
  }

  async function goBack(
    newest: PolicySet,
    target: PolicySet | undefined,
    { rev, input, by }: { rev: string; input: Confirmed; by: DraftActor },
  ) {
    if (String(newest.rev) !== input.baseRev) throw await publishedMeanwhile(newest, namesOf);
    if (input.confirm.trim() !== rev)
      throw new DomainError("invalid", `To go back, type the number of the version: ${rev}`, {
        reason: "access.confirm",
        params: { rev },
      });
    const { principal, ip } = by;
    return reverting(target, { newest, rev, by: principal.userId, actor: auditActor(principal, ip) });
  }

  return {
    list: (page) => listHeads(db, page),
    diff: async (from, to) => diffPolicies(await policiesOf(from), await policiesOf(to)),
    async revertibleBy(userId) {
      await access.refresh();
      const inForce = access.published();
      if (inForce.publishedBy !== userId) return undefined;
      const previous = await findPrevious(db, inForce);
      return previous && { inForce, previous };
    },
    revert: (rev, input, by) =>
      access.replace(async (trx, newest) => goBack(newest, await findSet(trx, Number(rev)), { rev, input, by })),
    takeBack: (input, by) =>
      access.replace(async (trx, newest) => {
        if (newest.publishedBy !== by.principal.userId) throw notYours();
        const previous = await findPrevious(trx, newest);
        if (!previous) throw notYours();
        return goBack(newest, previous, { rev: String(previous.rev), input, by });
      }),
    revertByHand: (rev) =>
      access.replace(async (_trx, newest) =>
        reverting(await access.setOf(rev), { newest, rev, by: null, actor: { channel: "cli" } }),
      ),
  };
}

/** What is published to go back to a version; checked against the types and examples of today like any other. */
function reverting(
  target: PolicySet | undefined,
  { newest, rev, by, actor }: { newest: PolicySet; rev: string; by: string | null; actor: AuditActor },
) {
  if (!target)
    throw new DomainError("notFound", `No set of policies has the number ${rev}.`, { reason: "access.noVersion" });
  if (target.rev === newest.rev)
    throw new DomainError("invalid", `Version ${rev} is in force already.`, { reason: "access.inForce" });
  const { title, policies } = target;
  return { own: policies, source: "revert" as const, by, actor, title, revertOf: target.rev };
}

const notYours = () =>
  new DomainError(
    "forbidden",
    "Only who published the set in force may take it back without an administrator's rights, to the one before it.",
    { reason: "access.system" },
  );
