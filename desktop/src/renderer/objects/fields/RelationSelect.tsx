import { MultiSelect, Select, type OptionsFilter } from "@mantine/core";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { FieldDefinition } from "@kontor/shared/objects";
import { useRows, useRowsById, useSearch } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { selectAll, type EditorProps } from "./FieldEditor.tsx";

const SHOWN = 20;
const asFound: OptionsFilter = ({ options }) => options;

/** Records of one type: the newest first, any other by typing. */
export function RelationSelect(props: EditorProps<Extract<FieldDefinition, { kind: "relation" }>>) {
  const { field, name, raw, onDone, onRaw } = props;
  const { t } = useWords();
  const [typed, setTyped] = useState<string>();
  const chosen = Array.isArray(raw) ? (raw as string[]) : typeof raw === "string" ? [raw] : [];
  const chosenRows = useRowsById("records", chosen);
  const newest = useRows("records", {
    selector: { type: field.to, trashed: false },
    sort: [{ updatedAt: "desc" }],
    limit: SHOWN,
  });
  const label = (record: Pick<ReplicaRecord, "title" | "number">) =>
    [record.number, record.title].filter(Boolean).join(" · ") || t("objects.untitled");
  const chosenLabels = new Set([...(chosenRows?.values() ?? [])].map(label));
  const text = typed ?? (field.many ? "" : ([...chosenLabels][0] ?? ""));
  const query = chosenLabels.has(text) ? "" : text;
  const { hits, isSearching } = useSearch({ text: query, type: field.to, limit: SHOWN });

  // A millisecond: shown before its name is known, the control would take the name for something typed.
  if (typed === undefined && !chosenRows) return null;
  const options = new Map<string, string>();
  for (const id of chosen) options.set(id, label(chosenRows?.get(id) ?? { title: t("objects.notVisible") }));
  const records = hits.filter(({ collection }) => collection === "records");
  if (query) for (const { recordId, title } of records) options.set(recordId, title || t("objects.untitled"));
  else if (newest !== "refused") for (const record of newest ?? []) options.set(record.id, label(record));
  const data = [...options].map(([value, each]) => ({ value, label: each }));

  const shared = {
    "aria-label": name,
    "aria-required": props.required,
    error: props.error,
    autoFocus: props.autoFocus ?? false,
    size: "xs" as const,
    styles: { input: { fontSize: 13 } },
    data,
    searchable: true as const,
    searchValue: text,
    onSearchChange: setTyped,
    clearable: !props.required,
    defaultDropdownOpened: props.autoFocus ?? false,
    nothingFoundMessage: isSearching ? t("app.palette.searching") : t("objects.nothingFound"),
    // The replica's search has matched already, also by words that are not in the title.
    filter: asFound,
  };
  if (field.many) {
    return <MultiSelect {...shared} value={chosen} onChange={(value) => onRaw(value)} hidePickedOptions />;
  }
  return (
    <Select
      {...shared}
      onFocus={selectAll}
      value={chosen[0] ?? null}
      onChange={(value) => {
        onRaw(value);
        onDone?.(value);
      }}
    />
  );
}
