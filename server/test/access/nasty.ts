import type { AttributeKind, StoredKind } from "@kontor/shared/access";
import type { Json } from "@kontor/shared/base";

/** Values on which two evaluators would differ if they could: look-alikes, extremes, and what only looks like its kind. */

export const UUIDS = [1, 2, 3, 4].map((digit) => `0190aaaa-0000-7000-8000-00000000000${digit}`);
const [FIRST = "", SECOND = ""] = UUIDS;

const WORDS = ["", "a", "A", "b", "ab", "aB", "ä", "a\u0308", "ß", "ss", "Ж", "ё", "е", "İ", "i", "ı", " a", "a "];
const BEYOND_UCS2 = ["\uD7FF", "\uE000", "\uFFFD", "\u{10000}", "😀", "😀a", "a😀"];
const SQL = ["%", "_", "a%", "\\", "'", "''", "$1", "{}", "{a,b}", "NULL"];
const LOOK_ALIKES = ["10", "9", "1e1", "null", "true", "2026-01-01", "obj.owner", FIRST, SECOND, FIRST.toUpperCase()];

/** What is of the kind. */
export const VALID: Readonly<Record<AttributeKind, readonly Json[]>> = {
  text: [...WORDS, ...BEYOND_UCS2, ...SQL, ...LOOK_ALIKES],
  id: [...UUIDS, FIRST.toUpperCase(), "", "x"],
  number: [0, 1, 2, 9, 10, -1, 2.5, 0.1, 0.3, 0.1 + 0.2, 1e21, -1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53],
  boolean: [true, false],
  date: ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-28", "0001-01-01", "9999-12-31"],
  dateTime: [
    "2025-12-31T23:59:59.999Z",
    "2026-01-01T00:00:00.000Z",
    "2026-01-01T00:00:00.001Z",
    "2026-06-30T12:00:00.500Z",
  ],
  money: ["0", "-0.0", "1", "1.0", "1.0000", "10", "9", "2.5", "-3.25", "999999999999999999.9999"].flatMap((amount) =>
    ["EUR", "RUB"].map((currency) => ({ amount, currency })),
  ),
  ids: [[], [FIRST], [SECOND, FIRST], [FIRST, FIRST], UUIDS, ["x", FIRST.toUpperCase()]],
  texts: [[], [""], ["a"], ["A", "a"], ["a", "a"], ["a", "b", "ä", "😀"], ["10", "true"], ["NULL", "{}"], [FIRST]],
};

