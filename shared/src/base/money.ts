import { Big } from "big.js";

/** An exact amount: a decimal string and an ISO 4217 currency. Never a float: 0.1 + 0.2 is somebody's invoice. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

const MAX_DIGITS = 18; // more than any state budget, and still exact in PostgreSQL's numeric and in reports
const AMOUNT = /^-?\d{1,18}(\.\d{1,4})?$/;

export const isMoney = (value: unknown): value is Money => {
  if (typeof value !== "object" || value === null) return false;
  const { amount, currency, ...rest } = value as Partial<Money>;
  return (
    typeof amount === "string" &&
    AMOUNT.test(amount) &&
    typeof currency === "string" &&
    /^[A-Z]{3}$/.test(currency) &&
    Object.keys(rest).length === 0
  );
};

/** Reads what a person typed ("48 200,00", "48,200.00"); undefined when it is not an amount. */
export function parseMoney(text: string, currency: string): Money | undefined {
  const compact = text.replace(/[\s\u00a0\u202f']/g, "");
  const lastSeparator = Math.max(compact.lastIndexOf(","), compact.lastIndexOf("."));
  const fraction =
    lastSeparator >= 0 && compact.length - lastSeparator - 1 <= 2 ? compact.slice(lastSeparator + 1) : "";
  const whole = (fraction || lastSeparator === compact.length - 1 ? compact.slice(0, lastSeparator) : compact).replace(
    /[.,]/g,
    "",
  );
  const amount = fraction ? `${whole}.${fraction}` : whole;
  if (!AMOUNT.test(amount) || whole.replace("-", "").length > MAX_DIGITS) return undefined;
  return { amount: new Big(amount).toFixed(2), currency };
}

export function formatMoney(money: Money, locale: string): string {
  // Intl takes the decimal string itself, so no digit is lost on the way through a float (ECMA-402 2023).
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: money.currency,
    currencyDisplay: "narrowSymbol",
  });
  return format.format(money.amount as unknown as number);
}
