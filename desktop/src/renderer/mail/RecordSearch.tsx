import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useRows, useRowsById, useSearch, useTypes } from "../replica/index.ts";
import { PickList, TypeIcon } from "../ui/index.ts";
import { useWords } from "../words/index.ts";

const SHOWN = 12;

/** One of the records that are here: the newest ones, any other by what it or a file of it says. */
export function RecordSearch({ choose }: { readonly choose: (recordId: string) => void }) {
  const { t, label } = useWords();
  const types = useTypes();
  const [text, setText] = useState("");
  const search = useSearch({ text, limit: SHOWN * 2 });
  const hits = [...new Set(search.hits.map(({ recordId }) => recordId))].slice(0, SHOWN);
  const newest = useRows("records", { selector: { trashed: false }, sort: [{ updatedAt: "desc" }], limit: SHOWN });
  const found = useRowsById("records", hits);
  const isSearched = text.trim() !== "";
  const records = isSearched ? hits.flatMap((id) => found?.get(id) ?? []) : newest === "refused" ? [] : (newest ?? []);
  const isSearching = search.isSearching || (isSearched && hits.length > 0 && !found);
  return (
    <PickList
      field={{
        leftSection: <IconSearch size={14} />,
        "aria-label": t("mail.record.find"),
        placeholder: t("mail.record.find"),
      }}
      label={t("mail.record.list")}
      text={text}
      onText={setText}
      items={records}
      pick={({ id }) => choose(id)}
      none={isSearched ? t(isSearching ? "app.palette.searching" : "app.palette.nothing") : undefined}
    >
      {({ number, title, type }) => {
        const of = types.of(type);
        return (
          <>
            <TypeIcon name={of?.icon ?? ""} size={15} />
            <span>{title || (of ? label(of.label) : type)}</span>
            <small>{[of && label(of.label), number].filter(Boolean).join(" ")}</small>
          </>
        );
      }}
    </PickList>
  );
}
