/**
 * Date of a header: RFC 5322 §3.3 with all of its obsolete forms, and what programs write instead: ISO 8601, `asctime`, names of zones,
 * years of two digits, no seconds. Undefined when there is none to be read; never a guess, as `Date.parse` makes one of any word.
 */
export function parseMailDate(text: string): Date | undefined {
  const plain = text
    .replaceAll(/\([^()]*\)/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, 200);
  return parseIso(plain) ?? parseWords(plain);
}

const ISO =
  /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)(?:[T ](?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,]\d+)?)?)? ?(?<zone>.*)$/i;

function parseIso(text: string): Date | undefined {
  const found = ISO.exec(text)?.groups;
  return found ? toDate({ ...found, month: String(Number(found["month"]) - 1) }) : undefined;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const TIME = /(?<hour>\d{1,2})[:.](?<minute>\d{1,2})(?:[:.](?<second>\d{1,2}))?(?:[.,]\d+)?\s*(?<half>[ap]m)?/i;

function parseWords(text: string): Date | undefined {
  const time = TIME.exec(text);
  const date =
    /(?<day>\d{1,2})[ -](?<month>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})\.?,?[ -](?<year>\d{2,4})(?!\d)/i.exec(
      text,
    )?.groups ??
    // asctime: `Mon Jan  5 10:00:00 1998`, with or without a zone between.
    /(?<month>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}) (?<day>\d{1,2}),? (?:[\d:.]+ )?(?:[a-z+\d-]+ )??(?<year>\d{4})(?!\d)/i.exec(
      text,
    )?.groups;
  if (!date) return undefined;
  const month = MONTHS.indexOf((date["month"] ?? "").slice(0, 3).toLowerCase());
  if (month < 0) return undefined;
  const behind = time ? text.slice(time.index + time[0].length) : "";
  const hour = Number(time?.groups?.["hour"] ?? 0);
  const half = time?.groups?.["half"]?.toLowerCase();
  const hour24 = half === undefined ? hour : (hour % 12) + (half === "pm" ? 12 : 0);
  return toDate({
    ...date,
    month: String(month),
    hour: String(hour24),
    minute: time?.groups?.["minute"],
    second: time?.groups?.["second"],
    zone: behind,
  });
}

/** RFC 5322 §4.3; military letters mean nothing there, and the rest is what is still seen. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  met: 60,
  mez: 60,
  cet: 60,
  cest: 120,
  mest: 120,
  bst: 60,
  wet: 0,
  west: 60,
  eet: 120,
  eest: 180,
  msk: 180,
  msd: 240,
  jst: 540,
  kst: 540,
  hkt: 480,
  ist: 330,
};

function zoneMinutes(text: string): number {
  const offset = /(?<sign>[+-])(?<hours>\d{1,2}):?(?<minutes>\d\d)?(?!\d)/.exec(text)?.groups;
  if (offset) {
    const minutes = Number(offset["hours"]) * 60 + Number(offset["minutes"] ?? 0);
    return minutes > 15 * 60 ? 0 : (offset["sign"] === "-" ? -1 : 1) * minutes;
  }
  const name = /[a-z]{1,5}/i.exec(text)?.[0].toLowerCase();
  return (name === undefined ? undefined : ZONES[name]) ?? 0;
}

function toDate(parts: Readonly<Record<string, string | undefined>>): Date | undefined {
  const [year, month, day] = [fullYear(parts["year"] ?? ""), Number(parts["month"]), Number(parts["day"])];
  const [hour, minute, second] = [
    Number(parts["hour"] ?? 0),
    Number(parts["minute"] ?? 0),
    Number(parts["second"] ?? 0),
  ];
  // Before there was mail and after any that we will see, it is a clock that was not set.
  const isPossible =
    year >= 1970 && year <= 2200 && month <= 11 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60;
  if (!isPossible) return undefined;
  const at = Date.UTC(year, month, day, hour, minute, Math.min(second, 59)) - zoneMinutes(parts["zone"] ?? "") * 60_000;
  return new Date(at);
}

/** RFC 5322 §4.3: two digits below 50 are of this century, three count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}
