import type { Json, Label } from "../base/index.ts";

/**
 * Access: one policy language, three readings (decide, filter, explain) of one syntax tree.
 *
 * - POL-1 Nothing is granted by omission: without an allow that applies, the answer is no. A field that no section of
 *   the type lists is absent.
 * - POL-2 A deny that applies wins, in any order of policies. Nothing here depends on the order of policies.
 * - POL-3 Missing, null and "not of the attribute's kind" are one thing: *unknown*. A comparison with it is unknown,
 *   `and`, `or` and `not` are Kleene's; an allow applies only when its condition is true, a deny unless it is false.
 *   `exists` alone is never unknown.
 * - POL-4 `filter` selects the rows that `may` allows. Text is compared by code points and is not normalised.
 * - POL-5 `explain` runs the evaluator that enforces, recording; `hintOf` takes out what a user may not learn from it.
 * - POL-7 Editing is decided per field, and what cannot be read plain cannot be edited.
 *
 * What a policy says about sections and fields:
 * - An allow grants its sections (default: all of them). A field in them is plain unless its mask says `omit` or
 *   `redact`; the mask concerns only what this policy grants. Grants add up: plain if one allow grants it plain, else
 *   redacted as the most revealing of the redactions says, else absent.
 * - A deny without sections denies the action; with sections it takes these sections away.
 * - An action is allowed when at least one section is left of what the allows grant.
 * - Where the type knows `read`, every other action but `create` also needs `read`; for editing, field by field.
 *
 * Departments: `sub.department` is the subject's own, `sub.departments` that one and its ancestors ("belongs to"),
 * `sub.subtree` that one and its descendants ("is responsible for"; for heads).
 */

export type Effect = "allow" | "deny";

/** How a masked value is shown, from the least to the most revealing. */
export const redactions = ["all", "keep-last-2", "keep-last-4"] as const;
export type Redaction = (typeof redactions)[number];
export type MaskRule = "omit" | { readonly redact: Redaction };

/** As written in packs and in the console; `parsePolicies` checks it against the types. */
export interface Policy {
  readonly id: string;
  readonly title: string | Label;
  readonly effect: Effect;
  /** A type's name, or "*" for every type that is not `onlyByName`; each of them must then have what the policy mentions. */
  readonly resource: string;
  /** Names, "*" for all, or `transition:*` for all of one family. */
  readonly actions: readonly string[];
  readonly sections?: readonly string[] | "*" | undefined;
  /** By `section.field`; allows only. */
  readonly mask?: Readonly<Record<string, MaskRule>> | undefined;
  /** Absent: always. */
  readonly when?: Condition | undefined;
  /** Whom to ask: a login, an address or words. */
  readonly contact?: string | undefined;
  readonly examples?: readonly Example[] | undefined;
}

/** `"obj.state"`, `"sub.id"` and `"ctx.channel"` are attributes; a literal text that looks like one is `{ "text": … }`. */
export type Operand = string | number | boolean | readonly string[] | readonly number[] | MoneyLiteral | TextLiteral;
export interface MoneyLiteral {
  readonly amount: string;
  readonly currency: string;
}
export interface TextLiteral {
  readonly text: string;
}

/** From now, whole numbers; also ISO 8601 as a text: `"-P30D"`, `"now"`. `zone` says which day it is, for dates. */
export type Duration = Partial<
  Readonly<Record<"years" | "months" | "weeks" | "days" | "hours" | "minutes" | "seconds", number>>
> & {
  readonly zone?: string;
};
/** `from` belongs to it, `to` does not; over midnight when `from` is later. */
export interface TimeWindow {
  readonly from?: string;
  readonly to?: string;
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
  readonly zone: string;
}

type Pair = readonly [Operand, Operand];
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly eq: Pair }
  | { readonly ne: Pair }
  | { readonly lt: Pair }
  | { readonly lte: Pair }
  | { readonly gt: Pair }
  | { readonly gte: Pair }
  /** Value, lowest, highest; both ends belong to it. */
  | { readonly between: readonly [Operand, Operand, Operand] }
  /** Element, list. */
  | { readonly in: Pair }
  | { readonly nin: Pair }
  /** List, element. */
  | { readonly has: Pair }
  /** The two lists share an element. */
  | { readonly any: Pair }
  /** The first list has every element of the second. */
  | { readonly all: Pair }
  | { readonly startsWith: Pair }
  | { readonly endsWith: Pair }
  | { readonly contains: Pair }
  /** Address, range or ranges. */
  | { readonly cidr: readonly [string, string | readonly string[]] }
  /** Text, pattern or patterns: `*` any text, `?` one character, `#` one digit. */
  | { readonly matches: readonly [string, string | readonly string[]] }
  | { readonly before: readonly [Operand, Operand | Duration] }
  | { readonly after: readonly [Operand, Operand | Duration] }
  | { readonly within: readonly [string, TimeWindow] }
  | { readonly exists: string };

/** Runs against the whole set when it is published (POL-8). */
export interface Example {
  readonly name?: string | undefined;
  readonly subject: Partial<Subject>;
  readonly action: string;
  /** Attributes of the resource. */
  readonly resource?: Readonly<Record<string, Json>> | undefined;
  /** The type, where the policy's resource is "*". */
  readonly type?: string | undefined;
  readonly context?: Partial<Context> | undefined;
  /** Asks for this field to be visible (read) or editable (edit). */
  readonly field?: string | undefined;
  readonly expect: Effect;
}

