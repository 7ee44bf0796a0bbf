import { newId } from "@kontor/shared/base";
import { ringOnCommit, type Database, type Transaction } from "#kernel";
import { refuseFaults } from "./policy.check.ts";
import { mergePolicies } from "./policy.merge.ts";
import { insertDraft } from "./policyDraft.repo.ts";
import { newestSet, newestSetOfPacks, sha256Of, type PolicySet } from "./policySet.repo.ts";
import { publishSet, storeSet, type PublishDeps } from "./publishSet.ts";

/**
 * The set that is in force when the server has started. Packs that say something else than before are published; where
 * an administrator's set is in force, their changes are merged into it. Two nodes that start at once wait for each
 * other, and the second finds nothing left to do.
 */
export function startWithPacks(db: Database, packs: readonly unknown[], deps: PublishDeps): Promise<PolicySet> {
  return db.transaction().execute(async (trx) => {
    await deps.lock(trx);
    const [newest, ofPacks] = [await newestSet(trx), await newestSetOfPacks(trx)];
    const set = await nextSet(trx, { packs, newest, ofPacks, deps });
    if (set.rev !== newest?.rev) await ringOnCommit(trx);
    return set;
  });
}

interface Start {
  /** Now. */
  readonly packs: readonly unknown[];
  readonly newest: PolicySet | undefined;
  /** Before. */
  readonly ofPacks: PolicySet | undefined;
  readonly deps: PublishDeps;
}

async function nextSet(trx: Transaction, start: Start): Promise<PolicySet> {
  const { packs, newest, ofPacks, deps } = start;
  const isChanged = ofPacks?.sha256 !== sha256Of(packs);
  if (newest && !isChanged) return newest.typesSha256 === deps.typesSha256 ? newest : storeAgain(trx, newest, deps);
  if (!newest || !ofPacks || newest.source === "packs")
    return publishSet(trx, deps, { own: packs, source: "packs", by: null }, newest);
  return mergePacks(trx, { ...start, newest, ofPacks });
}

/**
 * The same policies mean something else with other types. As a new set it makes every device be looked at again; whoever
 * published it is still who may take it back.
 */
const storeAgain = (trx: Transaction, newest: PolicySet, deps: PublishDeps): Promise<PolicySet> =>
  storeSet(trx, deps, { ...asPublished(newest), own: newest.policies });

const asPublished = ({ source, publishedBy, title, revertOf }: PolicySet) => ({
  source,
  by: publishedBy,
  title,
  ...(revertOf !== null && { revertOf }),
});

/** Both sets are stored, so that the next change of the packs is compared with this one; the second is in force. */
async function mergePacks(
  trx: Transaction,
  { packs, newest, ofPacks, deps }: Start & { newest: PolicySet; ofPacks: PolicySet },
): Promise<PolicySet> {
  refuseFaults(await deps.check(packs));
  const { policies, conflicts } = mergePolicies(ofPacks.policies, newest.policies, packs);
  await storeSet(trx, deps, { own: packs, source: "packs", by: null });
  const refused = await deps
    .check(policies)
    .then(refuseFaults)
    .then(
      () => undefined,
      (error: Error) => error,
    );
  if (!refused) {
    if (conflicts.length > 0)
      deps.log.warn({ conflicts }, "policies that the packs changed stay as an administrator wrote them");
    const details = { mergedWithPacks: true, conflicts };
    return publishSet(
      trx,
      deps,
      { own: policies, source: "administrator", by: null, title: newest.title, details },
      newest,
    );
  }
  const kept = await storeAgain(trx, newest, deps);
  deps.log.error(
    { err: refused },
    "the packs' changed policies do not fit an administrator's set: they wait as a draft",
  );
  const at = new Date(deps.clock.now()).toISOString();
  await insertDraft(trx, {
    id: newId(),
    title: `Packs ${at.slice(0, 10)}`,
    baseRev: kept.rev,
    policies,
    by: null,
    at,
    note: refused.message,
  });
  return kept;
}
