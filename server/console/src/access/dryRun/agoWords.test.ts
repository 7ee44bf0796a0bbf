import { expect, it } from "vitest";
import { agoWords } from "./agoWords.ts";

it("says how long ago something was, in both languages", () => {
  const now = Date.parse("2026-11-21T09:00:00.000Z");
  expect(agoWords("2026-11-21T08:59:22.000Z", "en", now)).toBe("38 sec. ago");
  expect(agoWords("2026-11-21T07:00:00.000Z", "ru", now)).toBe("2 ч назад");
  expect(agoWords("2026-11-18T09:00:00.000Z", "en", now)).toBe("3 days ago");
  expect(agoWords("2026-11-21T09:00:05.000Z", "en", now)).toBe("now"); // a clock that is behind the server's
});
