import type { Json } from "@kontor/shared/base";
import type { SubjectAttribute } from "@kontor/shared/people";
import { useQuery } from "@tanstack/react-query";
import { call } from "../api/api.ts";

export const tokenScopes = ["evaluate", "read", "write", "admin"] as const;
export type TokenScope = (typeof tokenScopes)[number];

export interface ServiceToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly state: "valid" | "endsSoon" | "ended";
}

export interface Service {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly contact: string | null;
  readonly state: "active" | "disabled";
  readonly groupIds: readonly string[];
  readonly attributes: AttributeValues;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly tokens: readonly ServiceToken[];
}

export type AttributeValues = Readonly<Record<string, Json>>;
export interface DeclaredAttribute extends SubjectAttribute {
  readonly name: string;
}

export const useServices = () =>
  useQuery({
    queryKey: ["services"],
    queryFn: () => call<readonly Service[]>("GET", "/admin/services"),
  });

/** Packs declare them; they change with a new version of a pack and not meanwhile. */
export const useSubjectAttributes = () =>
  useQuery({
    queryKey: ["subject-attributes"],
    queryFn: () => call<readonly DeclaredAttribute[]>("GET", "/admin/subject-attributes"),
    staleTime: Number.POSITIVE_INFINITY,
  });
