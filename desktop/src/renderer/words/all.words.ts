import { accessWords } from "../access/access.words.ts";
import { appWords } from "../app/app.words.ts";
import { filesWords } from "../files/files.words.ts";
import { objectsWords } from "../objects/objects.words.ts";
import { outboxWords } from "../outbox/outbox.words.ts";
import { peopleWords } from "../people/people.words.ts";
import { signInWords } from "../signIn/signIn.words.ts";

const en = {
  ...accessWords.en,
  ...appWords.en,
  ...filesWords.en,
  ...objectsWords.en,
  ...outboxWords.en,
  ...peopleWords.en,
  ...signInWords.en,
};
export type WordKey = keyof typeof en;

export const allWords: Readonly<Record<"en" | "ru", Readonly<Record<WordKey, string>>>> = {
  en,
  ru: {
    ...accessWords.ru,
    ...appWords.ru,
    ...filesWords.ru,
    ...objectsWords.ru,
    ...outboxWords.ru,
    ...peopleWords.ru,
    ...signInWords.ru,
  },
};
