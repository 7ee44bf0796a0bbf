import { Button, Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { CardDoc } from "@kontor/shared/mail";
import { useRow, useRows } from "../../replica/index.ts";
import { formatSize } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { RecordSearch } from "../RecordSearch.tsx";
import classes from "./compose.module.css";

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
