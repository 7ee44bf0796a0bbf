import type { Policy } from "@kontor/server/objects";

/** Conditions that several policies share, under the names that people use for them. */
type When = NonNullable<Policy["when"]>;

export const isOwner: When = { eq: ["obj.owner", "sub.id"] };
export const isCreator: When = { eq: ["obj.createdBy", "sub.id"] };
/** One belongs to one's own department and to those above it. */
export const isInMyDepartment: When = { in: ["obj.department", "sub.departments"] };
/** A head is responsible for the own department and those below it. */
export const isInMyCharge: When = {
  and: [{ has: ["sub.groups", "heads"] }, { in: ["obj.department", "sub.subtree"] }],
};
export const inGroup = (...groups: readonly string[]): When => ({ any: ["sub.groups", groups] });
export const inState = (...states: readonly string[]): When => ({ in: ["obj.state", states] });
export const notDraft: When = { ne: ["obj.state", "draft"] };
export const all = (...conditions: readonly When[]): When => ({ and: conditions });
export const either = (...conditions: readonly When[]): When => ({ or: conditions });

/** People and places of the examples. */
export const sales = "00000000-0000-7000-8000-0000000000d1";
export const purchasing = "00000000-0000-7000-8000-0000000000d2";
export const ivan = "00000000-0000-7000-8000-0000000000a1";
export const olga = "00000000-0000-7000-8000-0000000000a2";
