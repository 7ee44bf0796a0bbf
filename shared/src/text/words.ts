/** From text to the words by which it is found, and to their stems: the same on the desktop and on the server. */
import stemmers from "snowball-stemmers";

/** Raised when the same text gives other words than before: the indexes are then built anew. */
export const WORDS_VERSION = 2;

const WORD = /[\p{L}\p{N}]+/gu;
/** Above 64 characters it is a hash or a base64 blob, which nobody searches by and which bloats the index. */
const MAX_WORD_LENGTH = 64;

const russian = stemmers.newStemmer("russian");
const english = stemmers.newStemmer("english");
const CYRILLIC = /\p{Script=Cyrillic}/u;
const LATIN = /^[a-z]+$/;

/** Language has few words and uses them often (190k rows/s with this, a tenth without); full, it starts over. */
const MAX_REMEMBERED_STEMS = 50_000;
const stems = new Map<string, string>();

/** "№12" is the number 12: NFKC alone would make it the word "no12". */
export const normalise = (text: string): string =>
  text.replaceAll("№", " ").normalize("NFKC").toLowerCase().replaceAll("ё", "е");

export function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const stem = CYRILLIC.test(word) ? russian.stem(word) : LATIN.test(word) ? english.stem(word) : word;
  if (stems.size >= MAX_REMEMBERED_STEMS) stems.clear();
  stems.set(word, stem);
  return stem;
}

export const wordsOf = (text: string): string[] =>
  (normalise(text).match(WORD) ?? []).map((word) => (word.length > MAX_WORD_LENGTH ? startOf(word) : word));

function startOf(word: string): string {
  const start = word.slice(0, MAX_WORD_LENGTH);
  return start.isWellFormed() ? start : start.slice(0, -1); // no half of a letter from beyond the first 65,536
}
