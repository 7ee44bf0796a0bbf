import { tokenize, tokenTypes } from "css-tree";

/**
 * Lets through of CSS what makes mail look as it was meant, and nothing that loads, runs, escapes or hides the reader's own interface.
 * Works on tokens as the standard defines them (CSS Syntax 3, by css-tree), and writes each allowed token anew; what is not
 * known to be harmless drops its whole declaration. So there is no `url()` in what comes out, ever: the address of a background
 * is handed back apart, for the viewer to load when its reader allowed it.
 */
export interface CleanedDeclarations {
  readonly css: string;
  /** The last address of a background that was named. */
  readonly background: string | undefined;
}

type Token = { readonly type: number; readonly text: string };

const T = tokenTypes;

/** Nothing here can load, and nothing can leave the place that its element has: no `position`, `transform`, `content`, `behavior`. */
const PROPERTIES = new Set(
  `background background-color background-image background-position background-repeat background-size border border-bottom border-bottom-color
  border-bottom-left-radius border-bottom-right-radius border-bottom-style border-bottom-width border-collapse border-color
  border-left border-left-color border-left-style border-left-width border-radius border-right border-right-color
  border-right-style border-right-width border-spacing border-style border-top border-top-color border-top-left-radius
  border-top-right-radius border-top-style border-top-width border-width box-shadow box-sizing caption-side clear color
  direction display empty-cells float font font-family font-size font-stretch font-style font-variant font-weight height hyphens
  letter-spacing line-height list-style list-style-position list-style-type margin margin-bottom margin-left margin-right margin-top
  max-height max-width min-height min-width opacity outline outline-color outline-style outline-width overflow overflow-wrap
  overflow-x overflow-y padding padding-bottom padding-left padding-right padding-top page-break-after page-break-before
  quotes table-layout tab-size text-align text-align-last text-decoration text-decoration-color text-decoration-line
  text-decoration-style text-indent text-overflow text-shadow text-transform text-underline-offset unicode-bidi vertical-align
  visibility white-space width word-break word-spacing word-wrap writing-mode
  -webkit-text-size-adjust -ms-text-size-adjust text-size-adjust`.split(/\s+/),
);

const BACKGROUNDS = new Set(["background", "background-image"]);

const FUNCTIONS = new Set(
  "rgb( rgba( hsl( hsla( calc( min( max( clamp( linear-gradient( radial-gradient( repeating-linear-gradient( repeating-radial-gradient(".split(
    " ",
  ),
);

