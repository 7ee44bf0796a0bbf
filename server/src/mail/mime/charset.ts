import iconv from "iconv-lite";

/**
 * Bytes to text, whatever label they carry. Labels lie: programs of the 1990s wrote `us-ascii` over KOI8-R, today's write
 * `iso-8859-1` over UTF-8, and some write nothing. So a label is believed as long as the bytes do not speak against it.
 */
export interface DecodedText {
  readonly text: string;
  /** The label was missing, unknown or wrong. */
  readonly isGuessed: boolean;
}

export function decodeText(bytes: Uint8Array, label?: string): DecodedText {
  const charset = normaliseLabel(label);
  if (charset === "iso-2022-jp" || ((charset === undefined || charset === "us-ascii") && hasIso2022(bytes))) {
    return { text: decodeKnown(bytes, "iso-2022-jp") ?? "", isGuessed: charset !== "iso-2022-jp" };
  }
  if (!WIDE.has(charset ?? "") && isAscii(bytes)) return { text: latin1(bytes), isGuessed: false };
  if (charset === undefined || charset === "utf-8" || isSingleByte(charset)) return decodeDoubted(bytes, charset);
  const text = decodeKnown(bytes, charset);
  return text === undefined
    ? { text: decodeKnown(bytes, guessCharset(bytes)) ?? latin1(bytes), isGuessed: true }
    : { text, isGuessed: false };
}

/** Whether iconv or the platform can read it; for headers, where a hint is better than a guess. */
export const isKnownCharset = (label: string | undefined): boolean => normaliseLabel(label) !== undefined;

/** Encodings in which bytes below 0x80 are not ASCII, or not only. */
const WIDE = new Set([
  "utf-16le",
  "utf-16be",
  "utf-32",
  "utf-32le",
  "utf-32be",
  "utf-7",
  "hz-gb-2312",
  "iso-2022-kr",
  "ibm037",
  "cp037",
]);

/** UTF-8 is recognised by its own form: random bytes pass for it in one case of thousands, and two characters do not. */
function decodeDoubted(bytes: Uint8Array, charset: string | undefined): DecodedText {
  const isUtf8 = isValidUtf8(bytes);
  if (isUtf8 && (charset === undefined || charset === "utf-8" || highBytes(bytes) >= 4)) {
    return { text: new TextDecoder("utf-8").decode(bytes), isGuessed: charset !== "utf-8" };
  }
  if (charset === "utf-8") {
    const text = new TextDecoder("utf-8").decode(bytes);
    // Cut in the middle, or a few bytes damaged: it is UTF-8 still. Text in another encoding makes hardly a character.
    if (countOf(text, /[^\p{ASCII}\ufffd]/gu) >= countOf(text, /\ufffd/g)) return { text, isGuessed: false };
    return { text: decodeKnown(bytes, guessCharset(bytes)) ?? text, isGuessed: true };
  }
  // What is labelled as Western is so unless it is nothing like it.
  const isDoubtful = charset === undefined || charset === "us-ascii" || (LATIN.has(charset) && isForeignToLatin(bytes));
  const believed = isDoubtful ? guessCharset(bytes) : charset;
  return { text: decodeKnown(bytes, believed) ?? latin1(bytes), isGuessed: believed !== charset };
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Western text has more letters than accents; text of other alphabets read as such has hardly any letter. */
function isForeignToLatin(bytes: Uint8Array): boolean {
  const sample = highSample(bytes);
  const letters = sample.filter((byte) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)).length;
  const high = highBytes(sample);
  return high >= 8 && high > 2 * letters && longestHighRun(sample) >= 4;
}

/** Labels that programs write when they do not know. */
const LATIN = new Set(["iso-8859-1", "windows-1252"]);

const isSingleByte = (charset: string): boolean =>
  /^(?:us-ascii|iso-8859-|windows-125|koi8|cp|ibm|mac|x-mac|tis-620|windows-874)/.test(charset);

