import type { Department } from "../api/api.ts";
import type { Locale } from "../words/words.ts";

export interface DepartmentNode {
  readonly department: Department;
  readonly depth: number;
}

/** Departments in tree order, each level by name; what lies in a cycle or below nothing known comes last. */
export function inTreeOrder(departments: readonly Department[], locale: Locale): readonly DepartmentNode[] {
  const nameOf = (department: Department) => (locale === "ru" ? department.nameRu : department.nameEn);
  const { compare } = new Intl.Collator(locale);
  const known = new Set(departments.map(({ id }) => id));
  const below = Map.groupBy(departments, ({ parentId }) =>
    parentId !== null && known.has(parentId) ? parentId : undefined,
  );
  const ordered: DepartmentNode[] = [];
  const walk = (parentId: string | undefined, depth: number) => {
    for (const department of (below.get(parentId) ?? []).toSorted((a, b) => compare(nameOf(a), nameOf(b)))) {
      ordered.push({ department, depth });
      walk(department.id, depth + 1);
    }
  };
  walk(undefined, 0);
  return ordered;
}

/** For a select: the depth shown by a figure space per level, which the search of the select ignores. */
export const departmentOptions = (
  departments: readonly Department[],
  locale: Locale,
): { value: string; label: string }[] =>
  inTreeOrder(departments, locale).map(({ department, depth }) => ({
    value: department.id,
    label: `${"\u2007\u2007".repeat(depth)}${locale === "ru" ? department.nameRu : department.nameEn}`,
  }));
