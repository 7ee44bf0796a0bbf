import { Button, Select, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDownload, IconX } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/api.ts";
import { addressOf, go, usePlace } from "../app/route.ts";
import { ProblemAlert } from "../ui/Loaded.tsx";
import { MoreRows } from "../ui/MoreRows.tsx";
import { useWords } from "../words/words.ts";
import {
  filterOf,
  outcomes,
  queryOf,
  type AuditEntry,
  type AuditFilter,
  type AuditPage as PageOfEntries,
} from "./audit.api.ts";
import { ChainPanel } from "./ChainPanel.tsx";
import { EntryDrawer } from "./EntryDrawer.tsx";
import { OutcomeBadge } from "./OutcomeBadge.tsx";
import { useAuditWords } from "./useAuditWords.ts";

const PAGE = 100;
const TYPING_MS = 250;

/** Who did what: the log with its filters, and whether it is whole. */
export function AuditPage() {
  const { t } = useWords();
  const { query } = usePlace();
  const filter = filterOf(query);
  const [asked] = useDebouncedValue(String(queryOf(filter)), TYPING_MS);
  const [open, setOpen] = useState<AuditEntry>();

  const pages = useInfiniteQuery({
    queryKey: ["audit", asked],
    initialPageParam: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam }) => {
      const before = pageParam > 0 ? `&before=${pageParam}` : "";
      return call<PageOfEntries>("GET", `/audit?limit=${PAGE}${before}${asked && `&${asked}`}`);
    },
    getNextPageParam: (page) => page.next,
  });
  const entries = pages.data?.pages.flatMap((page) => page.entries) ?? [];
  const names: Record<string, string> = Object.assign({}, ...(pages.data?.pages.map((page) => page.names) ?? []));

  const change = (changes: Partial<AuditFilter>) =>
    go(addressOf("audit", [], { ...filter, ...changes }), { replace: true });

  return (
    <>
      <div className="page-head">
        <h1>{t("audit.title")}</h1>
        <span className="grow" />
        {(["csv", "jsonl"] as const).map((format) => (
          <Button
            key={format}
            component="a"
            href={`/api/audit/export?format=${format}${asked && `&${asked}`}`}
            download
            leftSection={<IconDownload size={15} />}
          >
            {t(`audit.export.${format}`)}
          </Button>
        ))}
      </div>
      <div className="page-body">
        <ChainPanel />
        <section className="panel">
          <Filters filter={filter} names={names} onChange={change} />
          {pages.error && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
          <Entries entries={entries} names={names} onOpen={setOpen} />
          {!pages.isPending && entries.length === 0 && !pages.error && <p className="quiet">{t("audit.none")}</p>}
          <MoreRows pages={pages} count={entries.length} />
        </section>
      </div>
      {open && <EntryDrawer entry={open} names={names} onFilter={change} onClose={() => setOpen(undefined)} />}
    </>
  );
}

function Filters({
  filter,
  names,
  onChange,
}: {
  filter: AuditFilter;
  names: Readonly<Record<string, string>>;
  onChange: (changes: Partial<AuditFilter>) => void;
}) {
  const { t } = useWords();
  const { actionName } = useAuditWords();
  const actions = useQuery({
    queryKey: ["audit-actions"],
    queryFn: () => call<{ readonly actions: readonly string[] }>("GET", "/audit/actions"),
  });
  const text = (key: keyof AuditFilter, label: string, width: number, type?: "date") => (
    <TextInput
      size="xs"
      w={width}
      label={label}
      maxLength={200}
      value={filter[key]}
      onChange={(event) => onChange({ [key]: event.currentTarget.value })}
      {...(type && { type })}
    />
  );
  const isFiltered = Object.values(filter).some((value) => value !== "");
  return (
    <form
      aria-label={t("audit.filters")}
      onSubmit={(event) => event.preventDefault()}
      style={{ display: "flex", flexWrap: "wrap", gap: 8, alignItems: "end", marginBottom: 12 }}
    >
      {text("from", t("audit.from"), 136, "date")}
      {text("to", t("audit.to"), 136, "date")}
      {text("login", t("audit.login"), 130)}
      <Select
        size="xs"
        w={220}
        label={t("audit.action")}
        searchable
        clearable
        data={(actions.data?.actions ?? []).map((value) => ({ value, label: actionName(value) }))}
        value={filter.action || null}
        onChange={(value) => onChange({ action: value ?? "" })}
        comboboxProps={{ width: 340, position: "bottom-start" }}
        clearButtonProps={{ "aria-label": t("audit.clear.one", { filter: t("audit.action") }) }}
      />
      <Select
        size="xs"
        w={130}
        label={t("audit.outcome")}
        clearable
        data={outcomes.map((value) => ({ value, label: t(`audit.outcome.${value}`) }))}
        value={filter.outcome || null}
        onChange={(value) => onChange({ outcome: value ?? "" })}
        clearButtonProps={{ "aria-label": t("audit.clear.one", { filter: t("audit.outcome") }) }}
      />
      {text("objectId", t("audit.objectIs"), 180)}
      {filter.userId !== "" && (
        <Button
          size="xs"
          variant="light"
          rightSection={<IconX size={13} />}
          aria-label={t("audit.clear.one", { filter: t("audit.person") })}
          onClick={() => onChange({ userId: "" })}
        >
          {names[filter.userId] ?? filter.userId}
        </Button>
      )}
      {isFiltered && (
        <Button size="xs" variant="subtle" onClick={() => onChange(filterOf(new URLSearchParams()))}>
          {t("audit.clear")}
        </Button>
      )}
    </form>
  );
}

function Entries({
  entries,
  names,
  onOpen,
}: {
  entries: readonly AuditEntry[];
  names: Readonly<Record<string, string>>;
  onOpen: (entry: AuditEntry) => void;
}) {
  const { t } = useWords();
  const { actionName, moment, objectName, personName } = useAuditWords();
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table highlightOnHover verticalSpacing={5} aria-label={t("audit.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th style={{ textAlign: "right" }} w={80}>
              {t("audit.number")}
            </Table.Th>
            <Table.Th w={170}>{t("audit.when")}</Table.Th>
            <Table.Th>{t("audit.person")}</Table.Th>
            <Table.Th>{t("audit.action")}</Table.Th>
            <Table.Th w={110}>{t("audit.outcome")}</Table.Th>
            <Table.Th>{t("audit.object")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entries.map((entry) => (
            <Table.Tr key={entry.id} onClick={() => onOpen(entry)} style={{ cursor: "pointer" }}>
              <Table.Td className="quiet" style={{ textAlign: "right" }}>
                {entry.number}
              </Table.Td>
              <Table.Td style={{ whiteSpace: "nowrap" }}>{moment(entry.at)}</Table.Td>
              <Table.Td>{personName(entry, names)}</Table.Td>
              <Table.Td>
                <button
                  type="button"
                  className="sort-button"
                  style={{ color: "var(--ink)", textAlign: "left" }}
                  aria-haspopup="dialog"
                  onClick={(event) => {
                    event.stopPropagation();
                    onOpen(entry);
                  }}
                >
                  {actionName(entry.action)}
                </button>
              </Table.Td>
              <Table.Td>
                <OutcomeBadge outcome={entry.outcome} />
              </Table.Td>
              <Table.Td>{objectName(entry, names)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
