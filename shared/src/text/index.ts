export { normalise, stemOf, wordsOf, WORDS_VERSION } from "./words.ts";
