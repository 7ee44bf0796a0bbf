import type { AccessEngine, CheckReply } from "@kontor/shared/access";
import { DomainError, newId, type Clock } from "@kontor/shared/base";
import {
  auditActor,
  recordAudit,
  type Database,
  type EndpointRequest,
  type Principal,
  type Transaction,
} from "#kernel";
import type { NamesOf } from "./access.presenter.ts";
import type { AccessService } from "./access.service.ts";
import { mergePolicies } from "./policy.merge.ts";
import {
  countDrafts,
  deleteDraft,
  findDraft,
  insertDraft,
  listDrafts,
  lockDraft,
  updateDraft,
  type PolicyDraft,
  type PolicyDraftHead,
} from "./policyDraft.repo.ts";
import { findSet, newestRev, type PolicySet } from "./policySet.repo.ts";

/** Who does it, and from where. */
export interface DraftActor {
  readonly principal: Principal;
  readonly ip: string;
}

/** Of an endpoint that is not for anybody: those have a principal. */
export const actorOf = ({ principal, ip }: EndpointRequest): DraftActor => ({ principal: principal as Principal, ip });

export interface DraftsDeps {
  readonly db: Database;
  readonly access: AccessService;
  readonly clock: Clock;
  /** For the words of a conflict. */
  readonly namesOf: NamesOf;
}

/**
 * Sets that are being written (POL-8). A draft may be incomplete and wrong; publishing asks that it is right, that nobody
 * saved it meanwhile and that the set it was begun from is still in force. Nothing is merged unseen: whoever comes second
 * is told, and keeps what they wrote.
 */
export interface Drafts {
  list(): Promise<readonly PolicyDraftHead[]>;
  get(id: string): Promise<PolicyDraft>;
  create(
    input: { readonly title: string; readonly fromRev?: string | undefined },
    by: DraftActor,
  ): Promise<PolicyDraft>;
  save(
    id: string,
    input: { readonly title: string; readonly version: number; readonly policies: readonly unknown[] },
    by: DraftActor,
  ): Promise<PolicyDraft>;
  remove(id: string, by: DraftActor): Promise<void>;
  check(id: string): Promise<CheckReply>;
  /** Onto the set in force; `conflicts` are policies that both changed, in which the draft's stands. */
  rebase(
    id: string,
    input: { readonly version: number },
    by: DraftActor,
  ): Promise<{ readonly draft: PolicyDraft; readonly conflicts: readonly string[] }>;
  publish(
    id: string,
    input: { readonly version: number; readonly baseRev: string; readonly confirm: string },
    by: DraftActor,
  ): Promise<PolicySet>;
  /** What would decide if it were published; throws `invalid` where it cannot. */
  engineOf(id: string): Promise<AccessEngine>;
}

const MAX_DRAFTS = 100; // more than a handful of administrators keep apart, and 100 × 8 MiB at most

