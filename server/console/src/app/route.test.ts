import { expect, it } from "vitest";
import { addressOf, placeOf } from "./route.ts";

it("finds its way back from every address it makes", () => {
  const address = addressOf("access", ["drafts", "a b/c"], { policy: "контракт & Co", empty: "", absent: undefined });
  const { page, path, query } = placeOf(address);
  expect({ page, path, query: [...query] }).toEqual({
    page: "access",
    path: ["drafts", "a b/c"],
    query: [["policy", "контракт & Co"]],
  });
});

it("shows the overview where an address names no page", () => {
  expect([placeOf("/console/").page, placeOf("/console/nothing/here").page]).toEqual(["overview", "overview"]);
});
