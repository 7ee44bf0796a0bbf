import { describe, expect, it } from "vitest";
import { attributesOf } from "./attributes.ts";
import { checkTypes, defineType } from "./defineType.ts";
import { everything } from "../../test/objects.fixture.ts";
import type { TypeDefinition } from "./type.ts";

const label = { en: "L", ru: "Л" };
const changed = (change: object) => defineType({ ...everything, ...change } as TypeDefinition);
const withField = (key: string, field: object) => changed({ fields: { ...everything.fields, [key]: field } });
const states = everything.states ?? { initial: "", list: [], transitions: [] };

describe("a type's definition", () => {
  it.each([
    ["a name with capitals", () => changed({ name: "Contract" }), /name: letters and digits/],
    ["a missing language", () => changed({ label: { en: "Only" } }), /label\.ru/],
    ["an unknown key", () => withField("x", { kind: "text", label, colour: "red" }), /fields\.x/],
    ["an unknown kind", () => withField("x", { kind: "colour", label }), /fields\.x\.kind/],
    [
      "a field named like something else",
      () => withField("state", { kind: "text", label }),
      /fields\.state: state already means/,
    ],
    [
      "an unknown section",
      () => withField("x", { kind: "text", label, section: "pay" }),
      /fields\.x\.section: there is no section pay/,
    ],
    ["required files", () => withField("x", { kind: "files", label, required: true }), /fields\.x\.required/],
    [
      "an option twice",
      () =>
        withField("x", {
          kind: "choice",
          label,
          options: [
            { key: "a", label },
            { key: "a", label },
          ],
        }),
      /fields\.x\.options: a is there twice/,
    ],
    [
      "a default that is no option",
      () => withField("x", { kind: "choice", label, options: [{ key: "a", label }], default: "b" }),
      /fields\.x\.default/,
    ],
    [
      "a default that is too long",
      () => withField("x", { kind: "text", label, maxLength: 2, default: "abc" }),
      /fields\.x\.default: At most 2/,
    ],
    [
      "limits the wrong way round",
      () => withField("x", { kind: "number", label, min: 5, max: 4 }),
      /fields\.x\.min: is more than max/,
    ],
    [
      "a number without a counter",
      () => withField("x", { kind: "autoNumber", label, pattern: "A-{year}" }),
      /fields\.x\.pattern/,
    ],
    ["two numbers", () => withField("x", { kind: "autoNumber", label, pattern: "A-{n:3}" }), /only one field/],
    ["a title that is no text", () => changed({ titleField: "count" }), /titleField: must name a text field/],
    [
      "a title that may be empty",
      () => changed({ fields: { ...everything.fields, title: { kind: "text", label } } }),
      /titleField: must be required/,
    ],
    ["an owner that is no person", () => changed({ ownerField: "unit" }), /ownerField/],
    [
      "an initial state that is none",
      () => changed({ states: { ...states, initial: "x" } }),
      /states\.initial: there is no state x/,
    ],
    [
      "a step to nowhere",
      () => changed({ states: { ...states, transitions: [{ key: "t", label, from: ["draft"], to: "x" }] } }),
      /states\.transitions\.t: there is no state x/,
    ],
    [
      "a step that needs files",
      () =>
        changed({
          states: { ...states, transitions: [{ key: "t", label, from: ["draft"], to: "done", requires: ["files"] }] },
        }),
      /requires: files holds files/,
    ],
    [
      "a step that sets a wrong kind",
      () =>
        changed({
          states: {
            ...states,
            transitions: [{ key: "t", label, from: ["draft"], to: "done", sets: { count: "today" } }],
          },
        }),
      /sets: count must be a date/,
    ],
    [
      "a column that is none",
      () => changed({ list: { ...everything.list, columns: ["x"] } }),
      /list\.columns: there is no field x/,
    ],
    [
      "a sort that has no key",
      () => changed({ list: { ...everything.list, sort: { field: "person", direction: "asc" } } }),
      /list\.sort: person is none of/,
    ],
    [
      "a check between two kinds",
      () => changed({ checks: [{ left: "count", op: "lt", right: "from", message: label }] }),
      /checks\.0: count and from cannot be compared/,
    ],
  ])("is refused with its place: %s", (_what, define, message) => {
    expect(define).toThrow(message);
  });

  it("says nothing against one that is right, also when it came as JSON", () => {
    expect(defineType(JSON.parse(JSON.stringify(everything)) as TypeDefinition)).toEqual(everything);
  });

  it("is checked with the others of its set", () => {
    expect(() => checkTypes([everything, everything])).toThrow(/two types have it/);
    const lost = {
      ...everything,
      name: "lost",
      fields: { ...everything.fields, one: { kind: "relation", label, to: "nowhere" } },
    } as TypeDefinition;
    expect(() => checkTypes([everything, lost])).toThrow(/Type lost, fields\.one\.to: there is no type nowhere/);
  });

  it("gives policies its sections, attributes and actions", () => {
    const resource = attributesOf(everything, [everything]);
    expect(resource.sections).toMatchObject({ more: ["unit"] });
    expect(resource.sections.main).toContain("files");
    expect(resource.attributes).toMatchObject({
      state: "text",
      owner: "id",
      amount: "money",
      colours: "texts",
      many: "ids",
      one: "id",
      moment: "dateTime",
    });
    expect(resource.attributes).not.toHaveProperty("files");
    expect(resource.actions).toEqual(expect.arrayContaining(["read", "create", "transition:finish"]));
  });
});
