import type { Label } from "../base/index.ts";

/**
 * What a configuration developer says once (`defineType`), and from which card, list, filters, REST schema, policy
 * attributes, import and search follow. It is plain JSON: it travels to the desktop as it is.
 */
export interface TypeDefinition {
  /** Lowercase, the word in addresses, policies and code: `contract`. */
  readonly name: string;
  readonly label: Label;
  readonly plural: Label;
  /** A Tabler icon's name. */
  readonly icon: string;
  readonly sections: readonly SectionDefinition[];
  /** In card order. */
  readonly fields: Readonly<Record<string, FieldDefinition>>;
  /** The field that names a record in lists; text. */
  readonly titleField: string;
  /** A person field; its value is `obj.owner`. Absent: whoever created the record. */
  readonly ownerField?: string;
  /** A department field; its value is `obj.department`. Absent: the creator's department. */
  readonly departmentField?: string;
  readonly states?: StateMachine;
  readonly list: ListLayout;
  /** Conditions across fields, checked on both sides. */
  readonly checks?: readonly RecordCheck[];
}

export interface SectionDefinition {
  readonly key: string;
  readonly label: Label;
  /** Reads of it are audited (POL-12). */
  readonly sensitive?: boolean;
}

interface FieldBase {
  readonly label: Label;
  /** Default: the type's first section. A section is the unit of masking. */
  readonly section?: string;
  readonly required?: boolean;
  readonly hint?: Label;
  /** Set by the server or by transitions only. */
  readonly readOnly?: boolean;
  readonly wide?: boolean;
}

export type FieldDefinition =
  | (FieldBase & {
      readonly kind: "text";
      readonly maxLength?: number;
      readonly minLength?: number;
      readonly pattern?: "email" | "phone" | "url" | "taxId" | "iban";
      readonly unique?: boolean;
      readonly default?: string;
    })
  | (FieldBase & { readonly kind: "longText"; readonly maxLength?: number; readonly default?: string })
  | (FieldBase & {
      readonly kind: "number";
      readonly min?: number;
      readonly max?: number;
      readonly decimals?: number;
      readonly unit?: Label;
      readonly default?: number;
    })
  | (FieldBase & {
      readonly kind: "money";
      readonly currencies: readonly string[];
      readonly min?: string;
      readonly max?: string;
    })
  | (FieldBase & { readonly kind: "date"; readonly min?: string; readonly max?: string; readonly default?: "today" })
  | (FieldBase & { readonly kind: "dateTime"; readonly default?: "now" })
  | (FieldBase & { readonly kind: "boolean"; readonly default?: boolean })
  | (FieldBase & { readonly kind: "choice"; readonly options: readonly ChoiceOption[]; readonly default?: string })
  | (FieldBase & { readonly kind: "choices"; readonly options: readonly ChoiceOption[]; readonly max?: number })
  | (FieldBase & { readonly kind: "person"; readonly default?: "me" })
  | (FieldBase & { readonly kind: "department"; readonly default?: "mine" })
  | (FieldBase & {
      readonly kind: "relation";
      readonly to: string;
      readonly many?: boolean;
      /** How the other card titles the way back. */ readonly backLabel?: Label;
    })
  | (FieldBase & { readonly kind: "files"; readonly max?: number; readonly accept?: readonly string[] })
  | (FieldBase & {
      readonly kind: "autoNumber";
      /** `{year}` and `{n:4}` are replaced; the counter starts anew each year when `{year}` is there. */ readonly pattern: string;
    });

export type FieldKind = FieldDefinition["kind"];

export interface ChoiceOption {
  readonly key: string;
  readonly label: Label;
}

export type Tone = "neutral" | "accent" | "warn" | "good" | "bad";

export interface StateMachine {
  readonly initial: string;
  readonly list: readonly { readonly key: string; readonly label: Label; readonly tone: Tone }[];
  readonly transitions: readonly TransitionDefinition[];
}

/** A button on the card; allowed by policy under the action `transition:<key>`. */
export interface TransitionDefinition {
  readonly key: string;
  readonly label: Label;
  readonly from: readonly string[];
  readonly to: string;
  /** Fields that must be filled before it. */
  readonly requires?: readonly string[];
  readonly primary?: boolean;
  /** Asked before it is done. */
  readonly confirm?: Label;
  /** Fields it fills: today's date or the acting person. */
  readonly sets?: Readonly<Record<string, "today" | "me">>;
}

export interface ListLayout {
  /** Shown in the console's and the wide list; the first four that can be sorted get sort keys in the replica. */
  readonly columns: readonly string[];
  /** Second line of the narrow list. */
  readonly summary: readonly string[];
  readonly sort: { readonly field: string; readonly direction: "asc" | "desc" };
  /** Fields offered as filters, besides state. */
  readonly filters: readonly string[];
}

export interface RecordCheck {
  readonly left: string;
  readonly op: "eq" | "ne" | "lt" | "lte" | "gt" | "gte";
  readonly right: string;
  readonly message: Label;
}
