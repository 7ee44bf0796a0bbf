import { folderRoles, type FolderRole } from "../mail.docs.ts";

/**
 * The language in which mail is looked for, by people in the interface and by programs over HTTP:
 *
 *   words "a phrase" begin* -not   from:anna to:"Anna Kovacs" subject:terms file:offer   label:urgent
 *   in:inbox is:unread has:attachment type:pdf before:2026-11-20 after:7d larger:5mb
 *
 * All terms must hold; a minus before one turns it around. Operators are known by English and Russian names. What is no
 * operator is a word (`re: terms`, `12:30`), so that nothing a person pastes is an error. The last word, also an operator's,
 * may be a beginning: results come while it is typed, and a space behind it says that it is whole. Pure: moments are
 * computed from `now` in the reader's time zone, given as the offset that their days have.
 */
export type MailSearchTerm = { readonly not: boolean } & (
  | { readonly kind: "text"; readonly text: string; readonly phrase: boolean; readonly prefix: boolean }
  | { readonly kind: TextField; readonly text: string; readonly phrase: boolean; readonly prefix: boolean }
  /** In folders with one of these roles, or with this name in lower case. */
  | {
      readonly kind: "in";
      readonly roles: readonly SearchedRole[];
      readonly folder: string | undefined;
      readonly prefix: boolean;
    }
  | { readonly kind: "is"; readonly state: MailState }
  | { readonly kind: "has"; readonly what: MailThing }
  /** An attachment's ending, without its dot. */
  | { readonly kind: "type"; readonly ending: string; readonly prefix: boolean }
  /** In lower case. */
  | { readonly kind: "label"; readonly label: string; readonly prefix: boolean }
  /** Received before (exclusive) or from (inclusive) this moment, in milliseconds. */
  | { readonly kind: "before" | "after"; readonly at: number }
  | { readonly kind: "larger" | "smaller"; readonly bytes: number }
);

export type TextField = "from" | "to" | "subject" | "file";
export type SearchedRole = FolderRole | "snoozed";
export type MailState =
  | "unread"
  | "read"
  | "flagged"
  | "answered"
  | "forwarded"
  | "draft"
  | "sent"
  | "snoozed"
  | "internal"
  | "external"
  | "mine";
export type MailThing = "attachment" | "record" | "card" | "followUp" | "assignee";

export interface MailSearch {
  readonly terms: readonly MailSearchTerm[];
}

export interface MailSearchClock {
  readonly now: number;
  /** Minutes that local time is ahead of UTC. */
  readonly offsetMinutes: number;
}

/** Longer than anybody types; a pasted document is cut and not refused. */
const MAX_CHARS = 400;
const MAX_TERMS = 30;

const FIELDS: Readonly<Record<string, TextField>> = {
  from: "from",
  от: "from",
  to: "to",
  cc: "to",
  кому: "to",
  копия: "to",
  subject: "subject",
  тема: "subject",
  file: "file",
  filename: "file",
  файл: "file",
};
const OTHERS: Readonly<
  Record<string, "in" | "is" | "has" | "type" | "label" | "before" | "after" | "larger" | "smaller">
