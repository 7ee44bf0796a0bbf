import { z } from "zod";
import type { Label } from "../base/index.ts";
import type { AttributeKind, Effect, Policy, ResourceType } from "./access.model.ts";

/**
 * Asking for access, and giving it for a time. A *request* names one record, what somebody wants to do with it and until
 * when; a *grant* answers it, bears its id, and ends by itself. A grant adds an allow and nothing else: a deny still wins
 * (POL-2), and deleting a record or taking a step with it is never granted this way.
 */

/** `edit` includes `read`, and attaching files where the grant covers every section that has some. */
export const grantLevels = ["read", "edit"] as const;
export type GrantLevel = (typeof grantLevels)[number];

export const grantLimits = {
  /** A person's reason; a longer story belongs into a message. */
  wordsLength: 1_000,
  /** Nothing is granted for ever without a policy that says so. */
  longestDays: 366,
  sections: 50,
} as const;

const words = z.string().trim().max(grantLimits.wordsLength);
const key = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/);
const sections = z.array(key).min(1).max(grantLimits.sections);
const moment = z.iso.datetime();
const level = z.enum(grantLevels);

/** The intent's `id` is the request's, made on the requester's device. */
export const grantIntentSchemas = {
  "access.request": z.strictObject({
    recordId: z.uuid(),
    /** As the requester knows it: of a record that they cannot see, from the field that points to it. */
    type: key,
    level,
    /** Absent: the whole record. */
    sections: sections.optional(),
    until: moment,
    why: words.min(1),
  }),
  /** Takes back a request that nobody has answered. */
  "access.withdrawRequest": z.strictObject({}),
  "access.grant": z.strictObject({ level, sections: sections.optional(), until: moment, answer: words.optional() }),
  "access.refuse": z.strictObject({ answer: words.optional() }),
  /** Ends a grant before its time: by who gave it, who has it, or an administrator. */
  "access.endGrant": z.strictObject({}),
} as const;

export type GrantIntentName = keyof typeof grantIntentSchemas;
export type GrantIntentArgs<Name extends GrantIntentName> = z.output<(typeof grantIntentSchemas)[Name]>;

/**
 * A request as one reader may see it. Its requester sees what they asked; `state` and what follows only where that tells
 * nothing about a record that they cannot see (VIS-3). `record` and `recipients` are for those who answer.
 */
export interface AccessRequestDoc {
  readonly id: string;
  readonly requester: string;
  readonly recordId: string;
  readonly type: string;
  readonly level: GrantLevel;
  readonly sections?: readonly string[];
  readonly until: string;
  readonly why: string;
  readonly createdAt: string;
  /** `ended`: taken back before its time. Absent: sent, and nothing more is said. */
  readonly state?: "open" | "granted" | "refused" | "ended";
  readonly answer?: string;
  readonly answeredBy?: string;
  readonly answeredAt?: string;
  readonly grant?: { readonly level: GrantLevel; readonly sections: readonly string[]; readonly until: string };
  readonly endedBy?: string;
  readonly endedAt?: string;
  readonly recipients?: readonly string[];
}

/** Title and contact of a policy that may have to be named to this reader; `policy` is its id. */
export interface PolicyWordsDoc {
  readonly id: string;
  readonly policy: string;
  readonly type: string;
  readonly title: Label;
  /** `deny`: this is what stands against it. `allow`: it is open to others by this one, which names whom to ask. */
  readonly effect: Effect;
  readonly contact?: string;
}

/* ---------- how grants enter the engine ---------- */

/** `sub.<this>` holds the ids of the records whose section is open to the subject for a time. */
const attributeOf = (type: string, section: string, act: GrantLevel | "attach") => `granted.${type}.${section}.${act}`;
/** The attributes of files belong to no section: see `grantLevels`. */
const NO_SECTION = "";

const PREFIX = "granted-";
export const isGrantPolicy = (policyId: string): boolean => policyId.startsWith(PREFIX);
const isGrantAttribute = (name: string) => name.startsWith("granted.");

const title = { en: "Granted for a time", ru: "Открыто на время" };

/**
 * One allow for each section and level of a type, and one for attaching. They are the same whoever has which grant, so
 * that a grant changes a subject and never the set of policies, which would be decided anew for everybody.
 */
export function grantPolicies(types: readonly ResourceType[]): readonly Policy[] {
  return types.flatMap((type) => {
    const allow = (section: string, act: GrantLevel | "attach"): Policy => ({
      id: [PREFIX + type.name, section, act].filter(Boolean).join("-").toLowerCase().replaceAll("_", "-"),
      title,
      effect: "allow",
      resource: type.name,
      actions: [act],
      ...(section !== NO_SECTION && { sections: [section] }),
      when: { in: ["obj.id", `sub.${attributeOf(type.name, section, act)}`] },
    });
    const ofSections = Object.keys(type.sections).flatMap((section) => [
      allow(section, "read"),
      allow(section, "edit"),
    ]);
    return [...ofSections, ...(type.actions.includes("attach") ? [allow(NO_SECTION, "attach")] : [])];
  });
}