/** A font's name in quotation marks: letters of any language, and nothing that could end a string or an attribute. */
const FONT_NAME = /^["'][\p{L}\p{N} ._,-]{1,100}["']$/u;

/** Mail of 1 MB has some thousand declarations; an attack has a million. */
const MAX_TOKENS = 200_000;
/** A declaration that is longer is no style of a person's. */
const MAX_DECLARATION_CHARS = 2_000;
const MAX_CSS_CHARS = 262_144;

/** `style="…"`. */
export function cleanDeclarations(source: string): CleanedDeclarations {
  return cleanDeclarationTokens(tokensOf(source));
}

/** `<style>…</style>`: rules and `@media`, with classes and ids named anew by `rename`. */
export function cleanStyleSheet(source: string, rename: (name: string) => string): string {
  const css = cleanRules(tokensOf(source.slice(0, MAX_CSS_CHARS)), rename, 0);
  // No allowed token has it, so it is never there; were it there, it could end the element.
  return css.includes("<") ? "" : css;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  tokenize(source, (type, start, end) => {
    if (tokens.length >= MAX_TOKENS || type === T.CDO || type === T.CDC) return;
    // A comment that vanished would join what stood apart: `url/**/(//host/x)` is no address until it does.
    tokens.push(type === T.WhiteSpace || type === T.Comment ? SPACE : { type, text: source.slice(start, end) });
  });
  return tokens;
}

const SPACE: Token = { type: T.WhiteSpace, text: " " };

function cleanDeclarationTokens(tokens: readonly Token[]): CleanedDeclarations {
  const kept: string[] = [];
  let background: string | undefined;
  for (const declaration of splitAtTop(tokens, T.Semicolon)) {
    const cleaned = cleanDeclaration(declaration);
    if (!cleaned) continue;
    background = cleaned.background ?? background;
    if (cleaned.css !== "") kept.push(cleaned.css);
  }
  return { css: kept.join(";"), background };
}

function cleanDeclaration(tokens: readonly Token[]): CleanedDeclarations | undefined {
  const start = tokens.findIndex(({ type }) => type !== T.WhiteSpace);
  const name = tokens[start];
  if (name?.type !== T.Ident) return undefined;
  const property = name.text.toLowerCase();
  if (!PROPERTIES.has(property)) return undefined;
  let at = start + 1;
  if (tokens[at]?.type === T.WhiteSpace) at++;
  if (tokens[at]?.type !== T.Colon) return undefined;
  return cleanValue(property, tokens.slice(at + 1));
}

function cleanValue(property: string, tokens: readonly Token[]): CleanedDeclarations | undefined {
  let value = "";
  let background: string | undefined;
  let open = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? SPACE;
    const address = addressAt(tokens, at);
    if (address) {
      if (!BACKGROUNDS.has(property)) return undefined;
      background = address.url;
      at = address.last;
      value += " ";
      continue;
    }
    const text = cleanValueToken(property, token);
    if (text === undefined || value.length > MAX_DECLARATION_CHARS) return undefined;
    value += text;
    // A bracket of its own only groups within a sum; elsewhere it could make a function of the word before it.
    if (token.type === T.LeftParenthesis && open === 0) return undefined;
    if (token.type === T.Function || token.type === T.LeftParenthesis) open++;
    if (token.type === T.RightParenthesis && --open < 0) return undefined;
  }
  if (open > 0) return undefined;
  value = value.replaceAll(/\s+/g, " ");
  // What is left of a list of backgrounds.
  if (background !== undefined) value = value.replaceAll(/(?:^| ?,) ?(?=,|$)/g, "").replace(/^ ?,/, "");
  value = value.trim();
  return { css: value === "" || value.startsWith("!") ? "" : `${property}:${value}`, background };
}

/** `url(x)`, one token, or `url("x")`, three. */
function addressAt(tokens: readonly Token[], at: number): { readonly url: string; readonly last: number } | undefined {
  const token = tokens[at];
  if (token?.type === T.Url) return { url: token.text.slice(4).replace(/\)$/, "").trim(), last: at };
  if (token?.type !== T.Function || token.text.toLowerCase() !== "url(") return undefined;
  let next = at + 1;
  while (tokens[next]?.type === T.WhiteSpace) next++;
  const inner = tokens[next];
  if (inner?.type !== T.String) return undefined;
  next++;
  while (tokens[next]?.type === T.WhiteSpace) next++;
  if (tokens[next]?.type !== T.RightParenthesis) return undefined;
  return { url: inner.text.slice(1, -1), last: next };
}

