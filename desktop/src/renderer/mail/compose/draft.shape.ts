import type { JSONContent } from "@tiptap/core";
import type { ComposerFields } from "./composer.fields.ts";

/**
 * What a text says, without what cleaning on the server may write otherwise. Two texts of one shape are the same to their
 * author: a draft is replaced under the cursor only when somebody else wrote in it.
 */
export function shapeOf(node: JSONContent): string {
  const { attrs = {}, content = [], marks = [], text, type } = node;
  const kept = KEPT.flatMap((key) => (attrs[key] === undefined || attrs[key] === null ? [] : `${key}=${attrs[key]}`));
  const styles = marks.map(({ attrs: of, type: name }) => `${name}${String(of?.["href"] ?? "")}`).sort();
  return `${type}(${kept.join()})[${styles.join()}]${JSON.stringify(text ?? "")}{${content.map(shapeOf).join("")}}`;
}
const KEPT = ["level", "cid", "kind"] as const;

/** The same for everything else: the server trims a subject, and knows its mailboxes' names better. */
export function fieldsShape(fields: ComposerFields): string {
  const { bcc, cards, cc, from, importance, mailboxId, subject, to } = fields;
  const addresses = [to, cc, bcc].map((list) => list.map(({ address }) => address.toLowerCase()));
  const said = subject.replaceAll(/\s+/g, " ").trim();
  return JSON.stringify([mailboxId, from.address.toLowerCase(), addresses, said, importance ?? "", cards]);
}
