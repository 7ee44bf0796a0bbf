import type { Condition } from "@kontor/shared/access";
import { createContext, useContext } from "react";
import type { PolicyFault } from "../access.api.ts";
import type { TreePath } from "../policy/condition.tree.ts";

/** What every part of a condition's form shares. */
export interface ConditionEditing {
  readonly root: Condition;
  readonly resource: string;
  readonly faults: readonly PolicyFault[];
  readonly disabled: boolean;
  /** Undefined: the policy has no condition any more. The focus goes to the part at `focus`. */
  change(root: Condition | undefined, focus?: TreePath): void;
}

export const EditingContext = createContext<ConditionEditing | undefined>(undefined);

export function useEditing(): ConditionEditing {
  const editing = useContext(EditingContext);
  if (!editing) throw new Error("A condition's part stands outside of its form.");
  return editing;
}

/** Of the part there, and not of the parts within it. */
export const faultsOf = (faults: readonly PolicyFault[], place: string, hasParts: boolean): readonly PolicyFault[] =>
  faults.filter((fault) => {
    if (!fault.place.startsWith(place)) return false;
    const rest = fault.place.slice(place.length);
    return hasParts ? /^(\.(and|or|not))?$/.test(rest) : /^([.[]|$)/.test(rest);
  });
