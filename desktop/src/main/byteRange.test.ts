import { expect, it } from "vitest";
import { parseByteRange, resolveByteRange } from "./byteRange.ts";

it.each([
  [null, 10, { start: 0, end: 9 }],
  ["bytes=2-4", 10, { start: 2, end: 4 }],
  ["bytes=2-", 10, { start: 2, end: 9 }],
  ["bytes=-3", 10, { start: 7, end: 9 }],
  ["bytes=2-400", 10, { start: 2, end: 9 }],
  ["bytes=0-1,4-5", 10, { start: 0, end: 9 }],
  ["bytes=-", 10, { start: 0, end: 9 }],
  ["bytes=10-", 10, undefined],
])("%s of %i bytes", (header, total, wanted) =>
  expect(resolveByteRange(parseByteRange(header), total)).toEqual(wanted),
);
