import type {
  AttributeKind,
  CheckReply,
  Draft,
  DryRun,
  DryRunPerson,
  Explanation,
  Policy,
  PolicyDiff,
  PolicySetReply,
  Version,
  VersionHead,
  ViewedRecord,
  Vocabulary,
  AttributeValue,
} from "@kontor/shared/access";
import { useQuery } from "@tanstack/react-query";
import { call, type Structure } from "../api/api.ts";

export type { AttributeKind, CheckReply, Draft, DryRun, DryRunPerson, Explanation, Policy, PolicyDiff, PolicySetReply };
export type { Version, VersionHead, ViewedRecord, Vocabulary };
export type DraftHead = Omit<Draft, "policies">;
export type VocabularyType = Vocabulary["resources"][number];
export type VocabularyAttribute = VocabularyType["attributes"][number];
export type ValueOf = NonNullable<VocabularyAttribute["of"]>;
export type PolicyFault = CheckReply["faults"][number];
export type ExampleResult = CheckReply["examples"][number];

const SELDOM_MS = 60_000; // types and structure change with a restart or by the administrator's own hand

export const usePolicySet = () =>
  useQuery({ queryKey: ["access", "policies"], queryFn: () => call<PolicySetReply>("GET", "/access/policies") });

export const useVocabulary = () =>
  useQuery({
    queryKey: ["access", "vocabulary"],
    queryFn: () => call<Vocabulary>("GET", "/access/vocabulary"),
    staleTime: SELDOM_MS,
  });

export const useDrafts = () =>
  useQuery({
    queryKey: ["access", "drafts"],
    queryFn: async () => (await call<{ drafts: readonly DraftHead[] }>("GET", "/access/drafts")).drafts,
  });

export const useVersions = () =>
  useQuery({
    queryKey: ["access", "versions"],
    queryFn: async () => (await call<{ versions: readonly VersionHead[] }>("GET", "/access/versions")).versions,
  });

/** A published set never changes. */
export const useVersion = (rev: string | undefined) =>
  useQuery({
    queryKey: ["access", "version", rev],
    queryFn: () => call<Version>("GET", `/access/versions/${rev ?? ""}`),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: rev !== undefined,
  });

export async function searchValues(of: ValueOf, search: string): Promise<readonly AttributeValue[]> {
  const { values } = await call<{ values: readonly AttributeValue[] }>(
    "GET",
    `/access/values?${new URLSearchParams({ of, search })}`,
  );
  return values;
}

export const useStructure = () =>
  useQuery({
    queryKey: ["structure"],
    queryFn: () => call<Structure>("GET", "/admin/structure"),
    staleTime: SELDOM_MS,
  });