const ALIASES: Readonly<Record<string, string>> = {
  ascii: "us-ascii",
  us: "us-ascii",
  "ansi_x3.4-1968": "us-ascii",
  "iso646-us": "us-ascii",
  latin1: "iso-8859-1",
  "iso8859-1": "iso-8859-1",
  iso_8859_1: "iso-8859-1",
  utf8: "utf-8",
  "unicode-1-1-utf-8": "utf-8",
  "utf-8n": "utf-8",
  utf8mb4: "utf-8",
  "unicode-1-1-utf-7": "utf-7",
  "x-unicode-2-0-utf-7": "utf-7",
  utf7: "utf-7",
  koi8: "koi8-r",
  koi8r: "koi8-r",
  cp1251: "windows-1251",
  win1251: "windows-1251",
  "win-1251": "windows-1251",
  windows1251: "windows-1251",
  ansi: "windows-1252",
  "x-sjis": "shift_jis",
  cp932: "shift_jis",
  "windows-31j": "shift_jis",
  "iso-2022-jp-1": "iso-2022-jp",
  "iso-2022-jp-2": "iso-2022-jp",
  "iso-2022-jp-3": "iso-2022-jp",
  "iso-2022-jp-2004": "iso-2022-jp",
  "iso-2022-jp-ms": "iso-2022-jp",
  cp50220: "iso-2022-jp",
  cp50221: "iso-2022-jp",
  gb2312: "gb18030",
  "gb_2312-80": "gb18030",
  gbk: "gb18030",
  cp936: "gb18030",
  "x-gbk": "gb18030",
  "euc-cn": "gb18030",
  "big5-hkscs": "big5",
  cp950: "big5",
  "ks_c_5601-1987": "euc-kr",
  ksc5601: "euc-kr",
  cp949: "euc-kr",
  "iso-8859-8-i": "iso-8859-8",
  "iso-8859-8-e": "iso-8859-8",
  "utf-16": "utf-16le",
};

/** Labels that say nothing. */
const NO_LABEL = new Set([
  "",
  "unknown",
  "unknown-8bit",
  "x-unknown",
  "default",
  "_autodetect",
  "_autodetect_all",
  "none",
  "8bit",
  "7bit",
  "binary",
  "x-user-defined",
  "replacement",
]);

/** The charset that a label means; undefined when it is none that we can read. */
function normaliseLabel(label: string | undefined): string | undefined {
  // RFC 2231 §5 puts a language behind an asterisk.
  const name = (label ?? "")
    .toLowerCase()
    .replace(/\*.*$/s, "")
    .replaceAll(/["'\s;]/g, "")
    .slice(0, 60);
  if (NO_LABEL.has(name)) return undefined;
  const known = ALIASES[name] ?? ALIASES[name.replace(/^(?:x-|cs)/, "")] ?? name;
  if (known === "hz-gb-2312" || known === "iso-2022-kr") return known;
  return platformKnows(known) || iconv.encodingExists(known) ? known : undefined;
}

function platformKnows(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== "x-user-defined";
  } catch {
    return false;
  }
}

function decodeKnown(bytes: Uint8Array, charset: string): string | undefined {
  if (charset === "us-ascii") return latin1(bytes);
  if (charset === "hz-gb-2312") return decodeKnown(shiftedToHigh(bytes, "hz"), "gb18030");
  if (charset === "iso-2022-kr") return decodeKnown(shiftedToHigh(bytes, "kr"), "euc-kr");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return iconv.encodingExists(charset) ? iconv.decode(Buffer.from(bytes), charset) : undefined;
  }
}

/**
 * Two encodings for seven-bit channels that no library here reads: HZ (RFC 1843) parts its Chinese by `~{` and `~}`, ISO-2022-KR
 * (RFC 1557) its Korean by SO and SI. Between them lie the bytes of GB 2312 and KS X 1001 without their high bit.
 */
function shiftedToHigh(bytes: Uint8Array, form: "hz" | "kr"): Uint8Array {
  const out: number[] = [];
  let isShifted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const next = bytes[at + 1];
    if (form === "hz" && byte === 0x7e) {
      if (next === 0x7b) isShifted = true;
      else if (next === 0x7d) isShifted = false;
      else if (next === 0x7e) out.push(0x7e);
      at++;
    } else if (form === "kr" && (byte === 0x0e || byte === 0x0f)) isShifted = byte === 0x0e;
    else if (form === "kr" && byte === 0x1b && next === 0x24) at += 3;
    else {
      if (byte === 0x0a) isShifted = false;
      out.push(isShifted && byte > 0x20 ? byte | 0x80 : byte);
    }
  }
  return Uint8Array.from(out);
}

