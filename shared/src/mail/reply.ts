import { addressKey, formatAddress } from "./mail.address.ts";
import type { BodyDoc, DraftOrigin, MailAddress, MessageDoc } from "./mail.docs.ts";
import type { Draft } from "./mail.intents.ts";
import { mailLimits } from "./mail.limits.ts";
import { withoutMarks } from "./subject.ts";

/**
 * What stands in a draft that answers or forwards before its author writes a word: subject, recipients, quotation, and what hangs
 * in it. Pure, so that the desktop begins an answer without a network as the server would.
 */
export interface AnswerTo {
  readonly message: Pick<
    MessageDoc,
    "id" | "subject" | "from" | "to" | "cc" | "replyTo" | "sentAt" | "attachments" | "list" | "cards"
  >;
  readonly body: Pick<BodyDoc, "text" | "html"> | undefined;
}

/** Who answers, and in whose words. */
export interface Answerer {
  /** The mailbox's addresses, the main one first. */
  readonly addresses: readonly string[];
  readonly name?: string;
  /** HTML, put above what is quoted. */
  readonly signature?: string;
  readonly words: QuoteWords;
}

export interface QuoteWords {
  /** In front of a quotation: `On 2 March 2026, Anna wrote:`. */
  wrote(who: string, at: string): string;
  readonly forwarded: string;
  readonly from: string;
  readonly date: string;
  readonly subject: string;
  readonly to: string;
  readonly cc: string;
  /** A moment (ISO 8601) as a reader writes it. */
  moment(at: string): string;
}

export interface Prefilled {
  readonly draft: Draft;
  /** What is to hang in it, by `mail.attachStored`; a `cid` is what the quoted text shows it under. */
  readonly attach: readonly { readonly sourceFileId: string; readonly cid?: string }[];
}

export function answerDraft(kind: Exclude<DraftOrigin["kind"], "new">, source: AnswerTo, by: Answerer): Prefilled {
  const { message } = source;
  const draft: Draft = {
    from: fromOf(source, by),
    to: [],
    cc: [],
    bcc: [],
    subject: message.subject.slice(0, mailLimits.maxSubjectChars),
    html: "",
    cards: [],
    origin: { kind, sourceId: message.id },
  };
  if (kind === "redirect") return { draft: { ...draft, html: htmlOf(source) }, attach: [] };
  if (kind === "forward") {
    const html = forwarded(source, by);
    const attach = message.attachments.map((attachment) => attachAgain(attachment, html));
    return { draft: { ...draft, subject: forwardSubject(message.subject), html, cards: [...message.cards] }, attach };
  }
  const html = quoted(source, by);
  const { to, cc } = kind === "reply" ? replyRecipients(source, by) : replyAllRecipients(source, by);
  // More than a draft holds are more than may be sent to at once: its author is told so, and nobody is left out in silence.
  const max = mailLimits.maxRecipients;
  return {
    draft: {
      ...draft,
      to: to.slice(0, max),
      cc: [...to.slice(max), ...cc].slice(0, max),
      subject: replySubject(message.subject),
      html,
    },
    attach: message.attachments
      .map((attachment) => attachAgain(attachment, html))
      .filter(({ cid }) => cid !== undefined),
  };
}

const attachAgain = ({ id, cid }: { readonly id: string; readonly cid?: string }, html: string) => ({
  sourceFileId: id,
  ...(cid !== undefined && html.includes(`cid:${cid}`) && { cid }),
});

/* ---------- subject ---------- */

/** One mark in front, however often and in whatever languages it was answered before. */
export const replySubject = (subject: string): string => marked("Re:", subject);
export const forwardSubject = (subject: string): string => marked("Fwd:", subject);

const marked = (mark: string, subject: string): string =>
  `${mark} ${withoutMarks(subject)}`.trim().slice(0, mailLimits.maxSubjectChars);

/* ---------- recipients ---------- */

export interface ReplyRecipients {
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
}

/** To whoever wrote it, or wants answers elsewhere. What the mailbox itself sent is followed up to those who got it. */
export function replyRecipients({ message }: AnswerTo, by: Answerer): ReplyRecipients {
  const own = keysOf(by);
  if (isOwn(message, own)) return { to: unique(message.to), cc: [] };
  return { to: unique(answersGoTo(message)), cc: [] };
}

/** And to everybody who got it, but for the mailbox itself; nobody twice. */
export function replyAllRecipients({ message }: AnswerTo, by: Answerer): ReplyRecipients {
  const own = keysOf(by);
  const others = (list: readonly MailAddress[], but: readonly MailAddress[]) => {
    const known = new Set([...own, ...but.map(({ address }) => addressKey(address))]);
    return unique(list).filter(({ address }) => !known.has(addressKey(address)));
  };
  const written = isOwn(message, own)
    ? message.to
    : [...(isOfList(message) ? message.from : answersGoTo(message)), ...message.to];
  const to = others(written, []);
  // A message to oneself alone is answered to oneself.
  if (to.length === 0) return { to: unique(answersGoTo(message)), cc: others(message.cc, answersGoTo(message)) };
  return { to, cc: others(message.cc, to) };
}

type People = Pick<MessageDoc, "from" | "to" | "cc" | "replyTo" | "list">;