export type AttributeKind = "text" | "number" | "boolean" | "date" | "dateTime" | "id" | "ids" | "texts" | "money";

/** What policies may say about one type of resource; made from a type definition. */
export interface ResourceType {
  readonly name: string;
  /** Section → its fields. A field belongs to one section. */
  readonly sections: Readonly<Record<string, readonly string[]>>;
  /**
   * Attribute → kind; `counterparty.country` is an attribute one relation away. Instances carry it under this very name,
   * and where there is no such record, or it is in the trash, it is missing.
   */
  readonly attributes: Readonly<Record<string, AttributeKind>>;
  /** Attribute → the type of the one record that it points to; what stands before the dot of an attribute one relation away. */
  readonly relations?: Readonly<Record<string, string>>;
  readonly actions: readonly string[];
  /** "*" does not mean it: whoever opens every type to somebody does not hand over the server with it. */
  readonly onlyByName?: boolean;
  /** Where an attribute is stored; needed by `filter` only. */
  attributeSql?(name: string): AttributeSql;
}

/** An attribute one relation away, as a policy asks for it. */
export interface RelatedAttribute {
  /** `counterparty.country` */
  readonly name: string;
  /** `counterparty` */
  readonly relation: string;
  /** `country` */
  readonly attribute: string;
  /** The type that the related record must be of. */
  readonly type: string;
}

export interface AttributeSql {
  /** An SQL expression without parameters, for example `record.fields->'amount'`. */
  readonly sql: string;
  /** Of an attribute one relation away: what stands after FROM to find the one row that has it, or none. */
  readonly from?: string;
  /** How it is stored. */
  readonly kind: StoredKind;
}
export type StoredKind =
  | "jsonb"
  | "text"
  | "uuid"
  | "numeric"
  | "boolean"
  | "date"
  | "timestamptz"
  | "text[]"
  | "uuid[]";

/** Who asks. Treat it as immutable: a changed subject is a new object. */
export interface Subject {
  readonly id: string;
  readonly login: string;
  /** Keys, such as `lawyers`. */
  readonly groups: readonly string[];
  readonly department: string | null;
  readonly departments: readonly string[];
  readonly subtree: readonly string[];
  /** Keys, such as `accountant`. */
  readonly positions: readonly string[];
  /** The chain of managers, nearest first. */
  readonly managers: readonly string[];
  readonly isAdmin: boolean;
  /** Further attributes, declared by `subjectAttributes`: `sub.<name>`. */
  readonly attributes: Readonly<Record<string, Json>>;
  /** When time alone makes another subject of it, such as the end of a grant; ISO 8601 in UTC. Absent: never. */
  readonly validUntil?: string | undefined;
}

/** Where and how it is asked. Treat it as immutable, as the subject. */
export interface Context {
  /** ISO 8601 in UTC with milliseconds: what `toISOString` gives. */
  readonly time: string;
  readonly ip?: string | undefined;
  readonly deviceId?: string | undefined;
  /** An administrator marked the device as trusted. Absent: no device is known. */
  readonly deviceTrusted?: boolean | undefined;
  /** How the session was signed in to: 1 by password alone, 2 with a second factor. Absent: without a session. */
  readonly factorLevel?: number | undefined;
  /** When the second factor was given last, as `time` is written. Absent: never in this session. */
  readonly secondFactorAt?: string | undefined;
  readonly channel: "desktop" | "console" | "api" | "job";
  readonly offline?: boolean | undefined;
}

export interface ResourceInstance {
  readonly type: string;
  readonly attributes: Readonly<Record<string, Json | undefined>>;
}

export type FieldAccess = "visible" | "absent" | { readonly redact: Redaction };

/** What one subject may do with one resource, asked once and read many times. */
export interface Access {
  readonly readable: boolean;
  field(name: string): FieldAccess;
  /** Fields that are visible or redacted. */
  visibleFields(): readonly string[];
  may(action: string): boolean;
  /** POL-7. */
  editable(field: string): boolean;
  /** Whether a record that is being created may come with this field. */
  fillable(field: string): boolean;
  /** Of an act, or a field, that is refused or redacted: the policy to be named to its subject (POL-5); see `refusedBy`. */
  why(action: string, field?: string): string | undefined;
  /** Equal keys mean equal projection masks. */
  readonly maskKey: string;
}

/** What one subject may do in one context: for a batch, since its clock stands still. */
export interface SubjectAccess {
  to(resource: ResourceInstance): Access;
  /** Whether the engine's `may` allows it. */
  may(action: string, resource: ResourceInstance): boolean;
}

export type DecisionReason =
  | "allowed"
  /** A deny applied. */
  | "denied"
  /** Policies speak of this, and none of the allows applied. */
  | "no-allow"
  /** No policy speaks of this action. */
  | "no-policy"
  /** The action would be allowed, but not on what cannot be read. */
  | "not-readable"
  | "unknown-type"
  | "unknown-action";

export interface Decision {
  readonly allowed: boolean;
  /** The policy that decided, where one did. */
  readonly policyId?: string;
  readonly reason: DecisionReason;
}

/** True for the rows to select; false or NULL for the others: use it in WHERE or FILTER and do not negate it. */
export interface SqlPredicate {
  /** With `$1…`. */
  readonly text: string;
  readonly params: readonly unknown[];
  /** The text around the parameters, as a template tag takes it: `sql(predicate.strings, ...predicate.params)`. */
  readonly strings: readonly string[];
}
