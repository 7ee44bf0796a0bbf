import type {
  AttributeKind,
  CheckReply,
  Draft,
  DryRun,
  DryRunPerson,
  Explanation,
  Policy,
  PolicyDiff,
  VersionHead,
  Vocabulary,
} from "@kontor/shared/access";
import { useQuery } from "@tanstack/react-query";
import { call, type Structure } from "../api/api.ts";

export type { AttributeKind, CheckReply, Draft, DryRun, DryRunPerson, Explanation, Policy, PolicyDiff, VersionHead };
export type { Vocabulary };
export type DraftHead = Omit<Draft, "policies">;
export type VocabularyType = Vocabulary["resources"][number];
export type VocabularyAttribute = VocabularyType["attributes"][number];
export type ValueOf = NonNullable<VocabularyAttribute["of"]>;
export type PolicyFault = CheckReply["faults"][number];
export type ExampleResult = CheckReply["examples"][number];

export interface PolicySetReply {
  readonly rev: string;
  readonly publishedAt: string;
  readonly publishedBy: string | null;
  readonly policies: readonly Policy[];
}

const SELDOM_MS = 60_000; // types and structure change with a restart or by the administrator's own hand

export const usePolicySet = () =>
  useQuery({ queryKey: ["access", "policies"], queryFn: () => call<PolicySetReply>("GET", "/access/policies") });

export const useVocabulary = () =>
  useQuery({
    queryKey: ["access", "vocabulary"],
    queryFn: () => call<Vocabulary>("GET", "/access/vocabulary"),
    staleTime: SELDOM_MS,
  });

export const useStructure = () =>
  useQuery({
    queryKey: ["structure"],
    queryFn: () => call<Structure>("GET", "/admin/structure"),
    staleTime: SELDOM_MS,
  });
