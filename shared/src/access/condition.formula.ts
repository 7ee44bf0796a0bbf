import type { ConditionNode } from "./condition.bind.ts";
import { compileCondition, type Test, textChoiceOf, type Truth } from "./condition.decide.ts";
import { type Known, leafResidual } from "./condition.residual.ts";
import type { Leaf } from "./condition.walk.ts";

/**
 * What a decision asks of conditions once subject and context are known: is an allow's condition true, is a deny's false
 * (POL-3)? Either is answered by yes or no, so formulas are two-valued and need no `not`; what is unknown stays behind at
 * the leaves, where it is neither true nor false.
 */
export type Formula = boolean | Atom | Junction;

interface Atom {
  readonly op: "atom";
  /** Equal formulas are one object, and have one number. */
  readonly id: number;
  /** Atoms in it. */
  readonly size: number;
  readonly questions: readonly [Question];
  holds(answer: Answer): boolean;
}
interface Junction {
  readonly op: "and" | "or";
  readonly id: number;
  readonly size: number;
  readonly of: readonly (Atom | Junction)[];
  readonly questions: readonly Question[];
}

/** Asked of the record, and answered once, however many conditions ask it. */
export type Question = TextQuestion | TestQuestion;
export interface TextQuestion {
  readonly about: "text";
  readonly attribute: string;
  /** What conditions compare with; texts that stand in the same of these are never told apart. */
  readonly lists: Set<ReadonlySet<string>>;
}
export interface TestQuestion {
  readonly about: "test";
  readonly test: Test;
}

/** A text that stands in a list, or OTHER_TEXT; the outcome of the test. Undefined: unknown. */
export type Answer = string | typeof OTHER_TEXT | Truth;
export const OTHER_TEXT = Symbol("a text that no condition names");

/** What a condition says for this subject in any case, or what it asks of the record. */
type Asked =
  | { readonly constant: Truth }
  | { readonly question: Question; readonly truthOf: (answer: Answer) => Truth };

/** The formulas of one subject in one context. */
export class Formulas {
  readonly #known: Known;
  readonly #byKey = new Map<string, Atom | Junction>();
  readonly #askedByKey = new Map<string, Asked>();
  readonly #questionsByKey = new Map<string, Question>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** Whether the condition is `wanted`: true, or false. It is neither where it is unknown. */
  ofCondition(node: ConditionNode, wanted: boolean): Formula {
    if (node.op === "not") return this.ofCondition(node.of[0], !wanted);
    if (node.op !== "and" && node.op !== "or") return this.#ofLeaf(node, wanted);
    const parts = node.of.map((part) => this.ofCondition(part, wanted));
    return (node.op === "and") === wanted ? this.and(parts) : this.or(parts);
  }

  and(parts: readonly Formula[]): Formula {
    return this.#join("and", parts);
  }

  or(parts: readonly Formula[]): Formula {
    return this.#join("or", parts);
  }

  /** What is left to be asked after this answer. */
  after(formula: Formula, question: Question, answer: Answer): Formula {
    if (typeof formula === "boolean" || !formula.questions.includes(question)) return formula;
    if (formula.op === "atom") return formula.holds(answer);
    return this.#join(
      formula.op,
      formula.of.map((part) => this.after(part, question, answer)),
    );
  }

  #join(op: "and" | "or", parts: readonly Formula[]): Formula {
    const settles = op === "or";
    if (parts.includes(settles)) return settles;
    const open = parts.filter((part) => typeof part !== "boolean");
    const flat = open.flatMap((part) => (part.op === op ? part.of : [part]));
    const of = [...new Set(flat)].sort((a, b) => a.id - b.id);
    const [first] = of;
    if (first === undefined) return !settles;
    if (of.length === 1) return first;
    return this.#once(`${op} ${of.map(({ id }) => id).join(" ")}`, (id) => {
      const questions = [...new Set(of.flatMap((part): readonly Question[] => part.questions))];
      return { op, id, size: of.reduce((sum, { size }) => sum + size, 0), of, questions };
    });
  }

  #ofLeaf(leaf: Leaf, wanted: boolean): Formula {
    const key = keyOf(leaf);
    const asked = this.#askedByKey.get(key) ?? this.#asked(leaf, key);
    this.#askedByKey.set(key, asked);
    if ("constant" in asked) return asked.constant === wanted;
    const { question, truthOf } = asked;
    const holds = (answer: Answer) => truthOf(answer) === wanted;
    return this.#once(`${wanted} ${key}`, (id) => ({ op: "atom", id, size: 1, questions: [question], holds }));
  }

  #asked(leaf: Leaf, key: string): Asked {
    const residual = leafResidual(leaf, this.#known);
    if ("constant" in residual) return residual;
    const { node } = residual;
    const choice = "right" in node ? textChoiceOf(node) : undefined;
    if (choice === undefined) {
      const question = this.#question(key, () => ({ about: "test", test: compileCondition(node) }));
      return { question, truthOf: (answer) => answer as Truth };
    }
    const question = this.#textQuestion(choice.attribute);
    const list = new Set(choice.texts);
    question.lists.add(list);
    const truthOf = (answer: Answer) =>
      answer === undefined ? undefined : list.has(answer as string) === choice.isAmong;
    return { question, truthOf };
  }

  #textQuestion(attribute: string): TextQuestion {
    return this.#question(attribute, () => ({ about: "text", attribute, lists: new Set() })) as TextQuestion;
  }

  #question(key: string, make: () => Question): Question {
    const question = this.#questionsByKey.get(key) ?? make();
    this.#questionsByKey.set(key, question);
    return question;
  }

  #once<Made extends Atom | Junction>(key: string, make: (id: number) => Made): Atom | Junction {
    const formula = this.#byKey.get(key) ?? make(this.#byKey.size);
    this.#byKey.set(key, formula);
    return formula;
  }
}

/** Of what a condition says, wherever it stands. Kept, since lists may be long and each subject asks anew. */
function keyOf(leaf: Leaf): string {
  const key = keys.get(leaf) ?? JSON.stringify({ ...leaf, at: "" });
  keys.set(leaf, key);
  return key;
}
const keys = new WeakMap<Leaf, string>();
