import { expect, it } from "vitest";
import { untilMoment } from "./until.ts";

const now = new Date(2026, 10, 21, 9, 30).getTime();
const local = (iso: string | undefined) => iso && new Date(iso).toString().slice(4, 24);

it("ends with the last second of the day that was meant", () => {
  const of = (choice: "today" | "week" | "month" | "date", day = "") => local(untilMoment({ choice, day }, now));
  expect(of("today")).toBe("Nov 21 2026 23:59:59");
  expect(of("week")).toBe("Nov 28 2026 23:59:59");
  expect(of("month")).toBe("Dec 21 2026 23:59:59");
  expect(of("date", "2027-02-01")).toBe("Feb 01 2027 23:59:59");
});

it("is no day in the past, none beyond a year, and none that is not there", () => {
  const of = (day: string) => untilMoment({ choice: "date", day }, now);
  expect([of("2026-11-20"), of("2028-01-01"), of("")]).toEqual([undefined, undefined, undefined]);
});
