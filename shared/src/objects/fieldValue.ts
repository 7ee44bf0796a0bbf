import { Big } from "big.js";
import { isId, isMoney, type FieldProblem, type Json } from "../base/index.ts";
import { messageFor, type FieldReason } from "./words.ts";
import type { FieldDefinition } from "./type.ts";

/** `value` is undefined for an empty field: null, a blank text and an empty list are one thing. */
export type FieldResult =
  | { readonly ok: true; readonly value: Json | undefined }
  | { readonly ok: false; readonly problem: FieldProblem };

/** Upper bounds where the definition gives none: far above any office's use, far below what would hurt a replica. */
export const fieldLimits = { textLength: 500, longTextLength: 50_000, listLength: 200 } as const;

type Wrong = { readonly wrong: FieldReason; readonly limit?: number | string };
type Parsed = { readonly value: Json | undefined } | Wrong;
type Of<Kind extends FieldDefinition["kind"]> = Extract<FieldDefinition, { kind: Kind }>;

/**
 * Takes what came from a form, a program or another device and gives the one form in which a value is kept: equal
 * values are equal JSON, which is what "the same value from two people is no conflict" rests on.
 */
export function parseFieldValue(field: FieldDefinition, value: unknown, key: string): FieldResult {
  if (isEmptyValue(value)) return { ok: true, value: undefined };
  const parsed = parseKind(field, value);
  if (!("wrong" in parsed)) return { ok: true, value: isEmptyValue(parsed.value) ? undefined : parsed.value };
  return { ok: false, problem: problemOf(key, parsed.wrong, parsed.limit) };
}

export const problemOf = (field: string, reason: FieldReason, limit?: number | string): FieldProblem => ({
  field,
  reason,
  message: messageFor(reason, limit),
  ...(limit !== undefined && { limit }),
});

export const isEmptyValue = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function parseKind(field: FieldDefinition, value: unknown): Parsed {
  switch (field.kind) {
    case "text":
      return parseText(field, value);
    case "longText":
      return parseLongText(field, value);
    case "number":
      return parseNumber(field, value);
    case "money":
      return parseAmount(field, value);
    case "date":
      return parseDate(field, value);
    case "dateTime":
      return parseDateTime(value);
    case "boolean":
      return typeof value === "boolean" ? { value } : { wrong: "field.notBoolean" };
    case "choice":
      return field.options.some((option) => option.key === value)
        ? { value: value as string }
        : { wrong: "field.notOption" };
    case "choices":
      return parseChoices(field, value);
    case "person":
    case "department":
      return parseId(value);
    case "relation":
      return field.many ? parseIds(value) : parseId(value);
    case "files":
      return { wrong: "field.files" };
    case "autoNumber":
      return { wrong: "field.readOnly" };
  }
}

// PostgreSQL stores neither U+0000 nor half a surrogate pair; other control characters have no place in an office.
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const UNSTORABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const isStorable = (text: string) => text.isWellFormed() && !UNSTORABLE.test(text);

function parseText(field: Of<"text">, value: unknown): Parsed {
  if (typeof value !== "string") return { wrong: "field.notText" };
  if (!isStorable(value)) return { wrong: "field.character" };
  const trimmed = value.normalize("NFC").replace(/\s+/g, " ").trim();
  if (trimmed === "") return { value: undefined };
  const pattern = field.pattern && patterns[field.pattern];
  const text = pattern ? pattern.tidy(trimmed) : trimmed;
  const maxLength = field.maxLength ?? fieldLimits.textLength;
  if (text.length > maxLength) return { wrong: "field.tooLong", limit: maxLength };
  if (field.minLength !== undefined && text.length < field.minLength)
    return { wrong: "field.tooShort", limit: field.minLength };
  return pattern && !pattern.test(text) ? { wrong: pattern.wrong } : { value: text };
}

function parseLongText(field: Of<"longText">, value: unknown): Parsed {
  if (typeof value !== "string") return { wrong: "field.notText" };
  if (!isStorable(value)) return { wrong: "field.character" };
  const text = value.normalize("NFC").replace(/\r\n?/g, "\n").replace(/^\n+/, "").trimEnd();
  const maxLength = field.maxLength ?? fieldLimits.longTextLength;
  return text.length > maxLength ? { wrong: "field.tooLong", limit: maxLength } : { value: text };
}

interface Pattern {
  readonly wrong: FieldReason;
  /** Spaces and dashes that people write and machines do not. */
  tidy(text: string): string;
  test(text: string): boolean;
}
const asIs = (text: string) => text;
const compact = (text: string) => text.replace(/[\s.-]/g, "").toUpperCase();

