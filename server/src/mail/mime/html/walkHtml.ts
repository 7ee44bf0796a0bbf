import { QuoteType, Tokenizer, type TokenizerCallbacks } from "htmlparser2";

/**
 * Reads HTML of any kind as a balanced run of events: every `open` has its `close`, nothing is deeper than `MAX_DEPTH`, and what
 * programs, forms and foreign languages contain is never told. Built on htmlparser2's tokenizer alone and not on its parser,
 * whose stack grows without end: a million open tags and a million closing ones that match none cost it 20 minutes.
 *
 * What a browser would make of the same bytes may differ. Nothing rests on it being the same: the readers of these events
 * write HTML anew that can be read in one way only.
 */
export interface HtmlReader {
  /** False: the element itself is nothing to the reader. What is in it is told as if it was not there, and it gets no `close`. */
  open(name: string, attributes: HtmlAttributes): boolean;
  close(name: string): void;
  /** Decoded. May come in pieces. */
  text(text: string): void;
  /** The content of a style element. */
  style?(css: string): void;
  /** True ends the reading. */
  isFull?(): boolean;
}

export type HtmlAttributes = ReadonlyMap<string, string>;
const NO_ATTRIBUTES: HtmlAttributes = new Map();

/** Newsletters nest tables 40 deep; browsers themselves stop at 512. Deeper tags are passed over, their text is kept. */
const MAX_DEPTH = 256;
/** No element of any standard has more; each costs memory. */
const MAX_ATTRIBUTES = 64;

const VOID = new Set(
  "area base basefont bgsound br col command embed frame hr image img input keygen link meta param source track wbr".split(
    " ",
  ),
);

/** Their content is no text of the message: programs, other documents, choices of a form, other languages of markup. */
const SILENT = new Set(
  "applet audio canvas datalist frameset iframe math noembed noframes object script select style svg template textarea title video xmp".split(
    " ",
  ),
);

/** Where the search for what a closing tag closes ends (HTML §13.2.4.2, "scope"). */
const SCOPES = new Set("caption table td th".split(" "));
const TABLE_PARTS = new Set("caption col colgroup table tbody td tfoot th thead tr".split(" "));

const CLOSES_PARAGRAPH = new Set(
  "address article aside blockquote body center details dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary table ul dd dt".split(
    " ",
  ),
);
const HEADINGS = new Set(["h1", "h2", "h3", "h4", "h5", "h6"]);

/** For a part of a table: what is closed before it opens, up to the nearest one of these. */
const OPENS_IN: Readonly<Record<string, ReadonlySet<string>>> = {
  td: new Set(["tr", "tbody", "thead", "tfoot", "table"]),
  th: new Set(["tr", "tbody", "thead", "tfoot", "table"]),
  tr: new Set(["tbody", "thead", "tfoot", "table"]),
  tbody: new Set(["table"]),
  thead: new Set(["table"]),
  tfoot: new Set(["table"]),
  colgroup: new Set(["table"]),
  caption: new Set(["table"]),
};

/** An item of a list closes the one before it, in the same list. */
const ITEMS: Readonly<Record<string, { readonly closes: ReadonlySet<string>; readonly list: ReadonlySet<string> }>> = {
  li: { closes: new Set(["li"]), list: new Set(["ul", "ol", "menu", "dir"]) },
  dd: { closes: new Set(["dd", "dt"]), list: new Set(["dl"]) },
  dt: { closes: new Set(["dd", "dt"]), list: new Set(["dl"]) },
};

export function walkHtml(html: string, reader: HtmlReader): void {
  const walker = new Walker(html, reader);
  const tokenizer = new Tokenizer({ decodeEntities: true }, walker);
  walker.stop = () => tokenizer.pause();
  tokenizer.write(html);
  tokenizer.end();
  walker.closeAll();
}

class Walker implements TokenizerCallbacks {
  stop: () => void = () => undefined;
  readonly #html: string;
  readonly #reader: HtmlReader;
  readonly #open: string[] = [];
  /** How deep the element lies whose content is not told; above every depth when there is none. */
  #silentFrom = Number.POSITIVE_INFINITY;
  #name = "";
  #attributes: Map<string, string> | undefined;
  #attribute = "";
  #value = "";
  #hasEnded = false;

  constructor(html: string, reader: HtmlReader) {
    this.#html = html;
    this.#reader = reader;
  }

  onopentagname(start: number, end: number): void {
    this.#name = this.#html.slice(start, end).toLowerCase();
    this.#attributes = undefined;
  }

  onattribname(start: number, end: number): void {
    this.#attribute = this.#html.slice(start, end).toLowerCase();
    this.#value = "";
  }

  onattribdata(start: number, end: number): void {
    this.#value += this.#html.slice(start, end);
  }

  onattribentity(codePoint: number): void {
    this.#value += String.fromCodePoint(codePoint);
  }

