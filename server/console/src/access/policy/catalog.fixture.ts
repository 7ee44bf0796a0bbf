// A small vocabulary, as the server gives it, for tests of what is said and offered.
import { IntlMessageFormat } from "intl-messageformat";
import { en } from "../../words/en.ts";
import { ru } from "../../words/ru.ts";
import type { Locale, WordKey } from "../../words/words.ts";
import type { Vocabulary } from "../access.api.ts";
import { createCatalog } from "./catalog.ts";

export const legal = "00000000-0000-7000-8000-0000000000d1";
const vocabulary: Vocabulary = {
  resources: [
    {
      name: "contract",
      label: { en: "Contract", ru: "Договор" },
      onlyByName: false,
      actions: [{ name: "read" }, { name: "transition:sign", label: { en: "Sign", ru: "Подписать" } }],
      sections: [{ name: "terms", label: { en: "Terms", ru: "Условия" }, fields: [{ name: "amount" }] }],
      attributes: [
        { name: "owner", kind: "id", of: "person" },
        { name: "department", kind: "id", of: "department", label: { en: "department", ru: "подразделение" } },
        {
          name: "state",
          kind: "text",
          label: { en: "state", ru: "состояние" },
          options: [{ value: "draft", label: { en: "Draft", ru: "Черновик" } }],
        },
        { name: "createdAt", kind: "dateTime" },
      ],
    },
  ],
  subject: [
    { name: "id", kind: "id", of: "person" },
    { name: "departments", kind: "ids", of: "department" },
  ],
  context: [
    { name: "ip", kind: "text" },
    { name: "time", kind: "dateTime" },
  ],
};
const structure = {
  departments: [{ id: legal, nameEn: "Legal", nameRu: "Юристы", parentId: null, code: null, people: 2 }],
  groups: [],
  positions: [],
};
export const catalogIn = (locale: Locale) => {
  const words = locale === "ru" ? ru : en;
  return createCatalog({
    vocabulary,
    structure,
    people: new Map(),
    locale,
    say: (key, params) => String(new IntlMessageFormat(words[key], locale).format(params)),
    knows: (key): key is WordKey => Object.hasOwn(en, key),
  });
};
