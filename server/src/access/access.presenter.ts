import type { Draft, Policy, Version, VersionHead } from "@kontor/shared/access";
import type { PolicyDraft, PolicyDraftHead } from "./policyDraft.repo.ts";
import type { PolicySet, PolicySetHead } from "./policySet.repo.ts";

/** Names of people who are or were there. */
export type NamesOf = (userIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** How drafts and versions are shown, with the names of those who wrote them. */
export function createPresenter({ namesOf, revInForce }: { namesOf: NamesOf; revInForce(): number }) {
  async function personsOf(userIds: readonly (string | null)[]) {
    const ids = [...new Set(userIds.filter((id) => id !== null))];
    const names = ids.length > 0 ? await namesOf(ids) : new Map<string, string>();
    return (id: string | null) => (id === null ? undefined : { id, name: names.get(id) ?? id });
  }

  async function drafts(heads: readonly PolicyDraftHead[]): Promise<Omit<Draft, "policies">[]> {
    const personOf = await personsOf(heads.map(({ updatedBy }) => updatedBy));
    return heads.map(({ id, title, baseRev, version, note, updatedAt, updatedBy }) => {
      const person = personOf(updatedBy);
      return {
        id,
        title,
        baseRev: String(baseRev),
        version,
        updatedAt,
        ...(person && { updatedBy: person }),
        ...(note !== null && { note }),
      };
    });
  }

  async function versions(heads: readonly PolicySetHead[]): Promise<VersionHead[]> {
    const personOf = await personsOf(heads.map(({ publishedBy }) => publishedBy));
    return heads.map(({ rev, publishedAt, publishedBy, source, revertOf, title, policyCount }) => {
      const person = personOf(publishedBy);
      return {
        rev: String(rev),
        publishedAt,
        ...(person && { publishedBy: person }),
        source,
        ...(revertOf !== null && { revertOf: String(revertOf) }),
        ...(title !== null && { title }),
        policyCount,
        inForce: rev === revInForce(),
      };
    });
  }

  return {
    drafts,
    versions,
    async draft(draft: PolicyDraft): Promise<Draft> {
      const [head] = await drafts([draft]);
      return { ...(head as Omit<Draft, "policies">), policies: draft.policies as Policy[] };
    },
    async version(set: PolicySet): Promise<Version> {
      const [head] = await versions([set]);
      return { ...(head as VersionHead), policies: set.policies as Policy[] };
    },
    async head(head: PolicySetHead): Promise<VersionHead> {
      return (await versions([head]))[0] as VersionHead;
    },
  };
}

export type Presenter = ReturnType<typeof createPresenter>;
