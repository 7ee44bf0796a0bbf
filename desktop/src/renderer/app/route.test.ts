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
  { at: "mail" },
  { at: "mail", place: "inbox" },
  { at: "mail", place: "inbox", id: "a" },
  { at: "contacts" },
  { at: "contacts", id: "a" },
  { at: "mailSettings", id: "rules" },
  { at: "draft", id: "a" },
  { at: "thread", id: "a" },
])("%j survives the address", (route) => expect(parseRoute(routeToHash(route))).toEqual(route));

it.each(["", "#", "#/", "#/nowhere", "#/new", "#/draft", "#/%E0%A4%A"])("%j leads to the objects", (hash) =>
  expect(parseRoute(hash)).toEqual({ at: "objects" }),
);
