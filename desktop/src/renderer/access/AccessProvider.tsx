import { createContext, use, useCallback, useMemo, useState, type ReactNode } from "react";
import type { ReplicaAccessRequest } from "#contract";
import type { PolicyWordsDoc } from "@kontor/shared/access";
import type { GroupDoc } from "@kontor/shared/people";
import { useDirectory, useRows } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { AccessDialog } from "./AccessDialog.tsx";
import type { AccessQuestion } from "./question.ts";

/** What this device knows of who may do what, for every place that has to say why something is not open. */
export interface AccessKnowledge {
  policy(id: string | undefined): PolicyWordsDoc | undefined;
  /** A policy's contact as people call it: somebody's name, a group's, or the words as they are. */
  contactName(contact: string): string;
  readonly requests: readonly ReplicaAccessRequest[];
  /** Opens the dialog. */
  ask(question: AccessQuestion): void;
}

const AccessContext = createContext<AccessKnowledge | undefined>(undefined);

export function useAccess(): AccessKnowledge {
  const access = use(AccessContext);
  if (!access) throw new Error("useAccess outside of AccessProvider");
  return access;
}

const ALL = {};
const NEWEST_FIRST = { sort: [{ createdAt: "desc" as const }] };
const NONE: readonly never[] = [];
const listOf = <Row,>(rows: readonly Row[] | "refused" | undefined): readonly Row[] =>
  rows === "refused" || rows === undefined ? NONE : rows;

export function AccessProvider({ children }: { readonly children: ReactNode }) {
  const { label } = useWords();
  const { people } = useDirectory();
  const policies = listOf(useRows("policyWords", ALL));
  const groups: readonly GroupDoc[] = listOf(useRows("groups", ALL));
  const requests = listOf(useRows("accessRequests", NEWEST_FIRST));
  const [question, setQuestion] = useState<AccessQuestion>();
  const ask = useCallback((next: AccessQuestion) => setQuestion(next), []);
  const knowledge = useMemo(() => {
    const byId = new Map(policies.map((policy) => [policy.policy, policy]));
    return {
      policy: (id: string | undefined) => (id === undefined ? undefined : byId.get(id)),
      contactName(contact: string) {
        const group = groups.find(({ key }) => key === contact);
        if (group) return label(group.name);
        const same = (text: string | undefined) => text?.toLowerCase() === contact.toLowerCase();
        return people.find(({ email, login }) => same(login) || same(email))?.name ?? contact;
      },
      requests,
      ask,
    };
  }, [policies, groups, people, requests, ask, label]);
  return (
    <AccessContext value={knowledge}>
      {children}
      {question && <AccessDialog question={question} close={() => setQuestion(undefined)} />}
    </AccessContext>
  );
}
