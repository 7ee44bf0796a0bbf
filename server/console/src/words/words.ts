import i18next from "i18next";
import ICU from "i18next-icu";
import { initReactI18next, useTranslation } from "react-i18next";
import { en } from "./en.ts";
import { ru } from "./ru.ts";

export type Locale = "en" | "ru";
export type WordKey = keyof typeof en;
const STORED = "kontor.console.locale";

export async function startWords(): Promise<void> {
  const stored = localStorage.getItem(STORED);
  const lng =
    stored === "en" || stored === "ru" ? stored : navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
  await i18next
    .use(ICU)
    .use(initReactI18next)
    .init({
      lng,
      fallbackLng: "en",
      keySeparator: false,
      nsSeparator: false,
      resources: { en: { translation: en }, ru: { translation: ru } },
      interpolation: { escapeValue: false },
    });
  document.documentElement.lang = lng;
}

export function chooseLocale(locale: Locale): void {
  localStorage.setItem(STORED, locale);
  document.documentElement.lang = locale;
  void i18next.changeLanguage(locale);
}

export function useWords() {
  const { t: translate } = useTranslation();
  const locale: Locale = i18next.language === "ru" ? "ru" : "en";
  const t = (key: WordKey, params?: Readonly<Record<string, string | number>>): string => translate(key, params ?? {});
  return {
    t,
    locale,
    named: (named: { readonly nameEn: string; readonly nameRu: string }) =>
      locale === "ru" ? named.nameRu : named.nameEn,
    /** Words for a reason that this console knows; otherwise the server's own. */
    reason: (reason: string, message: string) =>
      `reason.${reason}` in en ? t(`reason.${reason}` as WordKey) : message,
    time: (iso: string | null) =>
      iso === null
        ? "–"
        : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(
            new Date(iso),
          ),
    number: (value: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(value),
  };
}
