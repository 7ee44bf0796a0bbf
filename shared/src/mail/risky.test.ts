import { describe, expect, it } from "vitest";
import { isRisky } from "./risky.ts";

describe("attachments that run", () => {
  it.each([
    "setup.exe",
    "invoice.pdf.js",
    "REPORT.DOCM",
    "photo.scr",
    "page.html",
    "run.bat. ",
    "x.lnk",
    "drawing.svg",
    "install.sh", // a program of another system
  ])("%s is one", (name) => expect(isRisky(name)).toBe(true));
  it.each(["report.docx", "exe", "photo.jpeg", "archive.zip", "договор.pdf", "", "script.js.txt"])(
    "%s is none",
    (name) => expect(isRisky(name)).toBe(false),
  );
});
