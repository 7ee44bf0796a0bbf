import { expect, it } from "vitest";
import { divideAttachments, linkedAttachments } from "./attachments.ts";
import { mailLimits } from "./mail.limits.ts";

const MB = 1024 ** 2;
const file = (name: string, size: number, more: { as?: "link"; inline?: true } = {}) => ({ name, size, ...more });
type File = ReturnType<typeof file>;
const divide = (...files: readonly File[]) => {
  const { apart, inside } = divideAttachments(files, ({ as }) => as === "link");
  expect(linkedAttachments(files)).toEqual(apart);
  return [inside, apart].map((list) => list.map(({ name }) => name));
};

it("all of it travels while it has room; then the largest ones stay, and the order stays as it was", () => {
  const room = mailLimits.linkFromBytes;
  expect(divide(file("a", room - MB), file("b", MB))).toEqual([["a", "b"], []]);
  expect(divide(file("a", room - MB), file("b", MB + 1), file("c", 1))).toEqual([["b", "c"], ["a"]]);
  expect(divide(file("a", room + 1))).toEqual([[], ["a"]]);
});

it("what its author chose stays, however small, and leaves its room to the others", () => {
  const all = mailLimits.linkFromBytes;
  expect(divide(file("a", 1, { as: "link" }), file("b", all))).toEqual([["b"], ["a"]]);
});

it("a picture that the text shows travels, whatever was chosen, and takes its room first", () => {
  const picture = file("picture", 2 * MB, { inline: true, as: "link" });
  expect(divide(picture, file("a", mailLimits.linkFromBytes - MB))).toEqual([["picture"], ["a"]]);
});
