import { sql } from "kysely";
import { isGrantPolicy, type Explanation } from "@kontor/shared/access";
import type { Clock, Label } from "@kontor/shared/base";
import type { Database } from "#kernel";

/** In an explanation, says of what is open only for a time who granted it and until when. */
export type NameGrants = (
  explanation: Explanation,
  about: { readonly userId: string; readonly recordId: string },
) => Promise<Explanation>;

export const createNameGrants =
  ({ db, clock }: { readonly db: Database; readonly clock: Clock }): NameGrants =>
  async (explanation, about) => {
    const { decidedBy, policies } = explanation;
    const isNamed = policies.some(({ id, applies }) => applies && isGrantPolicy(id));
    if (!isNamed) return explanation;
    const grants = await grantsOf(db, about, new Date(clock.now()).toISOString());
    const titleOf = ({ id, sections }: { readonly id: string; readonly sections: readonly string[] | "*" }) => {
      const isEdit = !id.endsWith("-read");
      const grant = grants.find(
        ({ level, open }) =>
          (!isEdit || level === "edit") && (sections === "*" || sections.every((each) => open.includes(each))),
      );
      return grant && titleFor(grant);
    };
    const named = policies.map((policy) => {
      const title = policy.applies && isGrantPolicy(policy.id) ? titleOf(policy) : undefined;
      return title ? { ...policy, title } : policy;
    });
    const decided = named.find(({ id }) => id === decidedBy?.id);
    return {
      ...explanation,
      policies: named,
      ...(decidedBy && { decidedBy: { ...decidedBy, title: decided?.title ?? decidedBy.title } }),
    };
  };

interface NamedGrant {
  readonly name: string | null;
  readonly level: string;
  readonly open: readonly string[];
  readonly until: string;
}

async function grantsOf(
  db: Database,
  { userId, recordId }: { readonly userId: string; readonly recordId: string },
  now: string,
): Promise<readonly NamedGrant[]> {
  const { rows } = await sql<NamedGrant>`
    select u.name, g.granted_level as level, g.granted_sections as open, g.granted_until as until
    from access_request g left join app_user u on u.id = g.answered_by
    where g.requester = ${userId} and g.record_id = ${recordId} and g.state = 'granted' and g.granted_until > ${now}::timestamptz
    order by g.granted_until desc`.execute(db);
  return rows;
}

function titleFor({ name, until }: NamedGrant): Label {
  const day = (locale: string) => new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(until));
  return {
    en: `Granted by ${name ?? "somebody who is gone"} until ${day("en")}`,
    ru: `Открыто до ${day("ru")} (${name ?? "кого уже нет"})`,
  };
}
