import { Button, Checkbox, Modal } from "@mantine/core";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { CardDoc } from "@kontor/shared/mail";
import { formatFieldValue, numberFieldOf, type TypeDefinition } from "@kontor/shared/objects";
import { relatedIds, useNames } from "../../objects/names.ts";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

/** What people outside read of a card: what its author ticks and sees here, in the language in which they see it. */
export function OutsideDialog(props: {
  readonly card: CardDoc;
  readonly record: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly close: () => void;
  readonly choose: (outside: CardDoc["outside"]) => void;
}) {
  const { card, record, type } = props;
  const { t, label, locale } = useWords();
  const names = useNames(relatedIds(type, [record.fields]));
  const rows = fieldsToGive(type, record).flatMap((key) => {
    const field = type.fields[key];
    const text = field ? formatFieldValue(field, record.fields[key], locale, names) : "";
    return field && text !== "" ? [{ key, label: label(field.label), text }] : [];
  });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(card.outside?.fields ?? type.list.summary));
  const [asPdf, setAsPdf] = useState(card.outside?.pdf === true);
  const given = rows.filter(({ key }) => chosen.has(key)).map(({ key }) => key);

  function toggle(key: string, isOn: boolean): void {
    const next = new Set(chosen);
    if (isOn) next.add(key);
    else next.delete(key);
    setChosen(next);
  }

  return (
    <Modal
      opened
      onClose={props.close}
      title={t("compose.card.outside.title")}
      size={520}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <p className={classes.outsideHint}>{t("compose.card.outside.hint")}</p>
      <div className={classes.outsideCard}>
        <small>{label(type.label)}</small>
        <b>{card.title}</b>
        <ul>
          {rows.map(({ key, label: name, text }) => (
            <li key={key}>
              <Checkbox
                size="xs"
                label={
                  <span className={classes.outsideRow}>
                    <span>{name}</span>
                    <span>{text}</span>
                  </span>
                }
                checked={chosen.has(key)}
                onChange={(event) => toggle(key, event.currentTarget.checked)}
              />
            </li>
          ))}
        </ul>
      </div>
      <Checkbox
        mt="sm"
        label={t("compose.card.outside.pdf.attach")}
        checked={asPdf}
        disabled={given.length === 0}
        onChange={(event) => setAsPdf(event.currentTarget.checked)}
      />
      <div className={classes.buttons}>
        <Button onClick={() => finish(undefined)}>{t("compose.card.outside.nameOnly")}</Button>
        <Button
          variant="filled"
          data-autofocus
          disabled={given.length === 0}
          onClick={() => finish({ fields: given, locale, ...(asPdf ? { pdf: true } : {}) })}
        >
          {t("compose.card.outside.give", { count: given.length })}
        </Button>
      </div>
    </Modal>
  );

  function finish(outside: CardDoc["outside"]): void {
    props.choose(outside);
    props.close();
  }
}

/** As the server gives them: files go as attachments, number and name are said already, and what is redacted is nobody's to give. */
function fieldsToGive(type: TypeDefinition, record: ReplicaRecord): readonly string[] {
  const said = new Set([type.titleField, numberFieldOf(type), ...(record.redacted ?? [])]);
  return Object.keys(type.fields).filter((key) => type.fields[key]?.kind !== "files" && !said.has(key));
}
