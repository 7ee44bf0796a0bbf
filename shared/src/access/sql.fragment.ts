import type { SqlPredicate } from "./access.model.ts";

/** A piece of SQL whose values stay apart from its text, so that nothing from a policy or a subject is ever parsed as SQL. */
export type Fragment = readonly (string | Parameter)[];

interface Parameter {
  readonly value: unknown;
}

export const parameter = (value: unknown): Fragment => [{ value }];
export const rawSql = (text: string): Fragment => [text];

/** Template tag: every hole is a fragment. */
export const sql = (strings: TemplateStringsArray, ...holes: readonly Fragment[]): Fragment =>
  strings.flatMap((text, index) => [text, ...(holes[index] ?? [])]);

export const joined = (fragments: readonly Fragment[], separator: string): Fragment =>
  fragments.flatMap((fragment, index) => (index === 0 ? fragment : [separator, ...fragment]));

export function toPredicate(fragment: Fragment): SqlPredicate {
  const strings: string[] = [""];
  const params: unknown[] = [];
  for (const piece of fragment) {
    if (typeof piece === "string") {
      strings[strings.length - 1] += piece;
    } else {
      params.push(piece.value);
      strings.push("");
    }
  }
  const text = strings.reduce((left, right, index) => `${left}$${index}${right}`);
  return { text, params, strings };
}
