import { ensureSyntaxTree, syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import { stepsOf } from "../policy/policy.json.ts";
import type { Spot } from "./json.completion.ts";

type Node = ReturnType<ReturnType<typeof syntaxTree>["resolveInner"]>;

const PARSE_MS = 200; // a policy takes a few; without it, a busy machine finds half a tree

const treeOf = (state: EditorState) => ensureSyntaxTree(state, state.doc.length, PARSE_MS) ?? syntaxTree(state);

const textOf = (state: EditorState, node: Node): string => {
  const raw = state.sliceDoc(node.from, node.to);
  try {
    return String(JSON.parse(raw));
  } catch {
    return raw.replaceAll('"', ""); // still being typed
  }
};
const nameOf = (state: EditorState, property: Node): string => {
  const name = property.getChild("PropertyName");
  return name ? textOf(state, name) : "";
};

function partsOf(node: Node): readonly Node[] {
  const parts: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (/^[A-Z]/.test(child.name)) parts.push(child);
  return parts;
}

/** Where a place of a policy stands in its text; the nearest part that is there, when it is not. */
export function rangeOfPlace(state: EditorState, place: string): { readonly from: number; readonly to: number } {
  let node = treeOf(state).topNode.firstChild;
  let found = node;
  for (const step of stepsOf(place)) {
    node = node && childAt(state, node, step);
    if (!node) break;
    found = node;
  }
  if (!found) return { from: 0, to: state.doc.length };
  // a fault of a large part is marked at its first line, not all over it
  const end = Math.min(found.to, state.doc.lineAt(found.from).to);
  return { from: found.from, to: Math.max(end, found.from) };
}

function childAt(state: EditorState, node: Node, step: string | number): Node | null {
  if (typeof step === "number") return (node.name === "Array" && partsOf(node)[step]) || null;
  const property = node.getChildren("Property").find((one) => nameOf(state, one) === step);
  return property?.lastChild ?? null;
}

export interface SpotInText extends Spot {
  readonly from: number;
  readonly to: number;
}

/** What is being typed at a position, when it is a text. */
export function spotAt(state: EditorState, position: number): SpotInText | undefined {
  const node = treeOf(state).resolveInner(position, -1);
  const isKey = node.name === "PropertyName";
  if (!isKey && node.name !== "String") return undefined;
  const closed = node.to - node.from > 1 && state.sliceDoc(node.to - 1, node.to) === '"';
  const inList = node.parent?.name === "Array" ? partsOf(node.parent).filter((part) => part.name === "String") : [];
  return {
    steps: stepsTo(state, isKey ? (node.parent?.parent ?? node) : node),
    isKey,
    siblings: inList.filter((part) => part.from !== node.from).map((part) => textOf(state, part)),
    from: node.from + 1,
    to: closed ? node.to - 1 : node.to,
  };
}

function stepsTo(state: EditorState, node: Node): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  for (let at = node; at.parent; at = at.parent) {
    const { parent } = at;
    if (parent.name === "Array") steps.unshift(partsOf(parent).findIndex((part) => part.from === at.from));
    if (parent.name === "Property") steps.unshift(nameOf(state, parent));
  }
  return steps;
}
