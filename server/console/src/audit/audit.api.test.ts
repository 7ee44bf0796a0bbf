import { expect, it } from "vitest";
import { filterOf, queryOf } from "./audit.api.ts";

it("asks for whole days, the last one included, as moments of this place", () => {
  const query = queryOf(filterOf(new URLSearchParams("from=2026-03-02&to=2026-03-31&login= ivan &other=x")));
  expect(Object.fromEntries(query)).toEqual({
    from: new Date(2026, 2, 2).toISOString(),
    to: new Date(2026, 3, 1).toISOString(),
    login: "ivan",
  });
});

it("leaves out what is empty or no day", () => {
  expect(String(queryOf(filterOf(new URLSearchParams("from=yesterday&to=&action="))))).toBe("");
});
