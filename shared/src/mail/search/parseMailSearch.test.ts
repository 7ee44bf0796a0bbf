import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMailSearch } from "./parseMailSearch.ts";

// A Friday at noon in Moscow.
const clock = { now: Date.parse("2026-11-20T09:00:00Z"), offsetMinutes: 180 };
const typing = (typed: string) => parseMailSearch(typed, clock).terms;
/** With a space behind it the last word is whole. */
const terms = (typed: string) => typing(`${typed} `);
const text = (said: string, more: object = {}) => ({
  kind: "text",
  text: said,
  phrase: false,
  prefix: false,
  not: false,
  ...more,
});

describe("the language of searching mail", () => {
  it("words, phrases, beginnings and what must not be there", () =>
    expect(terms('terms "red green" deliv* -draft -"no way"')).toEqual([
      text("terms"),
      text("red green", { phrase: true }),
      text("deliv", { prefix: true }),
      text("draft", { not: true }),
      text("no way", { phrase: true, not: true }),
    ]));

  it("operators by their English and Russian names", () => {
    expect(terms("from:anna -to:pavel subject:terms file:offer")).toEqual([
      text("anna", { kind: "from" }),
      text("pavel", { kind: "to", not: true }),
      text("terms", { kind: "subject" }),
      text("offer", { kind: "file" }),
    ]);
    expect(terms('от:анна кому:"Павел Орлов" в:корзина это:непрочитанное есть:вложение')).toEqual([
      text("анна", { kind: "from" }),
      text("Павел Орлов", { kind: "to", phrase: true }),
      { kind: "in", roles: ["trash"], folder: undefined, prefix: false, not: false },
      { kind: "is", state: "unread", not: false },
      { kind: "has", what: "attachment", not: false },
    ]);
    expect(terms('in:"Lab contracts" label:Urgent type:.PDF is:Flagged')).toEqual([
      { kind: "in", roles: [], folder: "lab contracts", prefix: false, not: false },
      { kind: "label", label: "urgent", prefix: false, not: false },
      { kind: "type", ending: "pdf", prefix: false, not: false },
      { kind: "is", state: "flagged", not: false },
    ]);
  });

  it("the last word may be a beginning while nothing stands behind it, and has two letters", () => {
    expect(typing("red gree")).toEqual([text("red"), text("gree", { prefix: true })]);
    expect(typing("red g")).toEqual([text("red"), text("g")]);
    expect(typing("red -gree")).toMatchObject([{ prefix: false }, { text: "gree", prefix: true, not: true }]);
    expect(typing('"red green"')).toEqual([text("red green", { phrase: true })]);
    expect(typing('"red gree')).toEqual([text("red gree", { phrase: true, prefix: true })]);
    expect(typing("from:ann")).toEqual([text("ann", { kind: "from", prefix: true })]);
    expect(typing("from:ann is:unread")).toMatchObject([{ text: "ann", prefix: false }, { kind: "is" }]);
  });

  it.each([
    ["label:urg", { kind: "label", label: "urg", prefix: true }],
    ["type:do", { kind: "type", ending: "do", prefix: true }],
    ["in:tra", { kind: "in", roles: ["trash"], folder: "tra", prefix: true }],
    ["в:от", { kind: "in", roles: ["sent", "snoozed"], folder: "от", prefix: true }],
    ["in:lab", { kind: "in", roles: [], folder: "lab", prefix: true }],
    ["in:trash", { kind: "in", roles: ["trash"], folder: undefined, prefix: false }],
    ["is:un", { kind: "is", state: "unread" }],
    ["это:непр", { kind: "is", state: "unread" }],
    ["has:att", { kind: "has", what: "attachment" }],
    ["есть:влож", { kind: "has", what: "attachment" }],
    // Several things begin so, or none.
    ["это:от", text("это:от", { prefix: true })],
    ["has:zz", text("has:zz", { prefix: true })],
  ])("%s", (typed, term) => expect(typing(typed)).toEqual([{ not: false, ...term }]));

  it.each([
    ["before:2026-11-20", "2026-11-19T21:00:00.000Z"],
    ["before:20.11.2026", "2026-11-19T21:00:00.000Z"],
    ["after:2026-11", "2026-10-31T21:00:00.000Z"],
    ["after:today", "2026-11-19T21:00:00.000Z"],
    ["после:вчера", "2026-11-18T21:00:00.000Z"],
    ["after:7d", "2026-11-12T21:00:00.000Z"],
    ["до:2н", "2026-11-05T21:00:00.000Z"],
  ])("%s is %s in the reader's days", (typed, iso) => expect(terms(typed)).toMatchObject([{ at: Date.parse(iso) }]));

  it.each([
    ["larger:5mb", 5_000_000],
    ["larger:1,5м", 1_500_000],
    ["smaller:300k", 300_000],
    ["smaller:12", 12],
  ])("%s is %i bytes", (typed, bytes) => expect(terms(typed)).toMatchObject([{ bytes }]));

  it.each(["re:terms", "12:30", "before:2026-02-31", "is:purple", "has:nothing", "larger:huge", "http://a.example"])(
    "%s is a word like any other",
    (typed) => expect(terms(typed)).toEqual([text(typed)]),
  );

  it.each(["", "   ", '"', "-", "*", "from:", '"" -', "::"])("%j asks for nothing", (typed) =>
    expect(terms(typed).filter(({ kind }) => kind !== "text")).toEqual([]),
  );

  it("never fails and never grows without end, whatever is pasted", () =>
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (typed) => {
        expect(typing(typed).length).toBeLessThanOrEqual(30);
      }),
    ));
});
