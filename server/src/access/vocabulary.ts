import {
  CONTEXT_ATTRIBUTES,
  SUBJECT_ATTRIBUTES,
  type AttributeKind,
  type ResourceType,
  type Vocabulary,
} from "@kontor/shared/access";
import type { Label } from "@kontor/shared/base";
import type { PolicyScope } from "./policy.check.ts";
import {
  actionWords,
  attributeWords,
  channelWords,
  contextWords,
  resourceWords,
  subjectWords,
} from "./vocabulary.words.ts";

type VocabularyResource = Vocabulary["resources"][number];
type VocabularyAttribute = Vocabulary["subject"][number];

/** What the feature that owns a type can say of it; everything of it may be missing. */
export interface ResourceWords {
  readonly label?: Label | undefined;
  readonly sections?: Readonly<Record<string, Label>> | undefined;
  readonly fields?: Readonly<Record<string, Label>> | undefined;
  readonly actions?: Readonly<Record<string, Label>> | undefined;
  readonly attributes?: Readonly<Record<string, AttributeWords>> | undefined;
}
export type AttributeWords = Partial<Pick<VocabularyAttribute, "label" | "options" | "of">>;

export interface VocabularyDeps {
  wordsOf(resource: string): ResourceWords | undefined;
  /** Of attributes of subjects beyond the built-in ones. */
  subjectWords(name: string):
    | {
        readonly label: Label;
        readonly options?: readonly { readonly value: string | number; readonly label: Label }[];
      }
    | undefined;
}

/** Everything that a policy may mention. What grants put into a subject is left out: no policy is written about it. */
export function vocabularyOf({ resources, subjectAttributes }: PolicyScope, deps: VocabularyDeps): Vocabulary {
  const further = Object.entries(subjectAttributes).filter(([name]) => !name.startsWith("granted."));
  return {
    resources: resources.map((type) => resourceOf(type, deps.wordsOf(type.name) ?? {})),
    subject: [
      ...Object.entries(SUBJECT_ATTRIBUTES).map(([name, kind]) =>
        attribute(name, kind, { label: subjectWords[name], of: SUBJECT_VALUES[name] }),
      ),
      ...further.map(([name, kind]) => {
        const { label, options } = deps.subjectWords(name) ?? {};
        return attribute(name, kind, {
          label,
          options: options?.map((option) => ({ value: String(option.value), label: option.label })),
        });
      }),
    ],
    context: Object.entries(CONTEXT_ATTRIBUTES).map(([name, kind]) =>
      attribute(name, kind, { label: contextWords[name], ...(name === "channel" && { options: CHANNELS }) }),
    ),
  };
}

const SUBJECT_VALUES: Readonly<Record<string, VocabularyAttribute["of"]>> = {
  id: "person",
  groups: "group",
  department: "department",
  departments: "department",
  subtree: "department",
  positions: "position",
  managers: "person",
};
const OBJECT_VALUES: Readonly<Record<string, VocabularyAttribute["of"]>> = {
  owner: "person",
  createdBy: "person",
  department: "department",
};
const CHANNELS = Object.entries(channelWords).map(([value, label]) => ({ value, label }));

function resourceOf(type: ResourceType, words: ResourceWords): VocabularyResource {
  return {
    name: type.name,
    ...labelled(words.label ?? resourceWords[type.name]),
    onlyByName: type.onlyByName === true,
    actions: type.actions.map((name) => ({ name, ...labelled(words.actions?.[name] ?? actionWords[name]) })),
    sections: Object.entries(type.sections).map(([name, fields]) => ({
      name,
      ...labelled(words.sections?.[name]),
      fields: fields.map((field) => ({ name: field, ...labelled(words.fields?.[field]) })),
    })),
    attributes: Object.entries(type.attributes).map(([name, kind]) =>
      attribute(name, kind, { label: attributeWords[name], of: OBJECT_VALUES[name], ...words.attributes?.[name] }),
    ),
  };
}

function attribute(name: string, kind: AttributeKind, words: Loose<AttributeWords>): VocabularyAttribute {
  const { label, options, of } = words;
  return { name, kind, ...(label !== undefined && { label }), ...(options && { options }), ...(of && { of }) };
}

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };
const labelled = (label: Label | undefined) => (label === undefined ? {} : { label });
