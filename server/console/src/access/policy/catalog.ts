import type { Structure } from "../../api/api.ts";
import type { Locale, WordKey } from "../../words/words.ts";
import type { ValueOf, Vocabulary, VocabularyAttribute, VocabularyType } from "../access.api.ts";
import { attributePattern } from "./operators.ts";

/** Words for everything that a policy can mention, in one language: types, actions, attributes and their values. */
export interface Catalog {
  readonly locale: Locale;
  readonly say: Say;
  /** Alphabetical by their words. */
  readonly types: readonly VocabularyType[];
  /** What a policy for it may speak of; for "*" what all types have. */
  typeOf(resource: string): VocabularyType;
  typeWords(resource: string): string;
  actionWords(resource: string, action: string): string;
  sectionWords(resource: string, section: string): string;
  fieldWords(resource: string, field: string): string;
  /** `obj.owner`, of the type that the policy is for. */
  attributeOf(name: string, resource: string): VocabularyAttribute | undefined;
  attributeWords(name: string, resource: string): string;
  attributesFor(resource: string): readonly { readonly name: string; readonly attribute: VocabularyAttribute }[];
  /** Names instead of ids where the attribute, or the id alone, tells whose they are. */
  valueWords(value: unknown, attribute?: VocabularyAttribute): string;
  namesOf(of: ValueOf): readonly { readonly value: string; readonly label: string }[];
}

export type Say = (key: WordKey, params?: Readonly<Record<string, string | number>>) => string;

interface Parts {
  readonly vocabulary: Vocabulary;
  readonly structure: Structure;
  readonly people: ReadonlyMap<string, string>;
  readonly locale: Locale;
  readonly say: Say;
  readonly knows: (key: string) => key is WordKey;
}

const MOST_VALUES = 4;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ID_END = 4; // enough to tell the made-up people of a policy's examples apart

