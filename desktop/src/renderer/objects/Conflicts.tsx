import { Button } from "@mantine/core";
import { IconClock } from "@tabler/icons-react";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import type { Json } from "@kontor/shared/base";
import { formatFieldValue, type FieldConflict, type Names, type TypeDefinition } from "@kontor/shared/objects";
import { useDirectory, useReplica } from "../replica/index.ts";
import { Time } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { FieldEditor, rawToValue, valueToRaw } from "./fields/index.ts";
import classes from "./objects.module.css";

interface ConflictsProps {
  readonly record: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly names: Names;
}

/** The same field changed by two people: both values stay in sight until somebody has chosen (SYNC.md §2). */
export function Conflicts({ record, type, names }: ConflictsProps) {
  return Object.entries(record.conflicts ?? {}).map(([key, conflict]) => (
    <Conflict key={key} fieldKey={key} conflict={conflict} record={record} type={type} names={names} />
  ));
}

function Conflict(props: ConflictsProps & { readonly fieldKey: string; readonly conflict: FieldConflict }) {
  const { t, label, locale, problem: problemWords } = useWords();
  const { call } = useReplica();
  const { myId, personName } = useDirectory();
  const { conflict, fieldKey, names, record, type } = props;
  const [raw, setRaw] = useState<Json>();
  const [error, setError] = useState<string>();
  const field = type.fields[fieldKey];
  if (!field) return null;

  const text = (value: Json | undefined) => formatFieldValue(field, value, locale, names) || t("objects.empty");
  const iLost = conflict.lostBy === myId;
  const iWon = conflict.wonBy === myId;
  const unknown = t("objects.somebody");
  const other = personName(iLost ? conflict.wonBy : conflict.lostBy) ?? unknown;
  const current = record.fields[fieldKey];
  // To the server, "mine" brings the lost value back and "theirs" keeps the winner, whoever asks.
  const keepCurrent = () => void call("record.resolve", { id: record.id, field: fieldKey, choice: "theirs" });
  const bringLost = () => void call("record.resolve", { id: record.id, field: fieldKey, choice: "mine" });
  const isMineOrTheirs = iLost || iWon;
  const mayEdit = !record.trashed && (record.can.edit === "*" || record.can.edit.includes(fieldKey));

  function combine(): void {
    const parsed = rawToValue(field!, raw ?? null, fieldKey, locale);
    if (!parsed.ok) return setError(problemWords(parsed.problem));
    void call("record.resolve", {
      id: record.id,
      field: fieldKey,
      choice: "value",
      value: (parsed.value ?? null) as never,
    });
  }

  return (
    <div className={classes.note} role="group" aria-label={t("objects.conflictIn", { field: label(field.label) })}>
      <IconClock size={16} aria-hidden />
      <p>
        <b>{label(field.label)}</b>{" "}
        {t(isMineOrTheirs ? "objects.conflict.also" : "objects.conflict.both", {
          name: other,
          other: personName(conflict.wonBy) ?? unknown,
        })}{" "}
        <Time at={iLost ? conflict.wonAt : conflict.lostAt} />.
        <br />
        {isMineOrTheirs ? t("objects.conflict.mine") : (personName(conflict.lostBy) ?? unknown)}{" "}
        <b>{text(iWon ? current : conflict.lost)}</b>,{" "}
        {isMineOrTheirs ? other : (personName(conflict.wonBy) ?? unknown)} <b>{text(iWon ? conflict.lost : current)}</b>
      </p>
      {mayEdit && raw === undefined && (
        <>
          <Button onClick={iWon ? keepCurrent : bringLost}>
            {isMineOrTheirs
              ? t("objects.conflict.keepMine")
              : t("objects.conflict.take", { name: personName(conflict.lostBy) ?? unknown })}
          </Button>
          <Button onClick={iWon ? bringLost : keepCurrent}>
            {isMineOrTheirs
              ? t("objects.conflict.takeTheirs")
              : t("objects.conflict.take", { name: personName(conflict.wonBy) ?? unknown })}
          </Button>
          <Button onClick={() => setRaw(valueToRaw(field, current, locale))}>{t("objects.conflict.combine")}</Button>
        </>
      )}
      {raw !== undefined && (
        <>
          <div style={{ flex: "1 1 240px" }}>
            <FieldEditor
              field={field}
              name={label(field.label)}
              raw={raw}
              error={error}
              autoFocus
              onRaw={(next) => {
                setRaw(next);
                setError(undefined);
              }}
            />
          </div>
          <Button variant="filled" onClick={combine}>
            {t("objects.save")}
          </Button>
          <Button onClick={() => setRaw(undefined)}>{t("app.cancel")}</Button>
        </>
      )}
    </div>
  );
}
