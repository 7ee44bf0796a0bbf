import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baseSubject, isReplySubject } from "./subject.ts";

describe("baseSubject, RFC 5256 §2.1", () => {
  it.each([
    ["Report", "Report"],
    ["Re: Report", "Report"],
    ["RE: re: Re: Report", "Report"],
    ["Fwd: Report", "Report"],
    ["fw: FWD: Re: Report", "Report"],
    ["Re[2]: Report", "Report"],
    ["Re [list] : Report", "Report"],
    ["[list] Re: Report", "Report"],
    ["[a] [b] Re: [c] Report", "Report"],
    ["[list] Report", "Report"],
    ["[list]", "[list]"],
    ["Re: [list]", "[list]"],
    ["Report (fwd)", "Report"],
    ["Report (fwd) (FWD)  ", "Report"],
    ["[Fwd: Report]", "Report"],
    ["[Fwd: Re: [fwd: Report (fwd)]]", "Report"],
    ["Re:   a \t b\r\n c", "a b c"],
    ["Re:", ""],
    ["", ""],
    ["Regarding: x", "Regarding: x"],
    ["Re x", "Re x"],
    ["AW: Report", "AW: Report"],
    ["[unclosed Re: x", "[unclosed Re: x"],
  ])("%j is about %j", (subject, base) => {
    expect(baseSubject(subject)).toBe(base);
  });

  it("knows what is an answer", () => {
    expect(["Re: x", "[l] Fwd: x", "x (fwd)", "[Fwd: x]", "[l] x", "x"].map(isReplySubject)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([
    "Отв: Отчёт",
    "AW: WG: Отчёт",
    "RE: Пересл: SV: Отчёт",
    "回复：Отчёт",
    "Re[3]: AW(2): Отчёт",
    "Ynt: Отчёт",
    "[list] Odp: Отчёт",
  ])("for display, marks of other languages go: %j", (subject) => {
    expect(baseSubject(subject, "display")).toBe("Отчёт");
  });

  it("is found once and for all, in bounded time", () => {
    const piece = fc.constantFrom("Re: ", "[Fwd: ", "]", "[x] ", "(fwd)", "a", " ", "fw:", "[", "Re[2]:");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
        (subject) => {
          const base = baseSubject(subject);
          expect(baseSubject(base)).toBe(base);
        },
      ),
    );
    expect(baseSubject("[".repeat(100_000)).length).toBe(100_000);
    expect(baseSubject("Re: ".repeat(150) + "x")).toBe("x");
  });
});
