import { Badge, Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Person, type Structure } from "../api/api.ts";
import { DataTable, type Column } from "../ui/DataTable.tsx";
import { ProblemAlert } from "../ui/Loaded.tsx";
import { useWords } from "../words/words.ts";
import { departmentOptions } from "./departmentTree.ts";
import { PersonForm } from "./PersonForm.tsx";

const PAGE = 200;
interface PeopleReply {
  readonly people: readonly Person[];
  readonly total: number;
  readonly next?: string;
}

export function PeoplePage() {
  const { t, time, named, locale } = useWords();
  const [search, setSearch] = useState("");
  const [state, setState] = useState<"all" | Person["state"]>("all");
  const [departmentId, setDepartmentId] = useState<string | null>(null);
  const [open, setOpen] = useState<Person | "new">();
  const [settled] = useDebouncedValue(search, 200);

  const structure = useQuery({ queryKey: ["structure"], queryFn: () => call<Structure>("GET", "/admin/structure") });
  const people = useInfiniteQuery({
    queryKey: ["people", settled, state, departmentId],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({
        limit: String(PAGE),
        ...(settled ? { search: settled } : {}),
        ...(state === "all" ? {} : { state }),
        ...(departmentId ? { departmentId } : {}),
        ...(pageParam ? { after: pageParam } : {}),
      });
      return call<PeopleReply>("GET", `/admin/people?${query}`);
    },
    getNextPageParam: (page) => page.next,
  });
  const rows = people.data?.pages.flatMap((page) => page.people) ?? [];
  const total = people.data?.pages[0]?.total ?? 0;
  const departments = new Map(structure.data?.departments.map((department) => [department.id, named(department)]));
  const positions = new Map(structure.data?.positions.map((position) => [position.id, named(position)]));

  const columns: readonly Column<Person>[] = [
    { key: "name", title: t("people.name"), text: (person) => person.name },
    { key: "login", title: t("people.login"), text: (person) => person.login },
    {
      key: "department",
      title: t("people.department"),
      text: (person) => departments.get(person.departmentId ?? "") ?? "",
    },
    { key: "position", title: t("people.position"), text: (person) => positions.get(person.positionId ?? "") ?? "" },
    {
      key: "state",
      title: t("people.state"),
      text: (person) => t(`people.state.${person.state}`),
      show: (person) => (
        <Badge
          style={
            person.state === "active"
              ? { color: "var(--good)", background: "var(--good-soft)" }
              : { color: "var(--ink-2)", background: "var(--neutral-soft)" }
          }
        >
          {t(`people.state.${person.state}`)}
        </Badge>
      ),
    },
    {
      key: "lastSeen",
      title: t("people.lastSeen"),
      text: (person) => person.lastSeenAt ?? "",
      show: (person) => <span className="quiet">{time(person.lastSeenAt)}</span>,
    },
  ];

  return (
    <>
      <div className="page-head">
        <h1>{t("people.title")}</h1>
        <span className="quiet">{t("people.shown", { shown: rows.length, total })}</span>
        <span className="grow" />
        <TextInput
          size="xs"
          w={220}
          leftSection={<IconSearch size={14} />}
          placeholder={`${t("people.name")}, ${t("people.login").toLocaleLowerCase(locale)}`}
          aria-label={t("people.name")}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          size="xs"
          w={220}
          clearable
          searchable
          placeholder={t("people.department")}
          aria-label={t("people.department")}
          data={departmentOptions(structure.data?.departments ?? [], locale)}
          value={departmentId}
          onChange={setDepartmentId}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("people.state")}
          value={state}
          onChange={(value) => setState(value as typeof state)}
          data={(["all", "active", "disabled"] as const).map((value) => ({ value, label: t(`people.state.${value}`) }))}
        />
        <Button variant="filled" leftSection={<IconPlus size={15} />} onClick={() => setOpen("new")}>
          {t("people.add")}
        </Button>
      </div>
      <div className="page-body">
        <section className="panel">
          {people.error ? (
            <ProblemAlert error={people.error} onRetry={() => void people.refetch()} />
          ) : (
            <DataTable name="people" rows={rows} columns={columns} idOf={(person) => person.id} onOpen={setOpen} />
          )}
          {people.hasNextPage && (
            <Button mt={10} loading={people.isFetchingNextPage} onClick={() => void people.fetchNextPage()}>
              {t("people.more")}
            </Button>
          )}
        </section>
      </div>
      {open && structure.data && (
        <PersonForm
          person={open === "new" ? undefined : open}
          structure={structure.data}
          people={rows}
          onClose={() => setOpen(undefined)}
        />
      )}
    </>
  );
}
