import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mailLimits } from "@kontor/shared/mail";
import { fromPunycode, keywordToLabel, labelToKeyword, maxKeywordChars, toPunycode } from "./keyword.ts";

const pointsOf = (text: string): number[] => [...text].map((char) => char.codePointAt(0) ?? 0);
const seed = Number(process.env.KONTOR_SEED ?? Math.floor(Math.random() * 2 ** 31));

describe("Punycode is that of RFC 3492 §7.1", () => {
  it.each([
    ["почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"],
    ["他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"],
    ["PorquénopuedensimplementehablarenEspañol", "PorqunopuedensimplementehablarenEspaol-fmd56a"],
    ["-> $1.00 <-", "-> $1.00 <--"],
    ["安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"],
  ])("%s", (text, coded) => {
    expect(toPunycode(pointsOf(text))).toBe(coded);
    expect(fromPunycode(coded)).toEqual(pointsOf(text));
  });
});

describe("a label is a keyword", () => {
  it.each(["work", "Follow-up", "2026.Q1", "to_do"])("[KEY-1] of its own name: %s", (label) => {
    expect(labelToKeyword(label)).toBe(label);
    expect(keywordToLabel(label)).toBe(label);
  });

  it.each([
    "Счета",
    "Важные документы",
    "Договоры с подрядчиками",
    "to do",
    "50% (half)",
    "junk",
    "l--x",
    'a"b\\c',
    "🎉",
  ])("[KEY-2] that every server takes: %s", (label) => {
    const keyword = labelToKeyword(label) ?? "";
    expect(keyword).toMatch(/^l--[^\s(){%*"\\\]]{1,47}$/);
    expect(keywordToLabel(keyword)).toBe(label);
  });

  it.each(["$label1", "$Junk", "NonJunk", "Junk", "\\Seen", "l--!", "l--work-", "a b"])(
    "[KEY-3] and %s is no label",
    (keyword) => expect(keywordToLabel(keyword)).toBeUndefined(),
  );

  it("[KEY-4] unless it is too long for one", () => {
    expect(labelToKeyword("x".repeat(maxKeywordChars))).toBeDefined();
    expect(labelToKeyword("x".repeat(maxKeywordChars + 1))).toBeUndefined();
    expect(labelToKeyword("Щ".repeat(mailLimits.maxLabelChars) + "漢字")).toBeUndefined();
  });

  it(`any label comes back as it was, KONTOR_SEED=${seed}`, () => {
    const labels = fc.string({ unit: "binary", minLength: 1, maxLength: mailLimits.maxLabelChars });
    fc.assert(
      fc.property(labels, (label) => {
        const keyword = labelToKeyword(label);
        if (keyword === undefined) return;
        expect(keyword.length).toBeLessThanOrEqual(maxKeywordChars);
        expect(keywordToLabel(keyword)).toBe(label);
      }),
      { seed, numRuns: 500 },
    );
  });

  it(`no keyword of others ends anything, and each means one label, KONTOR_SEED=${seed}`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 60 }), (word) => {
        for (const keyword of [word, `l--${word}`]) {
          const label = keywordToLabel(keyword);
          const back = label === undefined ? keyword : labelToKeyword(label);
          expect(back?.toLowerCase()).toBe(keyword.toLowerCase());
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
