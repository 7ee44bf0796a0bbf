import type { ParseCheck } from "./condition.check.ts";
import { type Fragment, joined, parameter, sql } from "./sql.fragment.ts";
import { isStorable } from "./value.read.ts";

/**
 * `matches`: the whole text fits one of the patterns. `*` is any text, `?` one character (code point), `#` one digit 0–9,
 * and a backslash makes the next character ordinary. No alternation and no repetition of parts, so that matching takes
 * at most length × length steps here, and PostgreSQL's automaton means exactly the same (decision 0010).
 */
type Token =
  | { readonly is: "any" }
  | { readonly is: "one" }
  | { readonly is: "digit" }
  | { readonly is: string; readonly ordinary: true };

const MAX_LENGTH = 200;
const MAX_STARS = 10;
const MAX_PATTERNS = 100;
const MAX_TOGETHER = 2_000; // steps for each character of a text that is matched against all of them
const SPECIAL: Readonly<Record<string, Token>> = { "*": { is: "any" }, "?": { is: "one" }, "#": { is: "digit" } };

export const patternCheck: ParseCheck = (written) => {
  const all: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (all.length > MAX_PATTERNS) return `has more than ${MAX_PATTERNS} patterns`;
  const length = all.reduce<number>((sum, one) => sum + String(one).length, 0);
  if (all.length > 1 && length > MAX_TOGETHER) return `has patterns of more than ${MAX_TOGETHER} characters together`;
  const patterns: (readonly Token[])[] = [];
  for (const one of all) {
    const pattern = tokensOf(one);
    if (typeof pattern === "string") return pattern;
    patterns.push(pattern);
  }
  return {
    written: all.map(String),
    test: (text) => {
      const characters = Array.from(text);
      return patterns.some((pattern) => fits(pattern, characters));
    },
    toSql: (value) => patternsToSql(patterns, value),
  };
};

/** Or words. */
function tokensOf(written: unknown): readonly Token[] | string {
  if (typeof written !== "string" || !isStorable(written))
    return `must be a pattern such as "K-####-*" (* any text, ? one character, # one digit), or a list of them`;
  if (written.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/^\^|[^\\]\$$/.test(written))
    return `reads like a regular expression; it knows only * ? and #, and "\\^" or "\\$" for such a character itself`;
  const tokens: Token[] = [];
  const characters = Array.from(written);
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] as string;
    const special = SPECIAL[character];
    const escaped = character === "\\" ? characters[(index += 1)] : character;
    if (escaped === undefined) return "ends with a backslash that makes nothing ordinary; write two for one";
    tokens.push(special ?? { is: escaped, ordinary: true });
  }
  if (tokens.filter(isAny).length > MAX_STARS) return `has more than ${MAX_STARS} times "*"`;
  return tokens;
}

const isAny = (token: Token | undefined): boolean =>
  token !== undefined && !("ordinary" in token) && token.is === "any";

function isOne(token: Token | undefined, character: string): boolean {
  if (!token) return false;
  if ("ordinary" in token) return token.is === character;
  return token.is === "one" || (token.is === "digit" && character >= "0" && character <= "9");
}

/** Only the last `*` is ever tried again: what an earlier one could give, it can give too. */
function fits(pattern: readonly Token[], text: readonly string[]): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let index = 0; index < text.length;) {
    if (isAny(pattern[at])) {
      star = at;
      resume = index;
      at += 1;
    } else if (isOne(pattern[at], text[index] as string)) {
      at += 1;
      index += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else {
      return false;
    }
  }
  while (isAny(pattern[at])) at += 1;
  return at === pattern.length;
}

function patternsToSql(patterns: readonly (readonly Token[])[], value: Fragment): Fragment {
  if (patterns.length === 0) return sql`(${value} <> ${value})`;
  const tests = patterns.map((pattern) => sql`${value} COLLATE "C" ~ ${parameter(expressionOf(pattern))}`);
  return sql`(${joined(tests, " OR ")})`;
}

const EXPRESSIONS: Readonly<Record<string, string>> = { any: ".*", one: ".", digit: "[0-9]" };

/** Anchored at once, so that nothing in it can be read as one of PostgreSQL's directors or embedded options. */
const expressionOf = (pattern: readonly Token[]): string =>
  `^${pattern.map((token) => ("ordinary" in token ? escaped(token.is) : EXPRESSIONS[token.is])).join("")}$`;

const escaped = (character: string): string => (/[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character);
