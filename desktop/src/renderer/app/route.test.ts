import { expect, it } from "vitest";
import { parseRoute, routeToHash, type Route } from "./route.ts";

it.each<Route>([
  { at: "objects" },
  { at: "objects", type: "contract" },
  { at: "objects", type: "contract", id: "a" },
  { at: "new", type: "contract" },
  { at: "trash", type: "contract" },
  { at: "trash", type: "contract", id: "a" },
  { at: "record", id: "a" },
  { at: "outbox" },
  { at: "issues" },
  { at: "people" },
  { at: "people", id: "a" },
])("%j survives the address", (route) => expect(parseRoute(routeToHash(route))).toEqual(route));

it.each(["", "#", "#/", "#/nowhere", "#/new", "#/%E0%A4%A"])("%j leads to the objects", (hash) =>
  expect(parseRoute(hash)).toEqual({ at: "objects" }),
);
