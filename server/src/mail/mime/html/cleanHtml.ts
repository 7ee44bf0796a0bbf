import { mailLimits } from "@kontor/shared/mail";
import { cleanDeclarations, cleanStyleSheet, type CleanedDeclarations } from "./cleanCss.ts";
import { escapeAttribute, escapeText } from "./escape.ts";
import { walkHtml, type HtmlAttributes, type HtmlReader } from "./walkHtml.ts";

/**
 * HTML of a message from outside, made harmless. Nothing is filtered: what comes out is written anew from an allow-list, with
 * ordinary elements only, so that there is one way to read it and no parser can be talked into another (mutation XSS).
 *
 * Rules, quoted by tests:
 * - **HTM-1** Nothing runs: no script, handler, form, plugin, foreign markup, or address but http(s), mailto, tel, cid and pictures in data:.
 * - **HTM-2** Nothing loads: what would is moved to `data-remote-src` or `data-remote-background`, which mean nothing to a browser;
 *   `hasRemote` says that there is some. What the reader could not get back by allowing it (fonts, imports, video) is gone.
 * - **HTM-3** Nothing escapes: no `position`, no `z-index`, no id, class or name that a page of ours could have (`m-` is put in front).
 * - **HTM-4** Cleaning what is clean changes nothing.
 * - **HTM-5** Time and space grow with the length of what is given, however it is made; what comes out is bounded.
 */
export interface CleanedHtml {
  readonly html: string;
  /** The style element that `html` begins with, or nothing. */
  readonly sheet: string;
  /** Something would be loaded from elsewhere, if the reader allowed it. */
  readonly hasRemote: boolean;
  /** Content-IDs (without brackets) of the pictures that it shows. */
  readonly cids: ReadonlySet<string>;
  /** It came out longer than `maxChars`, and ends where that was reached. */
  readonly isCut: boolean;
}

export interface CleanHtmlOptions {
  /** Of the HTML that comes out. */
  readonly maxChars?: number;
  /** The Content-ID under which a picture lies here that the HTML names by an address (RFC 2557, Content-Location). */
  readonly cidOf?: (address: string) => string | undefined;
}

/** A picture within the text of a message: a logo. Larger ones belong into parts; they would be synced with every list. */
const MAX_DATA_PICTURE_CHARS = 131_072;

/** What of an element's attributes may stay; all of them are words or numbers that load nothing. */
const ATTRIBUTES = new Set(
  `abbr align alt axis bgcolor border bordercolor cellpadding cellspacing char charoff cite clear color cols colspan compact datetime dir face
  frame headers height hspace lang noshade nowrap role rowspan rules scope size span start summary title type valign value
  vspace width`.split(/\s+/),
);

const TAGS = new Set(
  `a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn dir div dl dt em
  figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark menu nav ol p pre q rp rt ruby s samp section
  small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`.split(/\s+/),
);

/** Written as the element that looks alike. Forms, headings of forms and the body itself hold text that is the message's. */
const WRITTEN_AS: ReadonlyMap<string, string> = new Map([
  ["body", "div"],
  ["form", "div"],
  ["fieldset", "div"],
  ["details", "div"],
  ["summary", "div"],
  ["button", "span"],
  ["label", "span"],
  ["image", "img"],
]);

/** Where an address of a background stands: in HTML of the 1990s, and in what was cleaned before (HTM-4). */
const BACKGROUND_KEYS = ["background", "data-remote-background", "data-background"];

const VOID = new Set(["br", "col", "hr", "img", "wbr"]);

export function cleanHtml(html: string, options: CleanHtmlOptions = {}): CleanedHtml {
  const cleaner = new Cleaner(options);
  walkHtml(html, cleaner);
  return cleaner.result();
}

class Cleaner implements HtmlReader {
  readonly #maxChars: number;
  readonly #cidOf: (address: string) => string | undefined;
  #html = "";
  readonly #sheets: string[] = [];
  readonly #cids = new Set<string>();
  /** Newsletters say the same styles hundreds of times. */
  readonly #declarations = new Map<string, CleanedDeclarations>();
  #chars = 0;
  #hasRemote = false;

  constructor({ maxChars = mailLimits.maxHtmlChars, cidOf = () => undefined }: CleanHtmlOptions) {
    this.#maxChars = maxChars;
    this.#cidOf = cidOf;
  }

  open(name: string, attributes: HtmlAttributes): boolean {
    const tag = WRITTEN_AS.get(name) ?? name;
    if (!TAGS.has(tag)) return false;
    let text = `<${tag}`;
    if (name === "body") text += attribute("class", "mail-body");
    for (const [key, value] of attributes) text += cleanAttribute(key, value);
    if (tag === "a" && !attributes.has("id")) text += cleanAttribute("id", attributes.get("name") ?? "");
    if (tag === "img") text += this.#cleanPicture(attributes);
    if (tag === "a" && attributes.has("href")) text += cleanLink(attributes.get("href") ?? "");
    const style = attributes.get("style");
    const background = BACKGROUND_KEYS.map((key) => attributes.get(key)).find((value) => value !== undefined);
    if (style !== undefined || background !== undefined) text += this.#cleanStyle(style ?? "", background);
    this.#write(`${text}>`);
    return true;
  }

  close(name: string): void {
    const tag = WRITTEN_AS.get(name) ?? name;
    if (!VOID.has(tag)) this.#write(`</${tag}>`);
  }

