import { expect, it } from "vitest";
import { isProgram } from "./program.ts";

it.each(["setup.exe", "receipt.pdf.EXE", "run.bat. ", "install.sh", "Setup.dmg", "tool.py", "x.lnk"])(
  "%s would run",
  (name) => expect(isProgram(name)).toBe(true),
);
it.each(["report.docm", "page.html", "exe", "notes.exe.txt", "договор.pdf", "photo.svg", "disk.iso", ""])(
  "%s would be opened by a program",
  (name) => expect(isProgram(name)).toBe(false),
);
