import { json } from "@codemirror/lang-json";
import { EditorState } from "@codemirror/state";
import { expect, it } from "vitest";
import { catalogIn } from "../policy/catalog.fixture.ts";
import { printPolicy } from "../policy/policy.json.ts";
import { offersAt } from "./json.completion.ts";
import { rangeOfPlace, spotAt } from "./json.places.ts";

const stateOf = (text: string) => EditorState.create({ doc: text, extensions: [json()] });

const policy = {
  id: "a",
  title: { en: "A", ru: "А" },
  effect: "allow",
  resource: "contract",
  actions: ["read"],
  mask: { "terms.amount": "omit" },
  when: { and: [{ eq: ["obj.state", "draft"] }, { not: { exists: "obj.owner" } }] },
};

it("finds the text of a place that the server names", () => {
  const state = stateOf(printPolicy(policy));
  const textAt = (place: string) => {
    const { from, to } = rangeOfPlace(state, place);
    return state.sliceDoc(from, to);
  };
  expect(textAt(".when.and[0].eq[1]")).toBe('"draft"');
  expect(textAt('.mask["terms.amount"]')).toBe('"omit"');
  expect(textAt(".when.and[1].not")).toBe('{ "exists": "obj.owner" }');
  expect(textAt(".when.and[7].eq")).toContain("["); // the nearest part that is there
});

/** What is offered where `|` stands. */
function offeredIn(marked: string): readonly string[] {
  const at = marked.indexOf("|");
  const state = stateOf(marked.replace("|", ""));
  const spot = spotAt(state, at);
  return spot ? offersAt(spot, "contract", catalogIn("en")).map(({ label }) => label) : [];
}

it("offers what can stand where one types, also in JSON that is not finished", () => {
  expect(offeredIn('{ "effect": "|" }')).toEqual(["allow", "deny"]);
  expect(offeredIn('{ "actions": ["|"] }')).toEqual(["read", "transition:sign", "*"]);
  expect(offeredIn('{ "sections": ["te|"] }')).toEqual(["terms"]);
  expect(offeredIn('{ "mask": { "|" } }')).toEqual(["terms.amount"]);
  expect(offeredIn('{ "when": { "|" } }')).toContain("between");
  expect(offeredIn('{ "when": { "and": [{ "eq": ["obj.state", "|"] }] } }')).toEqual(
    expect.arrayContaining(["draft", "sub.id"]),
  );
  expect(offeredIn('{ "examples": [{ "subject": { "|" } }] }')).toEqual(["id", "departments"]);
  expect(offeredIn('{ "id": 1| }')).toEqual([]);
});
