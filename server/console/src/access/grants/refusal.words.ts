import type { PolicySetReply } from "../access.api.ts";
import type { Catalog } from "../policy/catalog.ts";

/** What of a refusal names something: a section by its key, a policy by its id. */
interface Refused {
  readonly reason: string;
  readonly problems: readonly { readonly message: string; readonly limit?: number | string }[];
}

/** Whom or what a refusal is about, in the reader's language; the server's own words for what is not known here. */
export function refusalDetails(
  { reason, problems }: Refused,
  type: string,
  catalog: Catalog,
  policies: PolicySetReply["policies"],
): readonly string[] {
  if (reason === "access.moreThanOwn" || reason === "access.section")
    return problems.map(({ limit, message }) =>
      limit === undefined ? message : catalog.sectionWords(type, String(limit)),
    );
  if (reason !== "access.denyStands") return [];
  return problems.map(({ limit, message }) => {
    const policy = policies.find(({ id }) => id === limit);
    if (!policy) return message;
    const title = typeof policy.title === "string" ? policy.title : policy.title[catalog.locale];
    const contact = policy.contact && catalog.say("access.answer.ask", { contact: catalog.valueWords(policy.contact) });
    return [title, contact].filter(Boolean).join("; ");
  });
}
