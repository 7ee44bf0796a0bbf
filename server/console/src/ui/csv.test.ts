import { expect, it } from "vitest";
import { csvOf } from "./csv.ts";

it("quotes what needs quoting and disarms formulas", () => {
  expect(
    csvOf([
      ["name", "note"],
      ['Anna "A" Krüger', "a,b"],
      ["=1+1", "-2"],
    ]),
  ).toBe(`\ufeffname,note\r\n"Anna ""A"" Krüger","a,b"\r\n'=1+1,'-2\r\n`);
});
