import { addressOf, type Query } from "../app/route.ts";

/** The addresses of Access. */
export const accessViews = ["policies", "versions", "explain", "view-as", "grants"] as const;
export type AccessView = (typeof accessViews)[number];

export const accessAddress = {
  view: (view: AccessView, query?: Query) => addressOf("access", view === "policies" ? [] : [view], query),
  policies: (query?: Query) => addressOf("access", [], query),
  policy: (id: string) => addressOf("access", ["policies", id]),
  draft: (id: string, policyId?: string) => addressOf("access", ["drafts", id], { policy: policyId }),
  /** Without a record: the list. */
  viewAs: (record: string, query: Query) => addressOf("access", ["view-as", ...(record === "" ? [] : [record])], query),
  /** `to` is a version, or `draft:<id>`. */
  compare: (from: string, to: string) => addressOf("access", ["compare"], { from, to }),
};
