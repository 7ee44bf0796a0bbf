import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { call, type Structure } from "../api/api.ts";
import { Loaded } from "../ui/Loaded.tsx";
import { en } from "../words/en.ts";
import { useWords, type WordKey } from "../words/words.ts";
import { searchValues, useStructure, useVocabulary, type ValueOf } from "./access.api.ts";
import { createCatalog, type Catalog } from "./policy/catalog.ts";

interface Known {
  readonly catalog: Catalog;
  /** Asks for the names of people whose ids were met; they appear when they arrive. */
  readonly meet: (ids: readonly string[]) => void;
}
const CatalogContext = createContext<Known | undefined>(undefined);

export interface NamedValue {
  readonly value: string;
  readonly label: string;
}

const SEARCH_MS = 200;
const NAMES_LAST_MS = 5 * 60_000;
const knows = (key: string): key is WordKey => Object.hasOwn(en, key);

/** Shows its children when what policies may mention is known, and gives them words for it. */
export function CatalogProvider({ children }: { children: ReactNode }) {
  const { t: say, locale } = useWords();
  const vocabulary = useVocabulary();
  const structure = useStructure();
  const { people, meet } = usePeopleNames(structure.data);
  const catalog = useMemo(
    () =>
      vocabulary.data && structure.data
        ? createCatalog({ vocabulary: vocabulary.data, structure: structure.data, people, locale, say, knows })
        : undefined,
    // `say` is another function at every render and says the same in the same language
    // oxlint-disable-next-line react/exhaustive-deps
    [vocabulary.data, structure.data, people, locale],
  );
  const known = useMemo(() => catalog && { catalog, meet }, [catalog, meet]);
  return (
    <Loaded query={vocabulary}>
      {() => (
        <Loaded query={structure}>
          {() => known && <CatalogContext.Provider value={known}>{children}</CatalogContext.Provider>}
        </Loaded>
      )}
    </Loaded>
  );
}

function useKnown(): Known {
  const known = useContext(CatalogContext);
  if (!known) throw new Error("A part of Access stands outside of CatalogProvider.");
  return known;
}

export const useCatalog = (): Catalog => useKnown().catalog;

/** Lets ids of people in what was loaded be shown as names. */
export function useMeeting(what: unknown): void {
  const { meet } = useKnown();
  useEffect(() => {
    if (what !== undefined) meet(idsIn(what));
  }, [what, meet]);
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const MOST_ASKED = 20; // ids of records look the same, and asking for hundreds of those would find nobody

const idsIn = (what: unknown): readonly string[] => [...new Set(JSON.stringify(what).match(UUID) ?? [])];

interface PeopleReply {
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly next?: string;
}

/** All people of an office are a few requests; beyond that, names that were not loaded are found by their search. */
function usePeopleNames(structure: Structure | undefined) {
  const [met, setMet] = useState<ReadonlySet<string>>(new Set());
  const first = useQuery({
    queryKey: ["access", "people"],
    queryFn: () => call<PeopleReply>("GET", "/admin/people?limit=200"),
    staleTime: NAMES_LAST_MS,
  });
  const loaded = useMemo(() => new Map(first.data?.people.map(({ id, name }) => [id, name])), [first.data]);
  const departments = new Set(structure?.departments.map(({ id }) => id));
  const isUnknown = (id: string) => !loaded.has(id) && !departments.has(id);
  const missing = first.data && structure ? [...met].filter(isUnknown).slice(0, MOST_ASKED) : [];
  const found = useQueries({
    queries: missing.map((id) => ({
      queryKey: ["access", "values", "person", id],
      queryFn: () => searchValues("person", id),
      staleTime: NAMES_LAST_MS,
    })),
    combine: (results) => results.flatMap(({ data }) => data ?? []),
  });
  const people = useMemo(
    () => new Map([...loaded, ...found.map(({ value, label }) => [value, label.en] as const)]),
    [loaded, found],
  );
  const [meet] = useState(
    () => (ids: readonly string[]) =>
      setMet((now) => (ids.every((id) => now.has(id)) ? now : new Set([...now, ...ids]))),
  );
  return { people, meet };
}

/** People by name, as the server finds them; nothing is asked where `of` is undefined. */
export function useSearchedNames(of: ValueOf | undefined, search: string): readonly NamedValue[] {
  const { locale } = useCatalog();
  const [settled] = useDebouncedValue(search, SEARCH_MS);
  const found = useQuery({
    queryKey: ["access", "values", of, settled],
    queryFn: () => searchValues(of ?? "person", settled),
    enabled: of !== undefined,
    placeholderData: keepPreviousData,
    staleTime: NAMES_LAST_MS,
  });
  return of === undefined ? [] : (found.data ?? []).map(({ value, label }) => ({ value, label: label[locale] }));
}
