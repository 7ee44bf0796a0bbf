import type { Context, Subject } from "./access.model.ts";
import type { Attributes, Test, Truth } from "./condition.decide.ts";
import {
  type Answer,
  type Formula,
  type Formulas,
  OTHER_TEXT,
  type Question,
  type TextQuestion,
} from "./condition.formula.ts";
import { TextTable } from "./text.table.ts";

/**
 * A formula as a decision diagram (reduced, with as many ways out of a node as a question has answers; after R. E. Bryant,
 * "Graph-Based Algorithms for Boolean Function Manipulation", 1986): each node asks one thing of the record, and the answer
 * leads to the next. On no way is anything asked twice, whatever the number of policies that ask it, and nothing is asked
 * that cannot change the answer any more.
 *
 * A node is data that one loop reads. With closures that call each other, each question would cost a call that the compiler
 * cannot foresee, which is more than the question itself.
 */
export class DecisionNode {
  readonly asks: Asks;
  /** Asked for where `asks` does not say it. */
  attribute = "";
  test: Test | undefined = undefined;
  /** The text that leads to `yes`; further ones lead to nodes of their own. */
  text = "";
  others: TextTable<DecisionNode> = NO_OTHERS;
  /** Where the record's text is the one, or the test is true. */
  yes: DecisionNode = this;
  /** Where it is any other text, or false. */
  no: DecisionNode = this;
  unknown: DecisionNode = this;

  constructor(asks: Asks) {
    this.asks = asks;
  }
}

/**
 * What a node asks for. The attributes that nearly every policy asks for are read by name, since a property whose name is
 * known beforehand is found several times faster than one whose name is in a variable.
 */
const [NOTHING, TEST, ATTRIBUTE, OWNER, DEPARTMENT, STATE] = [0, 1, 2, 3, 4, 5] as const;
type Asks = 0 | 1 | 2 | 3 | 4 | 5;
const namedAttributes: ReadonlyMap<string, Asks> = new Map([
  ["owner", OWNER],
  ["department", DEPARTMENT],
  ["state", STATE],
]);

const NO_OTHERS = new TextTable<DecisionNode>(new Map());

/** The last nodes of every diagram: recognised as what they are, without a look into them. */
const ALLOWED = new DecisionNode(NOTHING);
const REFUSED = new DecisionNode(NOTHING);

/** The hot path: a decision is a walk from the first node to one of the last. */
export function isAllowed(first: DecisionNode, subject: Subject, object: Attributes, context: Context): boolean {
  let node = first;
  while (node !== ALLOWED && node !== REFUSED) {
    let value: unknown;
    switch (node.asks) {
      case OWNER:
        value = object["owner"];
        break;
      case DEPARTMENT:
        value = object["department"];
        break;
      case STATE:
        value = object["state"];
        break;
      case TEST:
        node = afterTest(node, node.test?.(subject, object, context));
        continue;
      default:
        value = object[node.attribute];
    }
    if (typeof value !== "string") node = node.unknown;
    else if (value === node.text) node = node.yes;
    else node = node.others.get(value) ?? node.no;
  }
  return node === ALLOWED;
}

function afterTest({ yes, no, unknown }: DecisionNode, outcome: Truth): DecisionNode {
  if (outcome === undefined) return unknown;
  return outcome ? yes : no;
}

/* ---------- making one ---------- */

/** Atoms looked at while a diagram is made: some milliseconds at most. The office pack needs 200 for the largest of its own. */
const MAX_STEPS = 4_000;
/** Which of them to ask first is chosen among so many; trying all would cost more than it finds. */
const MAX_CHOICE = 8;

/** Undefined where the diagram would be too large: then the policies are asked one by one. */
export function diagramOf(formula: Formula, formulas: Formulas): DecisionNode | undefined {
  return new Builder(formulas).nodeOf(formula);
}

/** A question with its answers, and for each what is left to be asked. */
interface Branching {
  readonly question: Question;
  readonly answers: readonly (readonly [Answer, Formula])[];
  readonly cost: number;
}

class Builder {
  readonly #formulas: Formulas;
  readonly #nodesByFormula = new Map<Exclude<Formula, boolean>, DecisionNode>();
  readonly #nodesByBranches = new Map<string, DecisionNode>();
  readonly #kindsByQuestion = new Map<TextQuestion, KindsOfText>();
  readonly #numbers = new Map<DecisionNode | Question, number>();
  #steps = 0;

