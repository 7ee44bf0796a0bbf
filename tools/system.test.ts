import { expect, it } from "vitest";
import { systemParts, wordsFor } from "./system.ts";

it("says what is missing, what for, and what to type on each system", () => {
  const parts = systemParts.filter(({ name }) => name === "poppler" || name === "bubblewrap");
  expect(wordsFor(parts, "darwin")).toContain("poppler: page images of PDF files");
  expect(wordsFor(parts, "darwin")).toContain("brew install poppler");
  expect(wordsFor(parts, "win32")).toContain("winget install oschwartz10612.Poppler");
  expect(wordsFor(parts, "linux")).toMatch(/poppler-utils bubblewrap|distribution's packages for: poppler, bubblewrap/);
});
