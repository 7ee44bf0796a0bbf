import i18next from "i18next";
import ICU from "i18next-icu";
import { initReactI18next, useTranslation } from "react-i18next";
import { grantReasonWords } from "@kontor/shared/access";
import { fieldReasonWords, recordReasonWords } from "@kontor/shared/objects";
import { labelIn, type FieldProblem, type Label, type Locale } from "@kontor/shared/base";
import type { Settings } from "#contract";
import { allWords, type WordKey } from "./all.words.ts";

export async function startWords(locale: Settings["locale"]): Promise<void> {
  await i18next
    .use(ICU)
    .use(initReactI18next)
    .init({
      lng: localeOf(locale),
      fallbackLng: "en",
      keySeparator: false,
      nsSeparator: false,
      resources: { en: { translation: allWords.en }, ru: { translation: allWords.ru } },
      interpolation: { escapeValue: false }, // React escapes
    });
  document.documentElement.lang = i18next.language;
  i18next.on("languageChanged", (language) => (document.documentElement.lang = language));
}

export const localeOf = (chosen: Settings["locale"]): Locale =>
  chosen === "system" ? (navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en") : chosen;

export const currentLocale = (): Locale => (i18next.language === "ru" ? "ru" : "en");

const reasonWords: Readonly<Record<string, Label | undefined>> = {
  ...fieldReasonWords,
  ...recordReasonWords,
  ...grantReasonWords,
};

export type Words = ReturnType<typeof useWords>;

export function useWords() {
  const { t: translate } = useTranslation();
  const locale = currentLocale();

  const t = (key: WordKey, params?: Readonly<Record<string, string | number>>): string => translate(key, params ?? {});

  /** Words for a stable reason; those of a newer server come in its own English. */
  function reason(key: string, message: string, limit?: number | string): string {
    if (key in allWords.en) return t(key as WordKey, limit === undefined ? {} : { limit });
    const words = reasonWords[key];
    return words ? labelIn(words, locale).replace("{limit}", String(limit ?? "")) : message || key;
  }

  return {
    t,
    locale,
    label: (label: Label | string) => labelIn(label, locale),
    reason,
    problem: (problem: FieldProblem) => reason(problem.reason, problem.message, problem.limit),
  };
}