  onattribend(_quote: QuoteType, _end: number): void {
    // The first one counts, as in browsers.
    const attributes = (this.#attributes ??= new Map());
    if (attributes.size < MAX_ATTRIBUTES && !attributes.has(this.#attribute)) {
      attributes.set(this.#attribute, this.#value);
    }
  }

  onopentagend(): void {
    const name = this.#name;
    if (this.#reader.isFull?.()) return this.#end();
    if (this.#isSilent && !SILENT.has(name)) return;
    if (!this.#isSilent) this.#closeImplied(name);
    if (VOID.has(name)) {
      if (this.#isSilent) return;
      if (this.#reader.open(name, this.#attributes ?? NO_ATTRIBUTES)) this.#reader.close(name);
      return;
    }
    // What is not told is not told at any depth.
    if (this.#open.length >= MAX_DEPTH && (this.#isSilent || !SILENT.has(name))) return;
    if (SILENT.has(name)) this.#silentFrom = Math.min(this.#silentFrom, this.#open.length + 1);
    else if (!this.#reader.open(name, this.#attributes ?? NO_ATTRIBUTES)) return;
    this.#open.push(name);
    this.#count(name, 1);
  }

  /** How often a name is open: most closing tags of nothing are told without a look at the stack. */
  readonly #counts = new Map<string, number>();

  #count(name: string, by: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  onselfclosingtag(): void {
    // In SVG and MathML it has no content; there is nothing to be told of it. Elsewhere the slash means nothing.
    if (this.#isSilent || this.#name === "svg" || this.#name === "math") return;
    this.onopentagend();
  }

  onclosetag(start: number, end: number): void {
    const name = this.#html.slice(start, end).toLowerCase();
    if (VOID.has(name)) {
      if (name === "br" && !this.#isSilent && this.#reader.open("br", NO_ATTRIBUTES)) this.#reader.close("br");
      return;
    }
    const at = this.#findOpen(name);
    if (at >= 0) this.#closeDownTo(at);
  }

  ontext(start: number, end: number): void {
    if (this.#reader.isFull?.()) this.#end();
    else if (!this.#isSilent) this.#reader.text(this.#html.slice(start, end));
    else if (this.#open[this.#silentFrom - 1] === "style" && this.#open.length === this.#silentFrom) {
      this.#reader.style?.(this.#html.slice(start, end));
    }
  }

  ontextentity(codePoint: number): void {
    if (this.#reader.isFull?.()) this.#end();
    else if (!this.#isSilent) this.#reader.text(String.fromCodePoint(codePoint));
  }

  isInForeignContext(): boolean {
    return false;
  }

  // Comments (conditional ones, too), declarations and processing instructions are never told.
  oncomment(): void {}
  oncdata(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  closeAll(): void {
    this.#closeDownTo(0);
  }

  get #isSilent(): boolean {
    return this.#silentFrom !== Number.POSITIVE_INFINITY || this.#hasEnded;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.closeAll();
    this.#hasEnded = true;
    this.stop();
  }

  #closeDownTo(depth: number): void {
    while (this.#open.length > depth) {
      const name = this.#open.pop() ?? "";
      this.#count(name, -1);
      if (this.#open.length >= this.#silentFrom) continue;
      if (this.#open.length === this.#silentFrom - 1) this.#silentFrom = Number.POSITIVE_INFINITY;
      else this.#reader.close(name);
    }
  }

  /** Where the element lies that a closing tag of this name closes; -1 when there is none in scope. */
  #findOpen(name: string): number {
    if (!this.#counts.get(name)) return -1;
    const isTablePart = TABLE_PARTS.has(name);
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const open = this.#open[at] ?? "";
      if (open === name) return at;
      if (isTablePart ? open === "table" : SCOPES.has(open)) return -1;
    }
    return -1;
  }

  #closeImplied(name: string): void {
    const place = OPENS_IN[name];
    if (place) {
      const inside = this.#counts.get("table") ? this.#findLast((open) => place.has(open), "table") : -1;
      if (inside >= 0) this.#closeDownTo(inside + 1);
      return;
    }
    const item = ITEMS[name];
    if (item) {
      for (let at = this.#open.length - 1; at >= 0; at--) {
        const open = this.#open[at] ?? "";
        if (item.closes.has(open)) this.#closeDownTo(at);
        if (item.list.has(open) || SCOPES.has(open)) break;
      }
    }
    if (name === "a") this.#closeOpen("a");
    if (CLOSES_PARAGRAPH.has(name)) this.#closeOpen("p");
    if (HEADINGS.has(name) && HEADINGS.has(this.#open.at(-1) ?? "")) this.#closeDownTo(this.#open.length - 1);
  }

  #closeOpen(name: string): void {
    const at = this.#findOpen(name);
    if (at >= 0) this.#closeDownTo(at);
  }

  #findLast(matches: (open: string) => boolean, barrier: string): number {
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const open = this.#open[at] ?? "";
      if (matches(open)) return at;
      if (open === barrier) return -1;
    }
    return -1;
  }
}
