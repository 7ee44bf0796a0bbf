import { getSchema, Node, type JSONContent } from "@tiptap/core";
import { Slice } from "@tiptap/pm/model";
import { StarterKit } from "@tiptap/starter-kit";
import { describe, expect, it } from "vitest";
import { placeForSignature, placeOf, type Place } from "./signature.swap.ts";

const Quotation = Node.create({ name: "quotation", group: "block", atom: true });
const schema = getSchema([StarterKit, Quotation]);
const doc = (...content: readonly JSONContent[]) => schema.nodeFromJSON({ type: "doc", content });
const p = (text?: string): JSONContent => ({
  type: "paragraph",
  ...(text === undefined ? {} : { content: [{ type: "text", text }] }),
});
const quotation: JSONContent = { type: "quotation" };
/** The text with this place cut out. */
const without = (text: ReturnType<typeof doc>, place: Place | undefined) =>
  place && text.replace(place.from, place.to, Slice.empty);
const lines = (text: ReturnType<typeof doc> | undefined) =>
  text?.children.map((each) => each.textContent || each.type.name);

describe("the place of a signature", () => {
  const signature = doc(p("Best regards"), p("Ivan")).children;

  it("is where it stands as it was put there, below whatever was written", () => {
    const text = doc(p("Hello"), p("Best regards"), p("Ivan"), p(), p("On Monday, Anna wrote:"), quotation);
    expect(lines(without(text, placeOf(text, signature)))).toEqual([
      "Hello",
      "paragraph",
      "On Monday, Anna wrote:",
      "quotation",
    ]);
  });

  it("is the last one, where an author wrote the same words above", () => {
    const text = doc(p("Best regards"), p("Ivan"), p("P.S."), p("Best regards"), p("Ivan"));
    expect(lines(without(text, placeOf(text, signature)))).toEqual(["Best regards", "Ivan", "P.S."]);
  });

  it("is none where its author edited it, took it out, or wrote something into it", () => {
    for (const text of [
      doc(p("Hello"), p("Best regards"), p("Ivan Petrov")),
      doc(p("Hello")),
      doc(p("Best regards"), p("from here"), p("Ivan")),
    ])
      expect(placeOf(text, signature)).toBeUndefined();
  });

  it("for a sender's first one is above what is quoted, with its head, and else the end", () => {
    const reply = doc(p("Hello"), p(), p("On Monday, Anna wrote:"), quotation);
    expect(placeForSignature(reply, "replyAll").from).toBe(9);
    const forward = doc(p(), p("Forwarded"), p("From: Anna"), quotation);
    expect(placeForSignature(forward, "forward").from).toBe(2);
    const text = doc(p("Hello"));
    expect(placeForSignature(text, "new").from).toBe(text.content.size);
  });
});
