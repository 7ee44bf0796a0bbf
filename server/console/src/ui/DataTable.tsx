import { Button, Table, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDownload, IconSearch } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { useWords } from "../words/words.ts";
import { saveCsv } from "./saveCsv.ts";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** What is sorted, filtered and exported. */
  text(row: Row): string;
  /** What is shown, when it is more than the text. */
  show?(row: Row): ReactNode;
}

interface Props<Row> {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly idOf: (row: Row) => string;
  readonly actions?: (row: Row) => ReactNode;
  readonly onOpen?: (row: Row) => void;
  /** Said where there is nothing at all: what would be listed here. */
  readonly none?: string;
}

/** Where there is less room the list scrolls sideways: names one letter a line help nobody. */
const COLUMN_PX = 120;
const ACTIONS_PX = 140;

/** A list that filters, sorts and exports what it shows. */
export function DataTable<Row>({ name, rows, columns, idOf, actions, onOpen, none }: Props<Row>) {
  const { t, locale } = useWords();
  const [filter, setFilter] = useState("");
  const [sort, setSort] = useState<{ key: string; down: boolean }>();

  const shown = useMemo(() => {
    const wanted = filter.trim().toLocaleLowerCase();
    const found =
      wanted === ""
        ? [...rows]
        : rows.filter((row) => columns.some((column) => column.text(row).toLocaleLowerCase().includes(wanted)));
    const column = columns.find(({ key }) => key === sort?.key);
    if (!column) return found;
    const { compare } = new Intl.Collator(locale, { numeric: true });
    return found.sort((a, b) => compare(column.text(a), column.text(b)) * (sort?.down ? -1 : 1));
  }, [rows, columns, filter, sort, locale]);

  const save = () =>
    saveCsv(name, [
      columns.map((column) => column.title),
      ...shown.map((row) => columns.map((column) => column.text(row))),
    ]);

  if (rows.length === 0) return <p className="quiet">{none ?? t("app.nothing")}</p>;
  return (
    <>
      <div style={{ display: "flex", gap: 8, alignItems: "center", marginBottom: 10 }}>
        <TextInput
          size="xs"
          w={260}
          leftSection={<IconSearch size={14} />}
          placeholder={t("app.search")}
          aria-label={t("app.search")}
          value={filter}
          onChange={(event) => setFilter(event.currentTarget.value)}
        />
        <span className="quiet" aria-live="polite">
          {t("app.rows", { count: shown.length })}
        </span>
        <span className="grow" />
        <Button leftSection={<IconDownload size={15} />} onClick={save} disabled={shown.length === 0}>
          {t("app.export")}
        </Button>
      </div>
      <Table.ScrollContainer minWidth={columns.length * COLUMN_PX + (actions ? ACTIONS_PX : 0)}>
        <Table highlightOnHover={onOpen !== undefined} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th
                  key={column.key}
                  aria-sort={sort?.key === column.key ? (sort.down ? "descending" : "ascending") : "none"}
                >
                  <button
                    className="sort-button"
                    aria-label={t("app.sortBy", { column: column.title })}
                    onClick={() => setSort((now) => ({ key: column.key, down: now?.key === column.key && !now.down }))}
                  >
                    {column.title}
                    {sort?.key === column.key && (sort.down ? <IconArrowDown size={13} /> : <IconArrowUp size={13} />)}
                  </button>
                </Table.Th>
              ))}
              {actions && <Table.Th />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((row) => (
              <Table.Tr key={idOf(row)}>
                {columns.map((column, index) => (
                  <Table.Td key={column.key}>
                    {index === 0 && onOpen ? (
                      <button
                        className="sort-button"
                        style={{ fontWeight: 560, color: "var(--ink)" }}
                        onClick={() => onOpen(row)}
                      >
                        {column.show?.(row) ?? column.text(row)}
                      </button>
                    ) : (
                      (column.show?.(row) ?? column.text(row))
                    )}
                  </Table.Td>
                ))}
                {actions && <Table.Td style={{ textAlign: "right", whiteSpace: "nowrap" }}>{actions(row)}</Table.Td>}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {shown.length === 0 && <p className="quiet">{t("app.noMatch")}</p>}
    </>
  );
}
