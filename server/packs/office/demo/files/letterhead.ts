import { fileURLToPath } from "node:url";
import { company } from "../company.ts";

/** The typeface of all papers: it has both alphabets, and a server may have no fonts of its own. */
export const fonts = {
  regular: fileURLToPath(import.meta.resolve("@expo-google-fonts/pt-serif/400Regular/PTSerif_400Regular.ttf")),
  bold: fileURLToPath(import.meta.resolve("@expo-google-fonts/pt-serif/700Bold/PTSerif_700Bold.ttf")),
} as const;

/** What all papers of the company have at the top. */
export const letterhead = (locale: "en" | "ru"): { readonly name: string; readonly lines: readonly string[] } => ({
  name: company.legal[locale],
  lines: [
    company.address[locale],
    locale === "ru"
      ? `ИНН ${company.taxId} · тел. ${company.phone} · ${company.email}`
      : `Tax no. ${company.taxId} · tel. ${company.phone} · ${company.email}`,
  ],
});

/** Quiet blue of the letterhead. */
export const ACCENT = "1F4E79";

export const longDate = (date: string, locale: "en" | "ru"): string =>
  new Intl.DateTimeFormat(locale === "ru" ? "ru" : "en-GB", { dateStyle: "long", timeZone: "UTC" }).format(
    Date.parse(date),
  );

export const amountText = (amount: number, currency: string, locale: "en" | "ru"): string =>
  new Intl.NumberFormat(locale === "ru" ? "ru" : "en-GB", { style: "currency", currency }).format(amount);
