/**
 * Labels as IMAP keywords, and back.
 *
 * A keyword is an atom (RFC 9051 §9): printable ASCII without `(){%*"\]` and blanks, and servers tell it apart without regard to
 * case. Dovecot takes 50 characters. So:
 *
 * - **KEY-1** A label of ASCII letters, digits, `.`, `-` and `_` is its own keyword, and so other clients' words are labels here.
 * - **KEY-2** Any other label is `l--` with its Punycode (RFC 3492), blanks written as `_`: short for every script, and digits
 *   of it are lower case. `_` and ASCII that no atom may hold are moved into the private use area (U+E000) before.
 * - **KEY-3** What begins with `$` or `\`, and words that programs write, are nobody's labels.
 * - **KEY-4** What does not fit into 50 characters stays here alone.
 */
export const maxKeywordChars = 50;
const PREFIX = "l--";
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Written by programs about their own work: junk filters, receipts, clients of the past. Lower case. */
const MACHINE_MADE = new Set([
  "junk",
  "nonjunk",
  "notjunk",
  "junkrecorded",
  "forwarded",
  "redirected",
  "mdnsent",
  "old",
  "recent",
  "receipt-handled",
  "has_cal",
  "x-me-annot-1",
  "unknown-0",
]);

/** Undefined: this label has none (KEY-4), or one that means something else there. */
export function labelToKeyword(label: string): string | undefined {
  const keyword = isPlain(label) ? label : encode(label);
  return keyword !== undefined && keyword.length <= maxKeywordChars ? keyword : undefined;
}

/** Undefined: it is no label. */
export function keywordToLabel(keyword: string): string | undefined {
  if (keyword.length > maxKeywordChars) return undefined;
  if (keyword.toLowerCase().startsWith(PREFIX)) {
    const label = decode(keyword.slice(PREFIX.length));
    // One label has one keyword: what we would have written otherwise is somebody else's word.
    return label !== undefined && encode(label)?.toLowerCase() === keyword.toLowerCase() && !isPlain(label)
      ? label
      : undefined;
  }
  return isPlain(keyword) ? keyword : undefined;
}

const isPlain = (word: string): boolean =>
  PLAIN.test(word) && !word.toLowerCase().startsWith(PREFIX) && !MACHINE_MADE.has(word.toLowerCase());

/* ---------- characters that no atom may hold ---------- */

const PRIVATE = 0xe000;
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const UNSAFE = /[\u0000-\u0020_(){%*"\\\]\u007f]/u;

function encode(label: string): string | undefined {
  if (label.trim() !== label || label === "" || !label.isWellFormed()) return undefined;
  const points: number[] = [];
  for (const char of label) {
    const point = char.codePointAt(0) ?? 0;
    if (point >= PRIVATE && point <= PRIVATE + 0x7f) return undefined;
    points.push(char === " " ? 0x5f : UNSAFE.test(char) ? PRIVATE + point : point);
  }
  return PREFIX + toPunycode(points);
}

function decode(text: string): string | undefined {
  const points = fromPunycode(text);
  if (!points) return undefined;
  const back = points.map((point) =>
    point === 0x5f ? 0x20 : point >= PRIVATE && point <= PRIVATE + 0x7f ? point - PRIVATE : point,
  );
  return String.fromCodePoint(...back);
}

/* ---------- RFC 3492 ---------- */

const [BASE, TMIN, TMAX, SKEW, DAMP, BIAS, FIRST] = [36, 1, 26, 38, 700, 72, 0x80] as const;
const MAX_POINT = 0x10ffff;
const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";

function adapt(delta: number, count: number, isFirst: boolean): number {
  let left = Math.floor(delta / (isFirst ? DAMP : 2));
  left += Math.floor(left / count);
  let steps = 0;
  for (; left > ((BASE - TMIN) * TMAX) / 2; steps += BASE) left = Math.floor(left / (BASE - TMIN));
  return steps + Math.floor(((BASE - TMIN + 1) * left) / (left + SKEW));
}

const threshold = (at: number, bias: number): number => Math.min(Math.max(at - bias, TMIN), TMAX);

export function toPunycode(points: readonly number[]): string {
  const basic = points.filter((point) => point < FIRST);
  let out = String.fromCodePoint(...basic) + (basic.length > 0 ? "-" : "");
  let [next, delta, bias, done] = [FIRST as number, 0, BIAS as number, basic.length];
  while (done < points.length) {
    const least = Math.min(...points.filter((point) => point >= next));
    delta += (least - next) * (done + 1);
    next = least;
    for (const point of points) {
      if (point < next) delta += 1;
      if (point !== next) continue;
      let left = delta;
      for (let at = BASE as number; ; at += BASE) {
        const most = threshold(at, bias);
        if (left < most) break;
        out += DIGITS[most + ((left - most) % (BASE - most))] ?? "";
        left = Math.floor((left - most) / (BASE - most));
      }
      out += DIGITS[left] ?? "";
      bias = adapt(delta, done + 1, done === basic.length);
      delta = 0;
      done += 1;
    }
    delta += 1;
    next += 1;
  }
  return out;
}

/** Undefined: it is no Punycode. */
export function fromPunycode(text: string): readonly number[] | undefined {
  const cut = text.lastIndexOf("-");
  const points = Array.from(text.slice(0, Math.max(cut, 0)), (char) => char.codePointAt(0) ?? 0);
  let [next, bias, place] = [FIRST as number, BIAS as number, 0];
  for (let at = cut + 1; at < text.length;) {
    const before = place;
    let weight = 1;
    for (let step = BASE as number; ; step += BASE) {
      const digit = DIGITS.indexOf((text[at] ?? "!").toLowerCase());
      at += 1;
      if (digit < 0) return undefined;
      place += digit * weight;
      const most = threshold(step, bias);
      if (digit < most) break;
      weight *= BASE - most;
    }
    const count = points.length + 1;
    bias = adapt(place - before, count, before === 0);
    next += Math.floor(place / count);
    place %= count;
    if (next > MAX_POINT || (next >= 0xd800 && next <= 0xdfff)) return undefined;
    points.splice(place, 0, next);
    place += 1;
  }
  return points;
}
