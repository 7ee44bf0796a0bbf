import { isMoney, parseMoney, type Json, type Locale } from "@kontor/shared/base";
import {
  isEmptyValue,
  parseFieldValue,
  problemOf,
  type FieldDefinition,
  type FieldResult,
} from "@kontor/shared/objects";

/**
 * Between a value and what a person types for it. Raw is what stands in the control, also when it makes no sense yet:
 * it is what a draft keeps.
 */
export function valueToRaw(field: FieldDefinition, value: Json | undefined, locale: Locale): Json {
  switch (field.kind) {
    case "number":
      return typeof value === "number" ? formatPlainNumber(value, locale) : "";
    case "money":
      return isMoney(value)
        ? { amount: decimalMark(value.amount, locale), currency: value.currency }
        : { amount: "", currency: field.currencies[0] ?? "EUR" };
    case "date":
      return typeof value === "string" ? formatDay(value, locale) : "";
    case "dateTime":
      return typeof value === "string" ? formatMoment(value, locale) : "";
    case "boolean":
      return value === true;
    case "choices":
      return Array.isArray(value) ? value : [];
    case "relation":
      return field.many ? (Array.isArray(value) ? value : []) : (value ?? null);
    case "choice":
    case "person":
    case "department":
      return value ?? null;
    default:
      return typeof value === "string" ? value : "";
  }
}

export function rawToValue(field: FieldDefinition, raw: Json, key: string, locale: Locale): FieldResult {
  switch (field.kind) {
    case "number": {
      const text = String(raw ?? "").trim();
      if (!text) return EMPTY;
      const number = parseNumberText(text, locale);
      return number === undefined
        ? { ok: false, problem: problemOf(key, "field.notNumber") }
        : parseFieldValue(field, number, key);
    }
    case "money": {
      const { amount, currency } = (raw ?? {}) as { amount?: string; currency?: string };
      if (!amount?.trim()) return EMPTY;
      const money = parseMoney(amount.replace(/[^\d.,\-\s\u00a0\u202f']/g, ""), currency ?? "");
      return money && /\d/.test(amount)
        ? parseFieldValue(field, money, key)
        : { ok: false, problem: problemOf(key, "field.notMoney") };
    }
    case "date": {
      const text = String(raw ?? "").trim();
      if (!text) return EMPTY;
      const day = parseDayText(text, locale);
      return day ? parseFieldValue(field, day, key) : { ok: false, problem: problemOf(key, "field.notDate") };
    }
    case "dateTime": {
      const text = String(raw ?? "").trim();
      if (!text) return EMPTY;
      const moment = parseMomentText(text, locale);
      return moment ? parseFieldValue(field, moment, key) : { ok: false, problem: problemOf(key, "field.notDateTime") };
    }
    default:
      return isEmptyValue(raw) ? EMPTY : parseFieldValue(field, raw, key);
  }
}
const EMPTY: FieldResult = { ok: true, value: undefined };

/** "1 234,5", "1,234.5" and "1.5" alike; a lone separator before exactly three digits groups where the language does so. */
export function parseNumberText(text: string, locale: Locale): number | undefined {
  const compact = text.replace(/[\s\u00a0\u202f']/g, "");
  if (!/^-?[\d.,]+$/.test(compact) || !/\d/.test(compact)) return undefined;
  const last = Math.max(compact.lastIndexOf(","), compact.lastIndexOf("."));
  if (last < 0) return Number(compact);
  const mark = compact[last];
  const times = compact.split(mark ?? ",").length - 1;
  const isGroup = times > 1 || (compact.length - last - 1 === 3 && mark === "," && locale === "en");
  const whole = isGroup ? compact : compact.slice(0, last);
  const fraction = isGroup ? "" : compact.slice(last + 1);
  const number = Number(`${whole.replace(/[.,]/g, "")}${fraction ? `.${fraction}` : ""}`);
  return Number.isFinite(number) ? number : undefined;
}

/** Takes 2027-01-20, 20.01.2027, 20/1/27, 20 Jan 2027, Jan 20, 2027, 20 января 2027, and gives ISO 8601. */
export function parseDayText(text: string, locale: Locale): string | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (iso) return dayOf(iso[1], iso[2], iso[3]);
  const numbers = /^(\d{1,2})[./\s-](\d{1,2})[./\s-](\d{4}|\d{2})$/.exec(text);
  if (numbers) return dayOf(fullYear(numbers[3]), numbers[2], numbers[1]);
  const words = /^(\d{1,2})\.?\s+(\p{L}{3,})\.?,?\s+(\d{4})(?:\s*г\.?)?$/u.exec(text);
  if (words) return dayOf(words[3], monthOf(words[2], locale), words[1]);
  const american = /^(\p{L}{3,})\.?\s+(\d{1,2}),?\s+(\d{4})$/u.exec(text);
  if (american) return dayOf(american[3], monthOf(american[1], locale), american[2]);
  return undefined;
}

export function parseMomentText(text: string, locale: Locale): string | undefined {
  const [, day = "", hour = "", minute = ""] = /^(.+?),?\s+(?:в\s+|at\s+)?(\d{1,2})[:.](\d{2})$/.exec(text) ?? [];
  const parsed = parseDayText(day.trim(), locale);
  if (!parsed || Number(hour) > 23 || Number(minute) > 59) return undefined;
  const time = new Date(`${parsed}T${hour.padStart(2, "0")}:${minute}:00`);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function dayOf(year: string | undefined, month: string | undefined, day: string | undefined): string | undefined {
  if (!year || !month || !day) return undefined;
  const text = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = new Date(`${text}T00:00:00Z`);
  // 31 February would become March
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text) ? text : undefined;
}

const fullYear = (year: string | undefined) => (year?.length === 2 ? `20${year}` : year);

function monthOf(word: string | undefined, locale: Locale): string | undefined {
  const start = word?.toLowerCase().slice(0, 3);
  for (const language of new Set([locale, "en", "ru"])) {
    for (let month = 0; month < 12; month++) {
      const names = (["long", "short"] as const).map((style) =>
        new Intl.DateTimeFormat(language, { month: style, day: "numeric", timeZone: "UTC" })
          .formatToParts(Date.UTC(2027, month, 15))
          .find((part) => part.type === "month")
          ?.value.toLowerCase(),
      );
      if (names.some((name) => name?.slice(0, 3) === start)) return String(month + 1);
    }
  }
  return undefined;
}

export const formatDay = (iso: string, locale: Locale): string => {
  const time = Date.parse(`${iso}T00:00:00Z`);
  if (Number.isNaN(time)) return iso;
  return locale === "ru"
    ? new Intl.DateTimeFormat("ru", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" }).format(time)
    : new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(
        time,
      );
};

export const formatMoment = (iso: string, locale: Locale): string => {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${formatDay(day, locale)} ${pad(time.getHours())}:${pad(time.getMinutes())}`;
};

const formatPlainNumber = (value: number, locale: Locale) =>
  new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 15 }).format(value);
const decimalMark = (amount: string, locale: Locale) => (locale === "ru" ? amount.replace(".", ",") : amount);
