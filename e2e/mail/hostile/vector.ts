/** A piece of HTML that an attacker would send. */
export interface Vector {
  readonly id: string;
  /** `hit()` runs, or `leak()` is asked for: what this does in a browser that nobody protects. */
  readonly html: string;
  readonly aim: "run" | "load" | "escape";
}

/** The script that says it ran. `top` is the page that watches; a vector may find itself in a frame of its own. */
export const run = (id: string): string => `top.hit('${id}')`;

/** An address that says it was asked for. */
export const leak = (origin: string, id: string): string => `${origin}/leak/${id}`;

/** Numbers the vectors of a list: `svg-12`. */
export function vectors(
  list: string,
  aim: Vector["aim"],
  makers: readonly ((id: string) => string)[],
): readonly Vector[] {
  return makers.map((make, index) => ({ id: `${list}-${index}`, aim, html: make(`${list}-${index}`) }));
}

export const product = <A, B>(a: readonly A[], b: readonly B[]): readonly (readonly [A, B])[] =>
  a.flatMap((first) => b.map((second) => [first, second] as const));
