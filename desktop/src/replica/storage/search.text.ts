/** From text to the columns of the index, and from what a user typed to a query. Both sides pass through the same door. */
import { stemOf, wordsOf } from "@kontor/shared/text";

/** A private-use character is a word to the tokenizer, and no user can type it: phrases do not reach across fields. */
export const FIELD_BREAK = "\uE000";

/** The two columns of the index: the words as written (for phrases and beginnings of words), and their stems. */
export function indexedText(fields: readonly string[]): [words: string, stems: string] {
  const words = fields.map(wordsOf);
  const texts = [words, words.map((field) => field.map(stemOf))];
  const [raw = "", stemmed = ""] = texts.map((all) => all.map((field) => field.join(" ")).join(` ${FIELD_BREAK} `));
  return [raw, stemmed];
}

/** `word`, `"a phrase"`, `begin*`, and each with a minus before it to exclude it. */
const TERM = /(-?)(?:"([^"]*)"?|([^\s"]+))/gu;
/** A beginning this short matches nearly everything; it is taken for a whole word. */
const MIN_PREFIX_LENGTH = 2;

/**
 * What a user typed as an FTS5 query; undefined when it holds no word to look for. All words must be there, in any
 * inflection. The last one counts as a beginning while it is still being typed (`asYouType`).
 */
export function searchQuery(typed: string, { asYouType = false } = {}): string | undefined {
  const terms = [...typed.matchAll(TERM)].map(([, minus, phrase, word]) => ({
    excluded: minus === "-",
    words: wordsOf(phrase ?? word ?? ""),
    isPhrase: phrase !== undefined,
    isPrefix: phrase === undefined && word?.endsWith("*") === true,
  }));
  const last = terms.at(-1);
  if (asYouType && last && !last.isPhrase && /[\p{L}\p{N}]$/u.test(typed)) last.isPrefix = true;
  const found = terms.filter((term) => term.words.length > 0).map((term) => ({ ...term, sql: termQuery(term) }));
  const wanted = found.filter((term) => !term.excluded).map((term) => term.sql);
  const unwanted = found.filter((term) => term.excluded).map((term) => term.sql);
  if (wanted.length === 0) return undefined;
  const base = `(${wanted.join(" AND ")})`;
  return unwanted.length === 0 ? base : `${base} NOT (${unwanted.join(" OR ")})`;
}

function termQuery({ words, isPhrase, isPrefix }: { words: string[]; isPhrase: boolean; isPrefix: boolean }): string {
  if (isPhrase) return `words : ${quoted(words.join(" "))}`;
  // "e-mail" or "№12/45" is several words in the index: they must stand together.
  const beginning = isPrefix && (words.at(-1)?.length ?? 0) >= MIN_PREFIX_LENGTH ? " *" : "";
  if (words.length > 1 || beginning) return `words : ${quoted(words.join(" "))}${beginning}`;
  return `stems : ${quoted(stemOf(words[0] ?? ""))}`;
}

/** Words are letters and digits by now; the quotes keep AND, OR, NOT and NEAR from being operators. */
const quoted = (text: string): string => `"${text}"`;