export function createDrafts({ db, access, clock, namesOf }: DraftsDeps): Drafts {
  const now = () => new Date(clock.now()).toISOString();
  /** Compiled lately, by id and version: whoever asks about a draft asks more than once. */
  const engines = new Map<string, AccessEngine>();

  const get = (id: string) => getDraft(db, id);

  async function write<T>(
    id: string,
    version: number,
    change: (trx: Transaction, draft: PolicyDraft) => Promise<T>,
  ): Promise<T> {
    return db.transaction().execute(async (trx) => change(trx, await lockVersion(trx, id, version)));
  }

  async function lockVersion(trx: Transaction, id: string, version: number): Promise<PolicyDraft> {
    const draft = await lockDraft(trx, id);
    if (!draft) throw noDraft();
    if (draft.version !== version) throw await savedMeanwhile(draft, version);
    return draft;
  }

  async function savedMeanwhile(draft: PolicyDraft, version: number): Promise<DomainError> {
    const by = draft.updatedBy === null ? undefined : (await namesOf([draft.updatedBy])).get(draft.updatedBy);
    const words = `${by ?? "Somebody"} saved this draft at ${draft.updatedAt}, after you opened it. Nothing of yours was saved: load their version and apply your changes to it.`;
    const params = { by: by ?? "", at: draft.updatedAt, version: draft.version, yours: version };
    return new DomainError("conflict", words, { reason: "access.draftSaved", params });
  }

  return {
    list: () => listDrafts(db),
    get,
    async create({ title, fromRev }, { principal }) {
      const begun = fromRev === undefined ? undefined : await access.setOf(fromRev);
      await access.refresh();
      const base = begun ?? (await access.setOf(String(access.published().rev)));
      return db.transaction().execute(async (trx) => {
        if ((await countDrafts(trx)) >= MAX_DRAFTS)
          throw new DomainError("tooLarge", `There are ${MAX_DRAFTS} drafts already. Delete those that nobody needs.`, {
            reason: "access.tooManyDrafts",
            params: { limit: MAX_DRAFTS },
          });
        const { rev: baseRev, policies } = base;
        return insertDraft(trx, { id: newId(), title, baseRev, policies, by: principal.userId, at: now() });
      });
    },
    save: (id, { title, version, policies }, { principal }) =>
      write(id, version, (trx, { baseRev }) =>
        updateDraft(trx, id, { title, baseRev, version: version + 1, policies, by: principal.userId, at: now() }),
      ),
    async remove(id, { principal, ip }) {
      await db.transaction().execute(async (trx) => {
        const draft = await lockDraft(trx, id);
        if (!draft) throw noDraft();
        await deleteDraft(trx, id);
        await recordAudit(trx, now(), [
          {
            action: "access.draftDeleted",
            outcome: "done",
            by: auditActor(principal, ip),
            object: { kind: "policyDraft", id, title: draft.title },
            details: { version: draft.version, baseRev: draft.baseRev, policies: draft.policies.length },
          },
        ]);
      });
    },
    check: async (id) => access.check((await get(id)).policies),
    rebase: (id, { version }, { principal }) =>
      write(id, version, async (trx, mine) => {
        const [base, rev] = [await findSet(trx, mine.baseRev), await newestRev(trx)];
        const theirs = rev === undefined ? undefined : await findSet(trx, rev);
        if (!base || !theirs) throw new Error("the published sets that a draft stands on are gone");
        const { policies, conflicts } = mergePolicies(base.policies, mine.policies, theirs.policies);
        const change = { ...mine, policies, baseRev: theirs.rev, version: version + 1 };
        const draft = await updateDraft(trx, id, { ...change, by: principal.userId, at: now() });
        return { draft, conflicts };
      }),
    publish: (id, { version, baseRev, confirm }, { principal, ip }) =>
      access.replace(async (trx, newest) => {
        const draft = await lockVersion(trx, id, version);
        if (String(newest.rev) !== baseRev || draft.baseRev !== newest.rev)
          throw await publishedMeanwhile(newest, namesOf);
        if (confirm.trim() !== draft.title.trim())
          throw new DomainError("invalid", `To publish, type the title of the draft: ${draft.title}`, {
            reason: "access.confirm",
            params: { title: draft.title },
          });
        await deleteDraft(trx, id);
        return {
          own: draft.policies,
          source: "administrator",
          by: principal.userId,
          actor: auditActor(principal, ip),
          title: draft.title,
          details: { draftId: id },
        };
      }),
    async engineOf(id) {
      const draft = await get(id);
      const key = `${id}/${draft.version}`;
      const engine = engines.get(key) ?? access.compile(draft.policies, `draft:${key}`);
      engines.delete(key);
      engines.set(key, engine);
      const [oldest] = engines.keys();
      if (engines.size > KEPT_ENGINES && oldest !== undefined) engines.delete(oldest);
      return engine;
    },
  };
}

const KEPT_ENGINES = 4; // each may be some megabytes

/** Throws `notFound`. */
export async function getDraft(db: Database, id: string): Promise<PolicyDraft> {
  const draft = await findDraft(db, id);
  if (!draft) throw noDraft();
  return draft;
}

const noDraft = () => new DomainError("notFound", "There is no such draft.", { reason: "access.noDraft" });

/** The second of two that publish at once is told so, and what the first did stands (POL-8). */
export async function publishedMeanwhile(
  { rev, publishedAt, publishedBy }: PolicySet,
  namesOf: NamesOf,
): Promise<DomainError> {
  const by = publishedBy === null ? undefined : (await namesOf([publishedBy])).get(publishedBy);
  const words = `Version ${rev} came into force at ${publishedAt}${by === undefined ? "" : `, published by ${by}`}. Nothing of yours was published: bring your draft up to it, look at the differences and publish again.`;
  const params = { rev, at: publishedAt, by: by ?? "" };
  return new DomainError("conflict", words, { reason: "access.publishedMeanwhile", params });
}
