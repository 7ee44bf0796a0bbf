import { sortColumnsOf, type TypeDefinition } from "@kontor/shared/objects";
import type { DepartmentDoc } from "@kontor/shared/people";
import type { Query, Selector } from "../replica/index.ts";

/** What a list shows, as a query that an index of the replica carries. */
export type Scope = "all" | "mine" | "department";
export interface ListChoice {
  readonly type: string;
  readonly trashed: boolean;
  readonly state?: string | undefined;
  readonly scope: Scope;
  /** `updatedAt`, or a sortable column of the type. */
  readonly sort: string;
  readonly direction: "asc" | "desc";
}

export interface Me {
  readonly id: string;
  /** The department of the user and all below it. */
  readonly departments: readonly string[];
}

export function selectorOf(choice: Omit<ListChoice, "sort" | "direction">, me: Me): Selector<"records"> {
  return {
    type: choice.type,
    trashed: choice.trashed,
    ...(choice.state === undefined ? {} : { state: choice.state }),
    ...(choice.scope === "mine" ? { owner: me.id } : {}),
    ...(choice.scope === "department"
      ? { department: me.departments.length === 1 ? (me.departments[0] ?? "") : { $in: [...me.departments] } }
      : {}),
  };
}

export function queryOf(choice: ListChoice, definition: TypeDefinition, me: Me): Query<"records"> {
  const key = sortKeyOf(choice.sort, definition);
  return { selector: selectorOf(choice, me), sort: [{ [key]: choice.direction }] as never };
}

export function sortKeyOf(sort: string, definition: TypeDefinition): "updatedAt" | "k1" | "k2" | "k3" | "k4" {
  const place = sortColumnsOf(definition).indexOf(sort);
  return place < 0 ? "updatedAt" : (["k1", "k2", "k3", "k4"] as const)[place as 0 | 1 | 2 | 3];
}

export function defaultSort(definition: TypeDefinition): Pick<ListChoice, "sort" | "direction"> {
  const { field, direction } = definition.list.sort;
  return sortColumnsOf(definition).includes(field)
    ? { sort: field, direction }
    : { sort: "updatedAt", direction: "desc" };
}

export function departmentsBelow(id: string | undefined, departments: readonly DepartmentDoc[]): readonly string[] {
  if (id === undefined) return [];
  const found = [id];
  for (const each of found) {
    for (const child of departments) if (child.parentId === each && !found.includes(child.id)) found.push(child.id);
  }
  return found;
}
