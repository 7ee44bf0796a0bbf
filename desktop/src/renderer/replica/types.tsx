import { createContext, use, useMemo, type ReactNode } from "react";
import type { TypeDefinition } from "@kontor/shared/objects";
import { labelIn } from "@kontor/shared/base";
import { useWords } from "../words/index.ts";
import { useRows } from "./live.ts";

export interface Types {
  readonly list: readonly TypeDefinition[];
  /** False until the replica has answered, or while it is still being filled for the first time. */
  readonly known: boolean;
  of(name: string): TypeDefinition | undefined;
}

const TypesContext = createContext<Types | undefined>(undefined);

export function useTypes(): Types {
  const types = use(TypesContext);
  if (!types) throw new Error("useTypes outside of TypesProvider");
  return types;
}

const ALL = {};

export function TypesProvider({ children }: { readonly children: ReactNode }) {
  const { locale } = useWords();
  const rows = useRows("types", ALL);
  const types = useMemo(() => {
    const list = (rows === "refused" || !rows ? [] : rows)
      .map((row) => row.definition)
      .sort((a, b) => labelIn(a.plural, locale).localeCompare(labelIn(b.plural, locale), locale));
    const byName = new Map(list.map((type) => [type.name, type]));
    return { list, known: rows !== undefined, of: (name: string) => byName.get(name) };
  }, [rows, locale]);
  return <TypesContext value={types}>{children}</TypesContext>;
}