/* ---------- guessing ---------- */

/** Enough to tell languages apart; a sample of more changes nothing. */
const SAMPLE_BYTES = 4_096;

const CANDIDATES = [
  "windows-1251",
  "koi8-r",
  "cp866",
  "iso-8859-5",
  "shift_jis",
  "euc-jp",
  "gb18030",
  "big5",
  "euc-kr",
] as const;

/**
 * The encoding in which these bytes, no UTF-8, read most like a language. Western text has single high bytes among ASCII letters;
 * Cyrillic has runs of them, mostly of small letters; Asian text has pairs that decode to the characters of daily use.
 */
export function guessCharset(bytes: Uint8Array): string {
  const sample = highSample(bytes);
  if (longestHighRun(sample) < 3) return "windows-1252";
  let best = { charset: "windows-1252", score: 0.35 };
  for (const charset of CANDIDATES) {
    const score = scoreOf(decodeKnown(sample, charset) ?? "");
    if (score > best.score) best = { charset, score };
  }
  return best.charset;
}

/** From the first high byte on, since headers and markup before it say nothing. */
function highSample(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length && (bytes[start] ?? 0) < 0x80) start++;
  return bytes.subarray(start, start + SAMPLE_BYTES);
}

/** Letters by how often they are written: 45 % of Russian are these ten. */
const COMMON_CYRILLIC = new Set("оеаинтсрвлкмдпу");
const COMMON_KANA = /[\u3041-\u3096\u30a1-\u30fc]/u;
const COMMON_HANZI = new Set(
  "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度統這個來們為時學國對說會過發經動開長關門電",
);
const HANGUL = /[\uac00-\ud7a3]/u;

/** From 0 (noise) to 1 (reads like a language). */
function scoreOf(text: string): number {
  let high = 0;
  let good = 0;
  let previous = "";
  for (const char of text) {
    if (char < "\u0080") {
      previous = char;
      continue;
    }
    high++;
    good += worthOf(char, previous);
    previous = char;
  }
  return high === 0 ? 0 : good / high;
}

function worthOf(char: string, previous: string): number {
  if (char === "\ufffd" || (char >= "\u0080" && char <= "\u009f") || (char >= "\ue000" && char <= "\uf8ff")) return -3;
  if (/[а-яё]/.test(char)) {
    // A capital before a small letter opens a word; a small one before a capital is the wrong table.
    return COMMON_CYRILLIC.has(char) ? 1 : 0.6;
  }
  if (/[А-ЯЁ]/.test(char)) return /[а-яё]/.test(previous) ? -1 : 0.55;
  if (/[іїєґўњљ№«»—–…“”„]/i.test(char)) return 0.5;
  if (COMMON_KANA.test(char)) return 1;
  if (COMMON_HANZI.has(char)) return 1;
  if (HANGUL.test(char)) return 0.9;
  if (/[\u4e00-\u9fff]/.test(char)) return 0.45;
  if (/[\u3000-\u303f\uff01-\uff60]/.test(char)) return 0.7;
  // Half-width kana is what Cyrillic and Chinese look like when they are read as Shift_JIS.
  return -0.5;
}

function longestHighRun(bytes: Uint8Array): number {
  let longest = 0;
  let run = 0;
  for (const byte of bytes) {
    run = byte >= 0x80 ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

/* ---------- bytes ---------- */

export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

export function isAscii(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte >= 0x80) return false;
  return true;
}

function highBytes(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte >= 0x80) count++;
  return count;
}

export function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** ESC $ B, ESC $ @ or ESC ( J: Japanese for seven-bit channels, in which nothing else looks like this. */
function hasIso2022(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0x1b); at >= 0; at = bytes.indexOf(0x1b, at + 1)) {
    const [first, second] = [bytes[at + 1], bytes[at + 2]];
    if (first === 0x24 && (second === 0x42 || second === 0x40)) return true;
    if (first === 0x28 && second === 0x4a) return true;
  }
  return false;
}