> = {
  in: "in",
  в: "in",
  is: "is",
  это: "is",
  has: "has",
  есть: "has",
  type: "type",
  тип: "type",
  label: "label",
  метка: "label",
  before: "before",
  до: "before",
  after: "after",
  после: "after",
  larger: "larger",
  больше: "larger",
  smaller: "smaller",
  меньше: "smaller",
};
const FOLDERS: Readonly<Record<string, SearchedRole>> = {
  ...(Object.fromEntries([...folderRoles, "snoozed" as const].map((role) => [role, role])) as Record<
    string,
    SearchedRole
  >),
  входящие: "inbox",
  черновики: "drafts",
  исходящие: "outbox",
  отправленные: "sent",
  архив: "archive",
  спам: "junk",
  spam: "junk",
  корзина: "trash",
  bin: "trash",
  отложенные: "snoozed",
};
const STATES: Readonly<Record<string, MailState>> = {
  unread: "unread",
  непрочитанное: "unread",
  read: "read",
  прочитанное: "read",
  flagged: "flagged",
  starred: "flagged",
  отмеченное: "flagged",
  answered: "answered",
  replied: "answered",
  отвеченное: "answered",
  forwarded: "forwarded",
  пересланное: "forwarded",
  draft: "draft",
  черновик: "draft",
  sent: "sent",
  отправленное: "sent",
  snoozed: "snoozed",
  отложенное: "snoozed",
  internal: "internal",
  внутреннее: "internal",
  external: "external",
  внешнее: "external",
  mine: "mine",
  моё: "mine",
  мое: "mine",
};
const THINGS: Readonly<Record<string, MailThing>> = {
  attachment: "attachment",
  attachments: "attachment",
  file: "attachment",
  вложение: "attachment",
  вложения: "attachment",
  record: "record",
  link: "record",
  карточка: "record",
  card: "card",
  followup: "followUp",
  напоминание: "followUp",
  assignee: "assignee",
  ответственный: "assignee",
};

/** A minus, an operator, and what it is about: a phrase in quotes (an unclosed one goes to the end) or a word. */
const TERM = /(?<minus>-?)(?:(?<operator>[\p{L}_]{1,20}):)?(?:"(?<phrase>[^"]*)"?|(?<word>[^\s"]+))/gu;

/** One letter begins nearly every word. */
const MIN_BEGINNING = /[\p{L}\p{N}]{2}$/u;

export function parseMailSearch(typed: string, clock: MailSearchClock): MailSearch {
  const terms: MailSearchTerm[] = [];
  const text = typed.slice(0, MAX_CHARS);
  for (const { 0: whole, groups = {}, index } of text.matchAll(TERM)) {
    const { minus, operator, phrase, word } = groups;
    const said: Said = {
      text: phrase ?? word ?? "",
      phrase: phrase !== undefined,
      isBegun: index + whole.length === text.length && MIN_BEGINNING.test(whole),
    };
    const found = operator === undefined ? undefined : operatorTerm(operator.toLowerCase(), said, clock);
    const term =
      found ??
      (operator === undefined
        ? textTerm("text", said)
        : textTerm("text", { ...said, text: `${operator}:${said.text}`, phrase: false }));
    if (term && terms.length < MAX_TERMS) terms.push({ ...term, not: minus === "-" });
  }
  return { terms };
}

/** Trash and junk are searched by whoever says so. */
export const asksForHidden = ({ terms }: MailSearch): boolean =>
  terms.some(
    (term) => term.kind === "in" && !term.not && term.roles.some((role) => role === "trash" || role === "junk"),
  );

interface Said {
  readonly text: string;
  readonly phrase: boolean;
  /** Nothing follows it: more of it may still come. */
  readonly isBegun: boolean;
}

type Unsigned = MailSearchTerm extends infer Term ? (Term extends MailSearchTerm ? Omit<Term, "not"> : never) : never;

function operatorTerm(name: string, said: Said, clock: MailSearchClock): Unsigned | undefined {
  const field = FIELDS[name];
  if (field) return textTerm(field, said);
  const value = said.text.trim().toLowerCase();
  if (value === "") return undefined;
  const prefix = said.isBegun;
  switch (OTHERS[name]) {
    case "in":
      return inTerm(value, prefix);
    case "is": {
      const state = meantOf(STATES, value, prefix);
      return state && { kind: "is", state };
    }
    case "has": {
      const what = meantOf(THINGS, value, prefix);
      return what && { kind: "has", what };
    }
    case "type":
      return { kind: "type", ending: value.replace(/^\./, ""), prefix };
    case "label":
      return { kind: "label", label: value, prefix };
    case "before":
    case "after":
      return dayTerm(OTHERS[name], value, clock);
    case "larger":
    case "smaller":
      return sizeTerm(OTHERS[name], value);
    default:
      return undefined;
  }
}

