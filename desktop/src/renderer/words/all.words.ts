import { accessWords } from "../access/access.words.ts";
import { appWords } from "../app/app.words.ts";
import { composeWords } from "../mail/compose/compose.words.ts";
import { contactsWords } from "../mail/contacts/contacts.words.ts";
import { mailSettingsWords } from "../mail/settings/settings.words.ts";
import { mailReasonWords } from "../mail/mail.reasons.words.ts";
import { mailWords } from "../mail/mail.words.ts";
import { mailListWords } from "../mail/list/list.words.ts";
import { mailPlacesWords } from "../mail/places/places.words.ts";
import { mailReadWords } from "../mail/read/read.words.ts";
import { rulesWords } from "../mail/rules/rules.words.ts";
import { filesWords } from "../files/files.words.ts";
import { objectsWords } from "../objects/objects.words.ts";
import { outboxWords } from "../outbox/outbox.words.ts";
import { peopleWords } from "../people/people.words.ts";
import { signInWords } from "../signIn/signIn.words.ts";

const en = {
  ...accessWords.en,
  ...appWords.en,
  ...composeWords.en,
  ...contactsWords.en,
  ...filesWords.en,
  ...mailSettingsWords.en,
  ...mailReasonWords.en,
  ...mailListWords.en,
  ...mailPlacesWords.en,
  ...mailReadWords.en,
  ...mailWords.en,
  ...rulesWords.en,
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
    ...composeWords.ru,
    ...contactsWords.ru,
    ...filesWords.ru,
    ...mailSettingsWords.ru,
    ...mailReasonWords.ru,
    ...mailListWords.ru,
    ...mailPlacesWords.ru,
    ...mailReadWords.ru,
    ...mailWords.ru,
    ...rulesWords.ru,
    ...objectsWords.ru,
    ...outboxWords.ru,
    ...peopleWords.ru,
    ...signInWords.ru,
  },
};