/** The token as it may be written; undefined drops the declaration. A backslash could spell anything, so no token may hold one. */
function cleanValueToken(property: string, { type, text }: Token): string | undefined {
  switch (type) {
    case T.WhiteSpace:
      return " ";
    case T.Ident:
      return /^[\w\u00a0-\uffff-]+$/.test(text) ? text : undefined;
    case T.Number:
    case T.Percentage:
    case T.Dimension:
    case T.Hash:
      return /^[\w#.%+-]+$/.test(text) ? text : undefined;
    case T.Comma:
    case T.LeftParenthesis:
    case T.RightParenthesis:
      return text;
    case T.String:
      return property.startsWith("font") && FONT_NAME.test(text) ? `'${text.slice(1, -1)}'` : undefined;
    case T.Function:
      return FUNCTIONS.has(text.toLowerCase()) ? text : undefined;
    case T.Delim:
      return "/!+-*".includes(text) ? text : undefined;
    default:
      return undefined;
  }
}

/** `@media` within `@media` is as deep as mail goes. */
const MAX_RULE_DEPTH = 2;

function cleanRules(tokens: readonly Token[], rename: (name: string) => string, depth: number): string {
  let css = "";
  let at = 0;
  while (at < tokens.length) {
    const bodyStart = findTop(tokens, at, T.LeftCurlyBracket, T.Semicolon);
    if (bodyStart >= tokens.length) break;
    if (tokens[bodyStart]?.type === T.Semicolon) {
      // `@import`, `@charset`, `@namespace`: gone.
      at = bodyStart + 1;
      continue;
    }
    const bodyEnd = findClosing(tokens, bodyStart);
    const prelude = tokens.slice(at, bodyStart);
    const body = tokens.slice(bodyStart + 1, bodyEnd);
    at = bodyEnd + 1;
    const first = prelude.find(({ type }) => type !== T.WhiteSpace);
    if (first?.type === T.AtKeyword) {
      const media =
        first.text.toLowerCase() === "@media" ? cleanMedia(prelude.slice(prelude.indexOf(first) + 1)) : undefined;
      const inner = media !== undefined && depth < MAX_RULE_DEPTH ? cleanRules(body, rename, depth + 1) : "";
      if (inner !== "") css += `@media ${media}{${inner}}`;
      continue;
    }
    const selector = cleanSelector(prelude, rename);
    const declarations = selector === undefined ? "" : cleanDeclarationTokens(body).css;
    if (declarations !== "") css += `${selector}{${declarations}}`;
  }
  return css;
}

function cleanMedia(tokens: readonly Token[]): string | undefined {
  let media = "";
  for (const { type, text } of tokens) {
    const isAllowed =
      type === T.WhiteSpace ||
      type === T.Comma ||
      type === T.Colon ||
      type === T.LeftParenthesis ||
      type === T.RightParenthesis ||
      ((type === T.Ident || type === T.Number || type === T.Dimension) && /^[\w.+-]+$/.test(text));
    if (!isAllowed) return undefined;
    media += text;
  }
  return media.trim();
}

const PSEUDO = new Set(["link", "visited", "hover", "active", "first-child", "last-child"]);

function cleanSelector(tokens: readonly Token[], rename: (name: string) => string): string | undefined {
  let selector = "";
  for (let at = 0; at < tokens.length; at++) {
    const { type, text } = tokens[at] ?? SPACE;
    const next = tokens[at + 1];
    if (type === T.WhiteSpace || type === T.Comma) selector += text;
    else if (type === T.Ident && NAME.test(text)) selector += /^(?:body|html)$/i.test(text) ? ".mail-body" : text;
    else if (type === T.Hash && NAME.test(text.slice(1))) selector += `#${rename(text.slice(1))}`;
    else if (type === T.Delim && text === "." && next?.type === T.Ident && NAME.test(next.text)) {
      selector += `.${rename(next.text)}`;
      at++;
    } else if (type === T.Delim && "*>+~".includes(text)) selector += text;
    else if (type === T.Colon && next?.type === T.Ident && PSEUDO.has(next.text.toLowerCase())) {
      selector += `:${next.text.toLowerCase()}`;
      at++;
    } else return undefined;
  }
  return selector.trim() || undefined;
}

const NAME = /^[\w-]{1,100}$/;

function* splitAtTop(tokens: readonly Token[], separator: number): Generator<readonly Token[]> {
  let start = 0;
  while (start < tokens.length) {
    const end = findTop(tokens, start, separator);
    yield tokens.slice(start, end);
    start = end + 1;
  }
}

/** The next token of one of these types that lies in no bracket; the length when there is none. */
function findTop(tokens: readonly Token[], start: number, ...types: readonly number[]): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const type = tokens[at]?.type ?? 0;
    if (depth === 0 && types.includes(type)) return at;
    if (OPENING.has(type)) depth++;
    else if (CLOSING.has(type) && depth > 0) depth--;
  }
  return tokens.length;
}

function findClosing(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const type = tokens[at]?.type ?? 0;
    if (type === T.LeftCurlyBracket) depth++;
    else if (type === T.RightCurlyBracket && --depth === 0) return at;
  }
  return tokens.length;
}

const OPENING = new Set<number>([T.Function, T.LeftParenthesis, T.LeftSquareBracket, T.LeftCurlyBracket]);
const CLOSING = new Set<number>([T.RightParenthesis, T.RightSquareBracket, T.RightCurlyBracket]);
