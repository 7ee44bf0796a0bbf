import type { IssueItem } from "#contract";
import type { TypeDefinition } from "@kontor/shared/objects";
import { useWords } from "../words/index.ts";
import { useAccess } from "./AccessProvider.tsx";

/** Why the server did not take an answer; a policy or a section that it names is called as people call it. */
export function useRefusalWords(): (issue: IssueItem, type: TypeDefinition | undefined) => string {
  const { t, label, reason } = useWords();
  const { contactName, policy } = useAccess();
  return (issue, type) => {
    const [problem] = issue.problems;
    const named = policy(typeof problem?.limit === "string" ? problem.limit : undefined);
    const section = type?.sections.find(({ key }) => key === problem?.limit);
    const about = named
      ? [`“${label(named.title)}”.`, named.contact && t("access.ask", { whom: contactName(named.contact) })]
      : [section ? label(section.label) : problem?.message];
    return [reason(issue.reason, issue.message), ...about].filter(Boolean).join(" ");
  };
}
