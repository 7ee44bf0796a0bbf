import { expect, it } from "vitest";
import { bytesIn } from "./bytes.ts";

it("says sizes in the reader's language", () => {
  expect([0, 512, 27_000, 1_400_000, 3e12].map((bytes) => bytesIn("en", bytes))).toEqual([
    "0 byte",
    "512 byte",
    "27 kB",
    "1.4 MB",
    "3,000 GB",
  ]);
  expect(bytesIn("ru", 1_400_000)).toBe("1,4 МБ");
});