export const grantAttributes = (types: readonly ResourceType[]): Readonly<Record<string, AttributeKind>> =>
  Object.fromEntries(
    types.flatMap((type) =>
      [...Object.keys(type.sections), NO_SECTION].flatMap((section) =>
        (["read", "edit", "attach"] as const).map((act) => [attributeOf(type.name, section, act), "ids"] as const),
      ),
    ),
  );

export interface ActiveGrant {
  readonly recordId: string;
  readonly type: string;
  readonly level: GrantLevel;
  readonly sections: readonly string[];
  readonly until: string;
}

/** Sections that have files, by type. */
export type FileSections = (type: string) => readonly string[];

/** The subject's attributes with what these grants add to them. */
export function withGrants(
  attributes: Readonly<Record<string, unknown>>,
  grants: readonly ActiveGrant[],
  fileSections: FileSections,
): Readonly<Record<string, unknown>> {
  const ids = new Map<string, string[]>();
  const add = (name: string, id: string) => {
    const known = ids.get(name);
    if (!known) ids.set(name, [id]);
    else if (!known.includes(id)) known.push(id);
  };
  for (const { recordId, type, level: granted, sections: open } of grants) {
    for (const section of open) {
      add(attributeOf(type, section, "read"), recordId);
      if (granted === "edit") add(attributeOf(type, section, "edit"), recordId);
    }
    const files = fileSections(type);
    if (granted === "edit" && files.length > 0 && files.every((section) => open.includes(section)))
      add(attributeOf(type, NO_SECTION, "attach"), recordId);
  }
  return { ...withoutGrants(attributes), ...Object.fromEntries(ids) };
}

/** What somebody has by policy alone; also keeps an attribute of a directory from passing for a grant. */
export const withoutGrants = <Value>(attributes: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !isGrantAttribute(name)));

/** What the interface says when one of the intents is refused. */
export const grantReasonWords = {
  "access.type": { en: "There is no such type.", ru: "Такого типа нет." },
  "access.section": { en: "The type has no such section.", ru: "У этого типа нет такого раздела." },
  "access.onlyPeople": { en: "Only people ask for access.", ru: "Доступ просят только люди." },
  "access.over": { en: "The end lies in the past. Choose a later one.", ru: "Этот срок уже прошёл. Выберите другой." },
  "access.tooLong": { en: "Access is granted for a year at most.", ru: "Доступ открывают не дольше чем на год." },
  "access.tooMany": {
    en: "You have asked for access very often today. This waits and is sent later.",
    ru: "Сегодня вы просили доступ уже много раз. Просьба подождёт и уйдёт позже.",
  },
  "access.tooManyOpen": {
    en: "Too many of your requests are unanswered. Take one back first.",
    ru: "Слишком много ваших просьб без ответа. Сначала отзовите одну из них.",
  },
  "access.alreadyAsked": {
    en: "You have already asked for access to this; the request waits for an answer.",
    ru: "Вы уже просили об этом доступе, просьба ждёт ответа.",
  },
  "access.exists": { en: "This request was already made.", ru: "Эта просьба уже создана." },
  "access.unknown": {
    en: "There is no such request, or it is not for you to answer.",
    ru: "Такой просьбы нет, или отвечать на неё не вам.",
  },
  "access.answered": { en: "Somebody has already answered this.", ru: "На это уже ответили." },
  "access.notGranted": { en: "This access has already ended.", ru: "Этот доступ уже закрыт." },
  "access.noRecord": {
    en: "There is no such record, or you cannot see it yourself.",
    ru: "Такой записи нет, или она не видна вам самим.",
  },
  "access.wider": {
    en: "This is more than was asked for. Access can be narrowed, not widened.",
    ru: "Это больше, чем просили. Доступ можно сузить, но не расширить.",
  },
  "access.moreThanOwn": {
    en: "You can only grant what you may see and edit yourself.",
    ru: "Открыть можно только то, что вы видите и меняете сами.",
  },
  "access.requesterGone": { en: "This person's account is off.", ru: "Эта учётная запись отключена." },
  "access.denyStands": {
    en: "A policy stands against it, and granting would change nothing:",
    ru: "Этому мешает политика, и открытие доступа ничего не изменит:",
  },
} as const satisfies Record<string, Label>;

export type GrantReason = keyof typeof grantReasonWords;
