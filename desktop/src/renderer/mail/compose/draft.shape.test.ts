import { describe, expect, it } from "vitest";
import { fieldsShape, shapeOf } from "./draft.shape.ts";
import type { ComposerFields } from "./composer.fields.ts";

const text = (value: string, ...marks: { type: string; attrs?: Record<string, string> }[]) => ({
  type: "text",
  text: value,
  ...(marks.length > 0 ? { marks } : {}),
});
const doc = (...content: object[]) => ({ type: "doc", content: [{ type: "paragraph", content }] });

describe("the shape of a draft", () => {
  it("is the same when the server only wrote a link's words about its window anew", () => {
    const ours = doc(text("here", { type: "link", attrs: { href: "https://a.example", rel: "noopener" } }));
    const theirs = doc(text("here", { type: "link", attrs: { href: "https://a.example", target: "_blank" } }));
    expect(shapeOf(ours)).toBe(shapeOf(theirs));
  });

  it("is another one when words, marks, links, pictures or headings differ", () => {
    const all = [
      doc(text("here")),
      doc(text("there")),
      doc(text("here", { type: "bold" })),
      doc(text("here", { type: "link", attrs: { href: "https://a.example" } })),
      doc(text("here", { type: "link", attrs: { href: "https://b.example" } })),
      doc({ type: "image", attrs: { cid: "a" } }),
      doc({ type: "image", attrs: { cid: "b" } }),
      { type: "doc", content: [{ type: "heading", attrs: { level: 1 } }] },
      { type: "doc", content: [{ type: "heading", attrs: { level: 2 } }] },
    ].map(shapeOf);
    expect(new Set(all).size).toBe(all.length);
  });

  it("does not take a trimmed subject or a mailbox's name for somebody else's change", () => {
    const fields: ComposerFields = {
      mailboxId: "m",
      from: { address: "Anna@office.example" },
      to: [{ address: "b@x.example", name: "B" }],
      cc: [],
      bcc: [],
      subject: "Hello  there ",
      importance: undefined,
      cards: [],
      origin: { kind: "new" },
    };
    const cleaned = { ...fields, from: { address: "anna@office.example", name: "Anna" }, subject: "Hello there" };
    expect(fieldsShape(cleaned)).toBe(fieldsShape(fields));
    expect(fieldsShape({ ...fields, cc: [{ address: "c@x.example" }] })).not.toBe(fieldsShape(fields));
  });
});