  text(text: string): void {
    this.#write(escapeText(text));
  }

  style(css: string): void {
    const cleaned = cleanStyleSheet(css, rename);
    if (cleaned !== "") this.#sheets.push(cleaned);
    this.#chars += cleaned.length;
  }

  isFull(): boolean {
    return this.#chars > this.#maxChars;
  }

  result(): CleanedHtml {
    const sheet = this.#sheets.length > 0 ? `<style>${this.#sheets.join("")}</style>` : "";
    return {
      html: sheet + this.#html,
      sheet,
      hasRemote: this.#hasRemote,
      cids: this.#cids,
      isCut: this.isFull(),
    };
  }

  #write(text: string): void {
    this.#html += text;
    this.#chars += text.length;
  }

  #cleanPicture(attributes: HtmlAttributes): string {
    const named = attributes.get("src") ?? attributes.get("data-remote-src") ?? "";
    const source = cleanAddress(named) || firstOfSet(attributes.get("srcset") ?? "");
    return this.#reference(source, "src", "data-remote-src");
  }

  #cleanStyle(style: string, backgroundAttribute: string | undefined): string {
    let cleaned = this.#declarations.get(style);
    if (!cleaned) {
      cleaned = cleanDeclarations(style);
      this.#declarations.set(style, cleaned);
    }
    const css = cleaned.css === "" ? "" : attribute("style", cleaned.css);
    const background = cleaned.background ?? backgroundAttribute;
    return background === undefined
      ? css
      : css + this.#reference(cleanAddress(background), undefined, "data-remote-background");
  }

  /** Something that would be loaded: from the message itself under `ownKey`, from elsewhere under `remoteKey`. */
  #reference(address: string, ownKey: string | undefined, remoteKey: string): string {
    const cid = /^cid:(?<cid>.{1,200})$/i.exec(address)?.groups?.["cid"] ?? this.#cidOf(address);
    if (cid !== undefined) {
      this.#cids.add(decodeCid(cid));
      return attribute(ownKey ?? "data-background", `cid:${cid}`);
    }
    if (isDataPicture(address)) return attribute(ownKey ?? "data-background", address);
    const remote = remoteAddress(address);
    if (remote === undefined) return "";
    this.#hasRemote = true;
    return attribute(remoteKey, remote);
  }
}

const attribute = (key: string, value: string): string => ` ${key}="${escapeAttribute(value)}"`;

function cleanAttribute(key: string, value: string): string {
  if (ATTRIBUTES.has(key)) return attribute(key, value);
  if (key === "class") {
    const names = value.split(/\s+/, MAX_CLASSES).filter(isName).map(rename);
    return names.length === 0 ? "" : attribute("class", names.join(" "));
  }
  return key === "id" && isName(value) ? attribute("id", rename(value)) : "";
}

const MAX_CLASSES = 20;
const isName = (name: string): boolean => /^[\w-]{1,100}$/.test(name);
const rename = (name: string): string => (name.startsWith("m-") || name === "mail-body" ? name : `m-${name}`);

// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const LEADING_CONTROL = /^[\u0000-\u0020]+/;

/** As browsers read an address (URL standard §4.4): without white space at its ends, without tabs and line ends anywhere. */
const cleanAddress = (address: string): string =>
  address
    .replaceAll(/[\t\n\r]/g, "")
    .replace(LEADING_CONTROL, "")
    .trimEnd();

const MAX_ADDRESS_CHARS = 8_192;

/** Only what the server could fetch for the reader later. Without a scheme it is https, since there is no page it could be relative to. */
function remoteAddress(address: string): string | undefined {
  if (address.length > MAX_ADDRESS_CHARS) return undefined;
  const absolute = /^[\\/]{2}/.test(address) ? `https:${address}` : address;
  return /^https?:/i.test(absolute) && URL.canParse(absolute) ? new URL(absolute).href : undefined;
}

/**
 * The real address is what a browser would open, so that what is shown before a click is where it leads: host in lower case,
 * in its ASCII form, tricks with tabs, backslashes and credentials resolved.
 */
function cleanLink(href: string): string {
  const address = cleanAddress(href);
  if (address.length > MAX_ADDRESS_CHARS) return "";
  const anchor = /^#(?<name>[\w-]{1,100})$/.exec(address)?.groups?.["name"];
  if (anchor !== undefined) return attribute("href", `#${rename(anchor)}`);
  if (/^(?:mailto|tel):/i.test(address)) return attribute("href", address) + OUTWARD;
  const remote = remoteAddress(address);
  return remote === undefined ? "" : attribute("href", remote) + OUTWARD;
}

const OUTWARD = ` target="_blank" rel="noopener noreferrer nofollow"`;

/** Pictures that are only pixels. SVG is a document that can load and run. */
const isDataPicture = (address: string): boolean =>
  address.length <= MAX_DATA_PICTURE_CHARS &&
  /^data:image\/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]+$/i.test(address);

/** The first picture of `srcset`; a comma behind its address parts it from the next. */
function firstOfSet(set: string): string {
  const first = /^[\s,]*(?<url>\S{1,8192})/.exec(set)?.groups?.["url"] ?? "";
  return cleanAddress(first.endsWith(",") ? first.slice(0, -1) : first);
}

function decodeCid(cid: string): string {
  try {
    return decodeURIComponent(cid);
  } catch {
    return cid;
  }
}