const patterns: Readonly<Record<NonNullable<Of<"text">["pattern"]>, Pattern>> = {
  // Deliberately loose: a mail server alone knows which addresses exist.
  email: {
    wrong: "field.notEmail",
    tidy: asIs,
    test: (text) => /^[^\s@<>(),;:"]+@[^\s@<>(),;:".]+(\.[^\s@<>(),;:".]+)+$/u.test(text),
  },
  phone: {
    wrong: "field.notPhone",
    tidy: asIs,
    test: (text) =>
      /^\+?[\d\s().-]{3,30}(\s?(ext|доб)\.?\s?\d{1,6})?$/iu.test(text) && text.replace(/\D/g, "").length >= 3,
  },
  url: { wrong: "field.notUrl", tidy: asIs, test: (text) => /^https?:\/\/[^\s/?#]+\.?[^\s]*$/iu.test(text) },
  // Every country has its own checksum; a country's prefix and 8 to 15 digits fit them all.
  taxId: { wrong: "field.notTaxId", tidy: compact, test: (text) => /^[A-Z]{0,3}\d{8,15}$/.test(text) },
  iban: { wrong: "field.notIban", tidy: compact, test: isIban },
};

/** ISO 13616: letters become numbers, the first four characters go to the end, and the whole is 1 modulo 97. */
function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  let remainder = 0;
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const digits = /\d/.test(char) ? char : String(char.charCodeAt(0) - 55);
    for (const digit of digits) remainder = (remainder * 10 + Number(digit)) % 97;
  }
  return remainder === 1;
}

function parseNumber(field: Of<"number">, value: unknown): Parsed {
  if (typeof value !== "number" || !Number.isFinite(value)) return { wrong: "field.notNumber" };
  if (field.min !== undefined && value < field.min) return { wrong: "field.tooSmall", limit: field.min };
  if (field.max !== undefined && value > field.max) return { wrong: "field.tooLarge", limit: field.max };
  if (field.decimals !== undefined && !new Big(value).round(field.decimals).eq(value))
    return { wrong: "field.tooManyDecimals", limit: field.decimals };
  return { value: value === 0 ? 0 : value }; // minus zero is zero
}

function parseAmount(field: Of<"money">, value: unknown): Parsed {
  if (!isMoney(value)) return { wrong: "field.notMoney" };
  if (!field.currencies.includes(value.currency))
    return { wrong: "field.currency", limit: field.currencies.join(", ") };
  const amount = new Big(value.amount);
  if (field.min !== undefined && amount.lt(field.min)) return { wrong: "field.tooSmall", limit: field.min };
  if (field.max !== undefined && amount.gt(field.max)) return { wrong: "field.tooLarge", limit: field.max };
  const decimals = Math.max(2, (amount.toFixed().split(".")[1] ?? "").length);
  return { value: { amount: amount.eq(0) ? "0.00" : amount.toFixed(decimals), currency: value.currency } };
}

function parseDate(field: Of<"date">, value: unknown): Parsed {
  if (typeof value !== "string" || !isDate(value)) return { wrong: "field.notDate" };
  if (field.min !== undefined && value < field.min) return { wrong: "field.tooEarly", limit: field.min };
  if (field.max !== undefined && value > field.max) return { wrong: "field.tooLate", limit: field.max };
  return { value };
}

const isDate = (text: string): boolean => {
  if (!/^[1-9]\d{3}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text); // 30 February turns into March
};

function parseDateTime(value: unknown): Parsed {
  const wrong = { wrong: "field.notDateTime" } as const;
  if (typeof value !== "string" || !/^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(value))
    return wrong;
  const time = Date.parse(value);
  if (Number.isNaN(time) || !isDate(value.slice(0, 10))) return wrong;
  const text = new Date(time).toISOString();
  return /^\d{4}-/.test(text) ? { value: text } : wrong;
}

function parseChoices(field: Of<"choices">, value: unknown): Parsed {
  if (!Array.isArray(value)) return { wrong: "field.notList" };
  const chosen = new Set<unknown>(value);
  const known = field.options.map((option) => option.key).filter((key) => chosen.has(key));
  if (known.length !== chosen.size) return { wrong: "field.notOption" };
  if (field.max !== undefined && known.length > field.max) return { wrong: "field.tooMany", limit: field.max };
  return { value: known };
}

function parseId(value: unknown): Parsed {
  return isId(value) ? { value: value.toLowerCase() } : { wrong: "field.notId" };
}

function parseIds(value: unknown): Parsed {
  if (!Array.isArray(value)) return { wrong: "field.notList" };
  if (!value.every(isId)) return { wrong: "field.notId" };
  const ids = [...new Set(value.map((id) => id.toLowerCase()))];
  return ids.length > fieldLimits.listLength
    ? { wrong: "field.tooMany", limit: fieldLimits.listLength }
    : { value: ids };
}