/** The word for it; or what all words mean that begin so. */
function meantOf<Meaning>(
  words: Readonly<Record<string, Meaning>>,
  value: string,
  begun: boolean,
): Meaning | undefined {
  if (!begun || words[value] !== undefined) return words[value];
  const meant = begunBy(words, value);
  return meant.length === 1 ? meant[0] : undefined;
}

const begunBy = <Meaning>(words: Readonly<Record<string, Meaning>>, value: string): readonly Meaning[] => [
  ...new Set(Object.entries(words).flatMap(([word, meaning]) => (word.startsWith(value) ? [meaning] : []))),
];

/** A folder of that name may be meant as well as a role, until the word says which. */
function inTerm(value: string, prefix: boolean): Unsigned {
  const role = FOLDERS[value];
  if (role) return { kind: "in", roles: [role], folder: undefined, prefix: false };
  return { kind: "in", roles: prefix ? begunBy(FOLDERS, value) : [], folder: value, prefix };
}

function textTerm(kind: "text" | TextField, { isBegun, phrase, text: said }: Said): Unsigned | undefined {
  const isMarked = !phrase && said.endsWith("*");
  const text = isMarked ? said.slice(0, -1) : said;
  return /[\p{L}\p{N}]/u.test(text) ? { kind, text, phrase, prefix: isMarked || isBegun } : undefined;
}

const ISO_DAY = /^(?<year>\d{4})-(?<month>\d{1,2})(?:-(?<day>\d{1,2}))?$/;
const LOCAL_DAY = /^(?<day>\d{1,2})[./](?<month>\d{1,2})[./](?<year>\d{4})$/;
const AGO = /^(?<count>\d{1,4})(?<unit>[dwmyднмг])$/u;
const DAY_MS = 86_400_000;
const UNIT_DAYS: Readonly<Record<string, number>> = { d: 1, д: 1, w: 7, н: 7, m: 30, м: 30, y: 365, г: 365 };
const WORDS_AGO: Readonly<Record<string, number>> = { today: 0, сегодня: 0, yesterday: 1, вчера: 1 };

/** `before` a day is before it begins, `after` a day is from its beginning on; `7d` is seven days ago. */
function dayTerm(kind: "before" | "after", said: string, clock: MailSearchClock): Unsigned | undefined {
  const shift = clock.offsetMinutes * 60_000;
  const today = Math.floor((clock.now + shift) / DAY_MS) * DAY_MS - shift;
  const ago = AGO.exec(said)?.groups;
  const days = WORDS_AGO[said] ?? (ago && Number(ago["count"]) * (UNIT_DAYS[ago["unit"] ?? ""] ?? 0));
  if (days !== undefined) return { kind, at: today - days * DAY_MS };
  const { day = "1", month, year } = (ISO_DAY.exec(said) ?? LOCAL_DAY.exec(said))?.groups ?? {};
  if (year === undefined || month === undefined) return undefined;
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // The 31st of February is no day: a word like any other.
  const made = new Date(at);
  if (made.getUTCMonth() !== Number(month) - 1 || made.getUTCDate() !== Number(day)) return undefined;
  return { kind, at: at - shift };
}

const SIZE = /^(?<count>\d{1,6}(?:[.,]\d{1,3})?)(?<unit>k|m|g|к|м|г)?(?:b|б)?$/u;
const UNIT_BYTES: Readonly<Record<string, number>> = { k: 1e3, к: 1e3, m: 1e6, м: 1e6, g: 1e9, г: 1e9 };

function sizeTerm(kind: "larger" | "smaller", said: string): Unsigned | undefined {
  const { count, unit = "" } = SIZE.exec(said)?.groups ?? {};
  if (count === undefined) return undefined;
  return { kind, bytes: Math.round(Number(count.replace(",", ".")) * (UNIT_BYTES[unit] ?? 1)) };
}
