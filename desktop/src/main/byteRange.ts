/** A request's `Range` (RFC 9110 §14): one range or none; a list of ranges is answered with the whole, as the RFC allows. */
export function parseByteRange(header: string | null): { start?: number; end?: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!found) return undefined;
  const [, first = "", last = ""] = found;
  if (first === "" && last === "") return undefined;
  if (first === "") return { end: -Number(last) };
  return last === "" ? { start: Number(first) } : { start: Number(first), end: Number(last) };
}

/** The bytes that a range means in a body of this size, both ends included; undefined when it lies outside. */
export function resolveByteRange(range: { start?: number; end?: number } | undefined, totalBytes: number) {
  if (!range) return { start: 0, end: totalBytes - 1 };
  if (range.start === undefined) return { start: Math.max(0, totalBytes + (range.end ?? 0)), end: totalBytes - 1 };
  const end = Math.min(range.end ?? totalBytes - 1, totalBytes - 1);
  return range.start > end ? undefined : { start: range.start, end };
}
