import { mailLimits } from "@kontor/shared/mail";
import { storable } from "./escape.ts";
import { walkHtml, type HtmlAttributes, type HtmlReader } from "./walkHtml.ts";

/**
 * What a message in HTML says, as text: for search, lists, quotes and whoever reads no HTML. Tables become lines, links keep
 * their address where it differs from their words, quotes get their `>`.
 */
export function textOfHtml(html: string, maxChars: number = mailLimits.maxTextChars): string {
  const writer = new TextWriter(maxChars);
  walkHtml(html, writer);
  return writer.result();
}

/** How many line ends stand before and after an element at least. */
const LINES: Readonly<Record<string, number>> = {
  address: 1,
  article: 1,
  aside: 1,
  blockquote: 2,
  body: 1,
  center: 1,
  dd: 1,
  dir: 1,
  div: 1,
  dl: 2,
  dt: 1,
  fieldset: 1,
  figure: 1,
  footer: 1,
  form: 1,
  h1: 2,
  h2: 2,
  h3: 2,
  h4: 2,
  h5: 2,
  h6: 2,
  header: 1,
  hr: 1,
  li: 1,
  main: 1,
  menu: 2,
  nav: 1,
  ol: 2,
  p: 2,
  pre: 2,
  section: 1,
  table: 1,
  tr: 1,
  ul: 2,
  caption: 1,
};

const MAX_SHOWN_QUOTES = 9;
/** Newsletters fill their hidden first line with these, so that nothing else is seen beside it. */
const INVISIBLE = /\u00ad|\u034f|\u200b|\u200c|\u2060|\ufeff/g;

class TextWriter implements HtmlReader {
  readonly #maxChars: number;
  readonly #parts: string[] = [];
  /** For each open element whether its text is laid out as it stands. */
  #preformatted = 0;
  /** How deep in quotes. */
  #quotes = 0;
  #chars = 0;
  #pendingLines = 0;
  #pendingSpace = false;
  #lastQuotes = 0;
  readonly #links: { href: string; at: number }[] = [];
  readonly #lists: { ordered: boolean; next: number }[] = [];

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  open(name: string, attributes: HtmlAttributes): boolean {
    this.#breakLines(LINES[name] ?? 0);
    if (name === "br") this.#pendingLines = Math.min(this.#pendingLines + 1, 2);
    else if (name === "td" || name === "th") this.#pendingSpace = true;
    else if (name === "hr") this.#writeWord("---");
    else if (name === "img") this.text(attributes.get("alt") ?? "");
    else if (name === "a") this.#links.push({ href: attributes.get("href") ?? "", at: this.#parts.length });
    else if (name === "pre") this.#preformatted++;
    else if (name === "blockquote") this.#quotes++;
    else if (name === "ul" || name === "ol") this.#lists.push({ ordered: name === "ol", next: 1 });
    else if (name === "li") this.#writeMark();
    return true;
  }

  close(name: string): void {
    if (name === "a") this.#closeLink();
    else if (name === "pre") this.#preformatted--;
    else if (name === "ul" || name === "ol") this.#lists.pop();
    this.#breakLines(LINES[name] ?? 0);
    if (name === "blockquote") {
      this.#breakLines(1);
      this.#quotes--;
    }
  }

  text(text: string): void {
    if (this.#preformatted > 0) this.#writePreformatted(text);
    else this.#writeFlowing(text);
  }

  isFull(): boolean {
    return this.#chars > this.#maxChars;
  }

  result(): string {
    return storable(this.#parts.join("")).trim();
  }

  #writeFlowing(text: string): void {
    const words = text.split(/[ \t\r\n\f]+/);
    for (const [index, word] of words.entries()) {
      if (index > 0) this.#pendingSpace = true;
      const visible = word.replaceAll(INVISIBLE, "");
      if (visible !== "") this.#writeWord(visible);
    }
  }

  #writePreformatted(text: string): void {
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (index > 0) this.#pendingLines++;
      if (line !== "") this.#writeWord(line);
    }
  }

  #writeWord(word: string): void {
    const quotes = ">".repeat(Math.min(this.#quotes, MAX_SHOWN_QUOTES));
    const isNewLine = this.#pendingLines > 0 || this.#parts.length === 0;
    if (this.#parts.length > 0) {
      // A line between two quotes belongs to both only as far as both are quoted.
      const between = quotes.slice(0, Math.min(this.#quotes, this.#lastQuotes));
      for (let line = 1; line < this.#pendingLines; line++) this.#write(`\n${between}`);
      if (isNewLine) this.#write("\n");
    }
    if (isNewLine) this.#write(quotes === "" ? "" : `${quotes} `);
    else if (this.#pendingSpace) this.#write(" ");
    this.#pendingLines = 0;
    this.#pendingSpace = false;
    this.#lastQuotes = this.#quotes;
    this.#write(word);
  }

  #write(text: string): void {
    this.#parts.push(text);
    this.#chars += text.length;
  }

  #breakLines(lines: number): void {
    this.#pendingLines = Math.max(this.#pendingLines, lines);
  }

  #writeMark(): void {
    const list = this.#lists.at(-1);
    this.#writeWord(list?.ordered ? `${list.next++}.` : "*");
    this.#pendingSpace = true;
  }

  #closeLink(): void {
    const link = this.#links.pop();
    const href = link?.href.trim() ?? "";
    if (!link || !/^(?:https?|mailto):/i.test(href)) return;
    const words = this.#parts.slice(link.at).join("").trim();
    const address = href.replace(/^mailto:/i, "");
    if (words === "" || words.includes(address) || address.replace(/^https?:\/\/|\/$/g, "") === words) return;
    this.#pendingSpace = true;
    if (address.length <= 300) this.#writeWord(`<${address}>`);
  }
}