export function createCatalog(parts: Parts): Catalog {
  const { vocabulary, structure, people, locale, say, knows } = parts;
  const { compare } = new Intl.Collator(locale, { numeric: true });
  const inLocale = (words: string | { en: string; ru: string }) => (typeof words === "string" ? words : words[locale]);
  const known = (key: string): string | undefined => (knows(key) ? say(key) : undefined);
  const typesByName = new Map(vocabulary.resources.map((type) => [type.name, type]));
  const everyType = commonTo(vocabulary.resources.filter(({ onlyByName }) => !onlyByName));
  const nameOf = (named: { nameEn: string; nameRu: string }) => (locale === "ru" ? named.nameRu : named.nameEn);
  const departments = new Map(structure.departments.map((one) => [one.id, nameOf(one)]));
  const byOf: Readonly<Record<ValueOf, ReadonlyMap<string, string>>> = {
    person: people,
    department: departments,
    group: new Map(structure.groups.map((one) => [one.key, nameOf(one)])),
    position: new Map(structure.positions.map((one) => [one.key, nameOf(one)])),
  };

  const typeOf = (resource: string) => typesByName.get(resource) ?? everyType;
  const typeWords = (resource: string) => {
    const type = typesByName.get(resource);
    if (resource === "*") return say("access.type.every");
    return (type?.label && inLocale(type.label)) ?? known(`access.type.${resource}`) ?? resource;
  };

  function actionWords(resource: string, action: string): string {
    const action_ = typeOf(resource).actions.find(({ name }) => name === action);
    if (action === "*") return say("access.action.every");
    if (action.endsWith(":*")) return say("access.action.everyTransition");
    return known(`access.action.${action}`) ?? (action_?.label && inLocale(action_.label)) ?? action;
  }

  const sectionsOf = (resource: string) =>
    resource === "*" ? vocabulary.resources.flatMap(({ sections }) => sections) : typeOf(resource).sections;
  const sectionWords = (resource: string, section: string) => {
    const label = sectionsOf(resource).find(({ name }) => name === section)?.label;
    return label ? inLocale(label) : section;
  };
  const fieldWords = (resource: string, field: string) => {
    const label = sectionsOf(resource)
      .flatMap(({ fields }) => fields)
      .find(({ name }) => name === field)?.label;
    return label ? inLocale(label) : field;
  };

  function attributeOf(name: string, resource: string): VocabularyAttribute | undefined {
    const [, from, rest] = attributePattern.exec(name) ?? [];
    const among =
      from === "sub" ? vocabulary.subject : from === "ctx" ? vocabulary.context : typeOf(resource).attributes;
    return from === undefined ? undefined : among.find((attribute) => attribute.name === rest);
  }

  function attributeWords(name: string, resource: string): string {
    if (name.startsWith("sub.granted.")) return say("access.attribute.granted");
    const own = known(`access.attribute.${name}`);
    const label = attributeOf(name, resource)?.label;
    if (name.startsWith("obj.")) return (label && inLocale(label)) ?? own ?? name;
    return own ?? (label && say("access.attribute.ofSubject", { name: inLocale(label) })) ?? name;
  }

  const prefixed = (prefix: string, attributes: readonly VocabularyAttribute[]) =>
    attributes.map((attribute) => ({ name: prefix + attribute.name, attribute }));

  function scalarWords(value: unknown, attribute: VocabularyAttribute | undefined): string {
    if (typeof value === "boolean") return say(value ? "access.value.yes" : "access.value.no");
    if (typeof value === "number") return new Intl.NumberFormat(locale).format(value);
    if (typeof value !== "string") return objectWords(value);
    const option = attribute?.options?.find((one) => one.value === value);
    if (option) return inLocale(option.label);
    const named = attribute?.of ? byOf[attribute.of].get(value) : (departments.get(value) ?? people.get(value));
    const word = named ?? (attribute ? undefined : byOf.group.get(value)) ?? momentWords(value, locale);
    return word ?? (UUID.test(value) ? say("access.value.unknownId", { end: value.slice(-ID_END) }) : value);
  }

  function objectWords(value: unknown): string {
    if (typeof value !== "object" || value === null) return say("access.value.none");
    if ("text" in value) return String(value.text);
    if ("amount" in value && "currency" in value)
      return moneyWords(String(value.amount), String(value.currency), locale);
    return JSON.stringify(value);
  }

  return {
    locale,
    say,
    types: vocabulary.resources.toSorted((a, b) => compare(typeWords(a.name), typeWords(b.name))),
    typeOf,
    typeWords,
    actionWords,
    sectionWords,
    fieldWords,
    attributeOf,
    attributeWords,
    attributesFor: (resource) => [
      ...prefixed("obj.", typeOf(resource).attributes),
      ...prefixed("sub.", vocabulary.subject),
      ...prefixed("ctx.", vocabulary.context),
    ],
    valueWords(value, attribute) {
      if (!Array.isArray(value)) return scalarWords(value, attribute);
      if (value.length === 0) return say("access.value.emptyList");
      const shown = value.slice(0, MOST_VALUES).map((one: unknown) => scalarWords(one, attribute));
      const more = value.length - shown.length;
      return shown.join(", ") + (more > 0 ? ` ${say("access.value.more", { count: more })}` : "");
    },
    namesOf: (of) =>
      [...byOf[of]].map(([value, label]) => ({ value, label })).sort((a, b) => compare(a.label, b.label)),
  };
}

/** For "*": a policy for every type may use only what all of them have. */
function commonTo(types: readonly VocabularyType[]): VocabularyType {
  const [first, ...others] = types;
  const everywhere = (list: "actions" | "attributes", name: string) =>
    others.every((type) => type[list].some((one) => one.name === name));
  return {
    name: "*",
    onlyByName: false,
    sections: [],
    actions: first?.actions.filter(({ name }) => everywhere("actions", name)) ?? [],
    attributes: first?.attributes.filter(({ name }) => everywhere("attributes", name)) ?? [],
  };
}

function moneyWords(amount: string, currency: string, locale: Locale): string {
  if (!/^[A-Z]{3}$/.test(currency) || !Number.isFinite(Number(amount))) return `${amount} ${currency}`; // still typed
  const format = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return format.format(amount as unknown as number); // Intl takes the decimal string itself: no digit is lost
}

function momentWords(value: string, locale: Locale): string | undefined {
  const isMoment = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(value);
  const moment = isMoment ? new Date(value) : undefined;
  if (!moment || Number.isNaN(moment.getTime())) return undefined;
  const format: Intl.DateTimeFormatOptions = value.includes("T")
    ? { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }
    : { dateStyle: "medium", timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale, format).format(moment);
}
