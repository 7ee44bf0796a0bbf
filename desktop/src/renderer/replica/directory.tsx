import { createContext, use, useMemo, type ReactNode } from "react";
import type { DepartmentDoc, PersonDoc, PositionDoc } from "@kontor/shared/people";
import { labelIn } from "@kontor/shared/base";
import { currentLocale, useWords } from "../words/index.ts";
import { useRows } from "./live.ts";
import { useReplica } from "./ReplicaProvider.tsx";

/** People and departments, held as a whole: some thousands at most, and every view names them. */
export interface Directory {
  readonly people: readonly PersonDoc[];
  readonly departments: readonly DepartmentDoc[];
  readonly positions: ReadonlyMap<string, PositionDoc>;
  readonly me: PersonDoc | undefined;
  readonly myId: string;
  person(id: string | undefined): PersonDoc | undefined;
  department(id: string | undefined): DepartmentDoc | undefined;
  personName(id: string | undefined): string | undefined;
  departmentName(id: string | undefined): string | undefined;
}

const DirectoryContext = createContext<Directory | undefined>(undefined);

export function useDirectory(): Directory {
  const directory = use(DirectoryContext);
  if (!directory) throw new Error("useDirectory outside of DirectoryProvider");
  return directory;
}

const BY_NAME = { sort: [{ name: "asc" as const }] };
const ALL = {};

export function DirectoryProvider({ children }: { readonly children: ReactNode }) {
  const { status } = useReplica();
  const { locale } = useWords();
  const people = listOf(useRows("people", BY_NAME));
  const departments = listOf(useRows("departments", ALL));
  const positions = listOf(useRows("positions", ALL));
  const myId = status.user.id;
  const directory = useMemo(() => {
    const peopleById = new Map(people.map((person) => [person.id, person]));
    const departmentsById = new Map(departments.map((department) => [department.id, department]));
    const person = (id: string | undefined) => (id === undefined ? undefined : peopleById.get(id));
    const department = (id: string | undefined) => (id === undefined ? undefined : departmentsById.get(id));
    return {
      people,
      departments,
      positions: new Map(positions.map((position) => [position.id, position])),
      me: person(myId),
      myId,
      person,
      department,
      personName: (id: string | undefined) => person(id)?.name,
      departmentName: (id: string | undefined) => {
        const found = department(id);
        return found && labelIn(found.name, locale);
      },
    };
  }, [people, departments, positions, myId, locale]);
  return <DirectoryContext value={directory}>{children}</DirectoryContext>;
}

const NONE: readonly never[] = [];
const listOf = <Row,>(rows: readonly Row[] | "refused" | undefined): readonly Row[] =>
  rows === "refused" || rows === undefined ? NONE : rows;

export const byName = <Row extends { readonly name: DepartmentDoc["name"] }>(a: Row, b: Row) =>
  labelIn(a.name, currentLocale()).localeCompare(labelIn(b.name, currentLocale()), currentLocale());
