import { expect, it } from "vitest";
import { bytesIn } from "./bytes.ts";

it("says sizes in the reader's language, on one line", () => {
  expect([0, 512, 27_000, 1_400_000, 3e12].map((bytes) => bytesIn("en", bytes))).toEqual([
    "0\u00a0byte",
    "512\u00a0byte",
    "27\u00a0kB",
    "1.4\u00a0MB",
    "3,000\u00a0GB",
  ]);
  expect(bytesIn("ru", 1_400_000)).toBe("1,4\u00a0МБ");
});