  constructor(formulas: Formulas) {
    this.#formulas = formulas;
  }

  nodeOf(formula: Formula): DecisionNode | undefined {
    if (typeof formula === "boolean") return formula ? ALLOWED : REFUSED;
    const known = this.#nodesByFormula.get(formula);
    if (known) return known;
    const [first, ...others] = formula.questions
      .slice(0, MAX_CHOICE)
      .map((question) => this.#branch(formula, question));
    if (this.#steps > MAX_STEPS || !first) return undefined;
    const { question, answers } = others.reduce((best, other) => (other.cost < best.cost ? other : best), first);
    const branches = new Map<Answer, DecisionNode>();
    for (const [answer, rest] of answers) {
      const node = this.nodeOf(rest);
      if (!node) return undefined;
      branches.set(answer, node);
    }
    const node = this.#join(question, branches);
    this.#nodesByFormula.set(formula, node);
    return node;
  }

  /** What settles most answers is asked first, and a test, which may be anything, rather later. */
  #branch(formula: Exclude<Formula, boolean>, question: Question): Branching {
    const possible = this.#answersTo(question);
    this.#steps += (possible.length + 1) * formula.size;
    if (this.#steps > MAX_STEPS) return { question, answers: [], cost: 0 };
    const answers = [...possible, undefined].map(
      (answer) => [answer, this.#formulas.after(formula, question, answer)] as const,
    );
    // That an attribute is missing is rare.
    const open = answers.filter(([answer, rest]) => answer !== undefined && typeof rest !== "boolean");
    return { question, answers, cost: open.length / possible.length + (question.about === "test" ? 0.5 : 0) };
  }

  /** But "unknown", which every question may get. One text stands for all that are not told apart from it. */
  #answersTo(question: Question): readonly Answer[] {
    if (question.about === "test") return [true, false];
    const kinds = this.#kindsByQuestion.get(question) ?? kindsOfText(question);
    this.#kindsByQuestion.set(question, kinds);
    return [OTHER_TEXT, ...kinds.keys()];
  }

  #join(question: Question, branches: ReadonlyMap<Answer, DecisionNode>): DecisionNode {
    const nodes = [...branches.values()];
    const [first] = nodes;
    // The answer changes nothing.
    if (first && nodes.every((node) => node === first)) return first;
    const key = [question, ...nodes].map((part) => this.#numberOf(part)).join(" ");
    const node = this.#nodesByBranches.get(key) ?? this.#nodeOfBranches(question, branches);
    this.#nodesByBranches.set(key, node);
    return node;
  }

  #nodeOfBranches(question: Question, branches: ReadonlyMap<Answer, DecisionNode>): DecisionNode {
    const to = (answer: Answer) => branches.get(answer) as DecisionNode;
    if (question.about === "test") {
      const node = new DecisionNode(TEST);
      node.test = question.test;
      [node.yes, node.no, node.unknown] = [to(true), to(false), to(undefined)];
      return node;
    }
    const no = to(OTHER_TEXT);
    const kinds = [...(this.#kindsByQuestion.get(question) ?? [])].filter(([text]) => to(text) !== no);
    const leading = kinds.flatMap(([text, kind]) => kind.map((one) => [one, to(text)] as const));
    const [[text, yes] = ["", no], ...others] = leading;
    const node = new DecisionNode(namedAttributes.get(question.attribute) ?? ATTRIBUTE);
    node.attribute = question.attribute;
    node.text = text;
    if (others.length > 0) node.others = new TextTable(new Map(others));
    [node.yes, node.no, node.unknown] = [yes, no, to(undefined)];
    return node;
  }

  #numberOf(part: DecisionNode | Question): number {
    const number = this.#numbers.get(part) ?? this.#numbers.size;
    this.#numbers.set(part, number);
    return number;
  }
}

/** By one text of each kind. */
type KindsOfText = ReadonlyMap<string, readonly string[]>;

function kindsOfText({ lists }: TextQuestion): KindsOfText {
  const texts = new Set([...lists].flatMap((list) => [...list]));
  const kinds = Map.groupBy(texts, (text) => [...lists].map((list) => (list.has(text) ? "1" : "0")).join(""));
  return new Map([...kinds.values()].map((kind) => [kind[0] ?? "", kind]));
}
