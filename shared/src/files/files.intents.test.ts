import { describe, expect, it } from "vitest";
import { fileNameSchema } from "./files.intents.ts";

describe("file names", () => {
  it.each(["report.docx", "Договор №12 (копия).pdf", "a b.txt", ".env", "日本語.xlsx"])("takes %j", (name) => {
    expect(fileNameSchema.parse(name)).toBe(name);
  });

  it.each([
    ["a path", "../etc/passwd"],
    ["a Windows path", "C:\\x.doc"],
    ["a turned-around extension", "photo\u202Egpj.exe"],
    ["a NUL", "a\u0000.pdf"],
    ["nothing", "   "],
    ["a folder", ".."],
    ["256 bytes", "я".repeat(128)],
  ])("refuses %s", (_what, name) => {
    expect(fileNameSchema.safeParse(name).success).toBe(false);
  });
});
