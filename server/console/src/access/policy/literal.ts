import type { AttributeKind } from "../access.api.ts";

const AMOUNT = /^(-?\d{1,18})(?:[.,](\d{1,4}))?\s*([A-Za-z]{3})$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What somebody typed, as a value of this kind; undefined while it is none. */
export function literalFrom(text: string, kind: AttributeKind): unknown {
  switch (kind) {
    case "number": {
      const number = Number(text.replaceAll(/[\s\u00a0]/g, "").replace(",", "."));
      return Number.isFinite(number) ? number : undefined;
    }
    case "money": {
      const [, whole, fraction = "", currency] = AMOUNT.exec(text.replaceAll(/[\s\u00a0](?=\d)/g, "")) ?? [];
      if (whole === undefined || currency === undefined) return undefined;
      return { amount: `${whole}.${fraction.padEnd(2, "0")}`, currency: currency.toUpperCase() };
    }
    case "date":
      return isDay(text) ? text : undefined;
    case "dateTime":
      return momentFrom(text);
    case "boolean":
      return undefined;
    case "id":
    case "ids":
      // A key of a group or an id; a name would compare with nothing.
      return UUID.test(text) || /^[a-z0-9][a-z0-9._-]*$/.test(text) ? text : undefined;
    default:
      return text;
  }
}

/** The 31st of February is none. */
function isDay(text: string): boolean {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Without a zone, the one of whoever types. */
function momentFrom(text: string): string | undefined {
  const [, day, time = "00:00", zone = ""] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const moment = day === undefined ? undefined : new Date(`${day}T${time}${zone}`);
  return moment && !Number.isNaN(moment.getTime()) ? moment.toISOString() : undefined;
}
