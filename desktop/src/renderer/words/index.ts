export { currentLocale, localeOf, startWords, useWords } from "./words.ts";
export type { Words } from "./words.ts";
export type { WordKey } from "./all.words.ts";