/**
 * Reply-To (RFC 5322 §3.6.2). A mailing list that puts its own address there would have every private answer read by all: there
 * the author is answered, and the list by answering all.
 */
function answersGoTo(message: People): readonly MailAddress[] {
  const { from, replyTo } = message;
  return replyTo === undefined || replyTo.length === 0 || isOfList(message) ? from : replyTo;
}

function isOfList({ list, replyTo = [], to, cc }: People): boolean {
  const sentTo = new Set([...to, ...cc].map(({ address }) => addressKey(address)));
  return list !== undefined && replyTo.length > 0 && replyTo.every(({ address }) => sentTo.has(addressKey(address)));
}

const keysOf = ({ addresses }: Answerer): ReadonlySet<string> => new Set(addresses.map(addressKey));

const isOwn = ({ from }: People, own: ReadonlySet<string>): boolean =>
  from.some(({ address }) => own.has(addressKey(address)));

function unique(list: readonly MailAddress[]): readonly MailAddress[] {
  const byKey = new Map<string, MailAddress>();
  for (const each of list) if (!byKey.has(addressKey(each.address))) byKey.set(addressKey(each.address), each);
  return [...byKey.values()];
}

/** From the address of the mailbox under which it came, or that it was sent from. */
function fromOf({ message }: AnswerTo, { addresses, name }: Answerer): MailAddress {
  const own = new Set(addresses.map(addressKey));
  const named = [...message.from, ...message.to, ...message.cc].find(({ address }) => own.has(addressKey(address)));
  const address = named ? addressKey(named.address) : (addresses[0] ?? "");
  return name === undefined ? { address } : { address, name };
}

/* ---------- what is quoted ---------- */

const EMPTY_LINE = "<p><br></p>";
/** Room for what its author writes above. */
const MAX_QUOTED_CHARS = mailLimits.maxDraftHtmlChars / 2;

/** Of each kind of recipient in the head of what is forwarded; the rest of a crowd says nothing to its reader. */
const MAX_NAMED = 100;

const opening = ({ signature = "" }: Answerer): string => `${EMPTY_LINE}${signature}${EMPTY_LINE}`;

function quoted(source: AnswerTo, by: Answerer): string {
  const { from, sentAt } = source.message;
  const who = from.map(formatAddress).join(", ");
  // Rules of the quoted message's own would dress what is written above it as well.
  const said = htmlOf(source).replaceAll(/<style\b[^>]*>[^]*?<\/style\s*>/gi, "");
  const attribution = by.words.wrote(who, by.words.moment(sentAt));
  return `${opening(by)}<p>${escape(attribution)}</p><blockquote type="cite">${said}</blockquote>`;
}

function forwarded(source: AnswerTo, by: Answerer): string {
  const { message } = source;
  const { words } = by;
  const list = (people: readonly MailAddress[]) =>
    [...people.slice(0, MAX_NAMED).map(formatAddress), ...(people.length > MAX_NAMED ? ["…"] : [])].join(", ");
  const lines: readonly (readonly [string, string])[] = [
    [words.from, list(message.from)],
    [words.date, words.moment(message.sentAt)],
    [words.subject, message.subject.slice(0, mailLimits.maxSubjectChars)],
    [words.to, list(message.to)],
    ...(message.cc.length > 0 ? [[words.cc, list(message.cc)] as const] : []),
  ];
  const head = lines.map(([key, value]) => `<b>${escape(key)}:</b> ${escape(value)}`).join("<br>");
  return `${opening(by)}<p>${escape(words.forwarded)}</p><p>${head}</p><div class="${FORWARDED_CLASS}">${htmlOf(source)}</div>`;
}

/** By which an editor knows what it must not take apart; cleaning leaves it as it is. */
const FORWARDED_CLASS = "m-forwarded";

/** What is too long to be written on top of goes along as text, as far as there is room. */
function htmlOf({ body }: AnswerTo): string {
  if (!body) return "";
  if (body.html !== undefined && body.html.length <= MAX_QUOTED_CHARS) return body.html;
  const text = body.text.slice(0, MAX_QUOTED_CHARS / MOST_ESCAPED_CHARS).toWellFormed();
  return text === "" ? "" : `<p>${escape(text).replaceAll("\n", "<br>")}</p>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const MOST_ESCAPED_CHARS = 6;
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? "");

/* ---------- words ---------- */

export type QuoteLanguage = "en" | "ru";

export function quoteWords(language: QuoteLanguage, timeZone: string): QuoteWords {
  const format = new Intl.DateTimeFormat(language === "ru" ? "ru-RU" : "en-GB", {
    dateStyle: "long",
    timeStyle: "short",
    timeZone,
  });
  const moment = (at: string) => format.format(new Date(at));
  return language === "ru" ? { ...RUSSIAN, moment } : { ...ENGLISH, moment };
}

const ENGLISH = {
  wrote: (who: string, at: string) => `On ${at}, ${who} wrote:`,
  forwarded: "---------- Forwarded message ----------",
  from: "From",
  date: "Date",
  subject: "Subject",
  to: "To",
  cc: "Cc",
};

const RUSSIAN = {
  wrote: (who: string, at: string) => `${at}, ${who} пишет:`,
  forwarded: "---------- Пересланное сообщение ----------",
  from: "От",
  date: "Дата",
  subject: "Тема",
  to: "Кому",
  cc: "Копия",
};