/** Addresses, and what some parsers take for one. */
export const ADDRESSES = [
  "0.0.0.0",
  "10.0.0.1",
  "10.66.0.0",
  "10.66.255.255",
  "10.67.0.0",
  "127.0.0.1",
  "255.255.255.255",
  "::ffff:10.66.1.2",
  "::FFFF:10.66.1.2",
  "::ffff:0a42:102",
  "0:0:0:0:0:ffff:a42:102",
  "::10.66.1.2",
  "::a42:102",
  "::",
  "::1",
  "1::",
  "2001:db8::1",
  "2001:DB8:0:0::ffff",
  "2001:0db8:0:0:0:0:0:1",
  "2001:db9::",
  "fe80::1",
  "1:2:3:4:5:6:7:8",
  "1:2:3:4:5:6:7::",
  "::2:3:4:5:6:7:8",
  "1:2:3::5:6:7:8",
];
export const NO_ADDRESSES = [
  "",
  "10",
  "10.66.1",
  "10.066.1.2",
  "0x0a.66.1.2",
  "10.66.1.256",
  "10.66.1.2 ",
  "10.66.1.2\n",
  "10.66.0.0/16",
  "fe80::1%eth0",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "12345::",
  "g::",
  "１0.66.1.2",
  "::ffff:10.66.1",
  "1:2:3:4:5:6:10.66.1.2",
  "1:2:3:4::5:6:7:8",
  "::1:2:3:4:5:6:7:8",
];
export const RANGES = [
  "10.66.0.0/16",
  "0.0.0.0/0",
  "10.66.1.2",
  "128.0.0.0/1",
  "::/0",
  "::1",
  "2001:db8::/32",
  "::ffff:10.66.0.0/112",
  "::ffff:0:0/96",
  "::fffe:0:0/95",
  "fe80::/10",
  "8000::/1",
];
export const PATTERNS = [
  "",
  "*",
  "?",
  "#",
  "??",
  "*?",
  "?*",
  "**",
  "a*",
  "*a",
  "*a*",
  "*a*b*",
  "a?",
  "?#",
  "##",
  "1#",
  "\\*",
  "\\?",
  "\\#",
  "\\\\",
  "*\\\\*",
  "%",
  "_",
  "a%",
  "(?i)a",
  "***=a",
  "[a]",
  "a|b",
  "{a,b}",
  "{*",
  "$1",
  "\\^a",
  "a\\$",
  ".",
  "*.*",
  "😀?",
  "?😀",
  "*😀",
  "ä",
  "?\u0308",
  "\\d",
  "\\a",
  "(*)",
  "*-*-*",
  "2026-##-##",
  "Ж",
  "*\n*",
];
export const FITTING = [
  "2026-11-21",
  "2026-1-1",
  "K-1-2",
  "a\nb",
  "\n",
  "a.b",
  "*",
  "?",
  "#",
  "a*b",
  "\\a",
  "\\d",
  "d",
  "7",
  "٣",
  "７",
  "{a",
  "(x)",
  "a\\$",
  "\\^a",
  "a|b",
];

const OF_NO_KIND: readonly Json[] = [null, {}, { a: 1 }, [[]]];

/** What JSON may hold instead, and must be as unknown as null (POL-3). */
const INVALID: Readonly<Record<AttributeKind, readonly Json[]>> = {
  text: [1, true, ["a"], []],
  id: [1, [FIRST], { id: FIRST }],
  number: ["1", "10", "", true, [1]],
  boolean: ["true", 1, 0, ""],
  date: ["2026-1-1", "2026-01-01T00:00:00.000Z", "2026-01-01\n", "", 20260101, "２026-01-01"],
  dateTime: ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+00:00", "2026-01-01T00:00:00.000Z\n", 0],
  money: [
    1,
    "1",
    { amount: 1, currency: "EUR" },
    { amount: "1", currency: "eur" },
    { amount: "1", currency: "EUR", note: 1 },
    { amount: "1", currency: null },
    { amount: "1.00000", currency: "EUR" },
    { amount: "1\n", currency: "EUR" },
    { amount: "1e3", currency: "EUR" },
    { amount: "1" },
    { currency: "EUR" },
  ],
  ids: [FIRST, 1, { [FIRST]: 1 }],
  texts: ["a", { a: 1 }, 10],
};

/** Lists whose other elements are no elements. */
const MIXED: readonly Json[] = [[null], [null, 10, "a", true, ["a"], {}], [{ a: "a" }, FIRST]];

/** Everything that can stand in a column; undefined is a missing key, or NULL. */
export function valuesOf(kind: AttributeKind, stored: StoredKind): readonly (Json | undefined)[] {
  switch (stored) {
    case "jsonb":
      return [
        undefined,
        ...VALID[kind],
        ...INVALID[kind],
        ...OF_NO_KIND,
        ...(kind === "ids" || kind === "texts" ? MIXED : []),
      ];
    case "uuid":
      return [undefined, ...UUIDS];
    case "uuid[]":
      return [undefined, [], [FIRST], [null, SECOND], [...UUIDS, null]];
    case "text[]":
      return [undefined, ...VALID[kind], [null], [null, "a", FIRST]];
    case "text":
      return [undefined, ...VALID[kind], ...INVALID[kind].filter((value) => typeof value === "string")];
    default:
      return [undefined, ...VALID[kind]];
  }
}
