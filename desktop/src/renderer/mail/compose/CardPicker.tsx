import { Button, Checkbox, Modal, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { CardDoc } from "@kontor/shared/mail";
import { useRow, useRows, useRowsById, useSearch, useTypes } from "../../replica/index.ts";
import { formatSize, TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

const SHOWN = 12;

export interface PickedFile {
  readonly id: string;
  readonly name: string;
}

/** Picks a record: as a card, which colleagues see by their own rights, and its files, which everybody gets. */
export function CardPicker(props: {
  readonly close: () => void;
  readonly addCard: (card: CardDoc) => void;
  readonly addFiles: (files: readonly PickedFile[]) => void;
}) {
  const { t } = useWords();
  const [chosen, setChosen] = useState<string>();
  return (
    <Modal
      opened
      onClose={props.close}
      title={t("compose.card.title")}
      size={520}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      {chosen === undefined ? (
        <RecordSearch choose={setChosen} />
      ) : (
        <HowToShow {...props} recordId={chosen} back={() => setChosen(undefined)} />
      )}
    </Modal>
  );
}

export function RecordSearch({ choose }: { readonly choose: (recordId: string) => void }) {
  const { t, label } = useWords();
  const types = useTypes();
  const [text, setText] = useState("");
  const search = useSearch({ text, limit: SHOWN * 2 });
  const hits = search.hits.filter(({ collection }) => collection === "records").slice(0, SHOWN);
  const newest = useRows("records", { selector: { trashed: false }, sort: [{ updatedAt: "desc" }], limit: SHOWN });
  const found = useRowsById(
    "records",
    hits.map(({ recordId }) => recordId),
  );
  const shown =
    text.trim() === ""
      ? (newest === "refused" ? [] : (newest ?? [])).map(({ id, number, title, type }) => ({ id, number, title, type }))
      : hits.map(({ recordId, title, type }) => ({
          id: recordId,
          number: found?.get(recordId)?.number,
          title,
          type,
        }));
  return (
    <>
      <TextInput
        data-autofocus
        leftSection={<IconSearch size={14} />}
        aria-label={t("compose.card.search")}
        placeholder={t("compose.card.search")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = shown;
          if (event.key === "Enter" && first) choose(first.id);
        }}
      />
      <ul className={classes.hits}>
        {shown.map((each) => {
          const type = types.of(each.type);
          return (
            <li key={each.id}>
              <button type="button" onClick={() => choose(each.id)}>
                <TypeIcon name={type?.icon ?? ""} />
                <span>{each.title || (type ? label(type.label) : each.type)}</span>
                <small>{[type && label(type.label), each.number].filter(Boolean).join(" ")}</small>
              </button>
            </li>
          );
        })}
        {shown.length === 0 && text.trim() !== "" && (
          <li className={classes.none}>{t(search.isSearching ? "app.palette.searching" : "app.palette.nothing")}</li>
        )}
      </ul>
    </>
  );
}

function HowToShow(props: {
  readonly recordId: string;
  readonly back: () => void;
  readonly close: () => void;
  readonly addCard: (card: CardDoc) => void;
  readonly addFiles: (files: readonly PickedFile[]) => void;
}) {
  const { t, locale } = useWords();
  const record = useRow("records", props.recordId);
  const rows = useRows("files", { selector: { recordId: props.recordId }, sort: [{ createdAt: "asc" }] });
  const files = (rows === "refused" || !rows ? [] : rows).filter(({ state }) => state === "stored");
  const [asCard, setAsCard] = useState(true);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (!record) return null;

  function add(found: ReplicaRecord): void {
    if (asCard) props.addCard(cardOf(found));
    props.addFiles(files.filter(({ id }) => chosen.includes(id)));
    props.close();
  }

  return (
    <div className={classes.howToShow}>
      <b>{[record.number, record.title].filter(Boolean).join(" · ")}</b>
      <Checkbox
        label={t("compose.card.asCard")}
        description={t("compose.card.asCardHint")}
        checked={asCard}
        onChange={(event) => setAsCard(event.currentTarget.checked)}
      />
      {files.length > 0 && (
        <fieldset>
          <legend>{t("compose.card.files")}</legend>
          {files.map((file) => (
            <Checkbox
              key={file.id}
              label={`${file.name} · ${formatSize(file.size, locale)}`}
              checked={chosen.includes(file.id)}
              onChange={(event) =>
                setChosen(event.currentTarget.checked ? [...chosen, file.id] : chosen.filter((id) => id !== file.id))
              }
            />
          ))}
        </fieldset>
      )}
      <div className={classes.buttons}>
        <Button onClick={props.back}>{t("compose.card.back")}</Button>
        <Button variant="filled" data-autofocus disabled={!asCard && chosen.length === 0} onClick={() => add(record)}>
          {t("compose.card.add")}
        </Button>
      </div>
    </div>
  );
}

export const cardOf = ({
  id,
  number,
  title,
  type,
}: Pick<ReplicaRecord, "id" | "number" | "title" | "type">): CardDoc => ({
  recordId: id,
  type,
  title: [number, title].filter(Boolean).join(" · ").slice(0, MAX_TITLE_CHARS),
});
const MAX_TITLE_CHARS = 400; // cardSchema
