import { z } from "zod";

export const locales = ["en", "ru"] as const;
export const localeSchema = z.enum(locales);
export type Locale = z.infer<typeof localeSchema>;

/** Words in every language the product speaks. */
export type Label = Readonly<Record<Locale, string>>;

export const labelIn = (label: Label | string, locale: Locale): string =>
  typeof label === "string" ? label : label[locale];
