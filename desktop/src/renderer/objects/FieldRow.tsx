import { IconLock } from "@tabler/icons-react";
import { useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import type { Json } from "@kontor/shared/base";
import {
  checkRecord,
  formatFieldValue,
  problemOf,
  sameValue,
  type FieldDefinition,
  type Names,
  type TypeDefinition,
} from "@kontor/shared/objects";
import type { ReplicaRecord } from "#contract";
import { NotVisible, ReasonTooltip, useReason, WithReason, type AccessQuestion } from "../access/index.ts";
import { go } from "../app/index.ts";
import { CommandFailed, useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { FieldEditor, rawToValue, valueToRaw } from "./fields/index.ts";
import classes from "./objects.module.css";

interface FieldRowProps {
  readonly record: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly fieldKey: string;
  readonly names: Names;
  /** Unsaved text from before; undefined while it is still being looked up. */
  readonly draft: Json | undefined;
  readonly setDraft: (raw: Json | undefined) => void;
}

/**
 * One field: read as text, edited in place. Leaving it or Enter saves it as one intent; Escape goes back to what is
 * saved. What was typed and not saved (it was wrong, or the app died) is still there next time.
 */
export function FieldRow(props: FieldRowProps) {
  const { t, label } = useWords();
  const { fieldKey, record, type } = props;
  const field = type.fields[fieldKey];
  if (!field) return null;
  const name = label(field.label);
  const isRedacted = record.redacted?.includes(fieldKey) ?? false;
  const isWritten = !record.trashed && !isRedacted && !field.readOnly && field.kind !== "autoNumber";
  const mayEdit = isWritten && (record.can.edit === "*" || record.can.edit.includes(fieldKey));
  const section = field.section ?? type.sections[0]?.key ?? "";
  const about = { type: type.name, recordId: record.id, section, field: fieldKey };
  const closed = isWritten && !mayEdit ? { ...about, act: "edit" } : undefined;
  return (
    <div
      className={classes.field}
      data-wide={field.wide || field.kind === "longText" || undefined}
      data-field={fieldKey}
    >
      <dt>{name}</dt>
      <dd>
        {isRedacted ? (
          <WithReason
            record={record}
            question={{ ...about, act: "read" }}
            short={t("access.short.redacted")}
            name={`${name}: ${String(record.fields[fieldKey] ?? "")}`}
            className={classes.redacted}
          >
            <span>{String(record.fields[fieldKey] ?? "••••")}</span>
            <IconLock size={14} aria-hidden />
          </WithReason>
        ) : mayEdit ? (
          <Editable {...props} field={field} name={name} />
        ) : (
          <ReadOnly
            field={field}
            value={record.fields[fieldKey]}
            names={props.names}
            closed={closed}
            name={name}
            record={record}
          />
        )}
      </dd>
    </div>
  );
}

function Editable(props: FieldRowProps & { readonly field: FieldDefinition; readonly name: string }) {
  const { t, problem: problemWords, label, locale } = useWords();
  const { call } = useReplica();
  const { draft, field, fieldKey, name, names, record, setDraft, type } = props;
  const value = record.fields[fieldKey];
  const [typed, setTyped] = useState<Json>();
  const [error, setError] = useState<string>();
  const leaving = useRef(false);
  const display = useRef<HTMLButtonElement>(null);
  const raw = typed ?? draft ?? undefined;
  const isEditing = raw !== undefined && field.kind !== "boolean";

  function start(): void {
    setError(undefined);
    setTyped(valueToRaw(field, value, locale));
  }

  function typeIn(next: Json): void {
    setTyped(next);
    setError(undefined);
    setDraft(next);
  }

  function stop(refocus: boolean): void {
    leaving.current = true;
    setTyped(undefined);
    setError(undefined);
    setDraft(undefined);
    queueMicrotask(() => (leaving.current = false));
    if (refocus) window.setTimeout(() => display.current?.focus(), 0);
  }

  async function save(from: Json, refocus: boolean): Promise<void> {
    const parsed = rawToValue(field, from, fieldKey, locale);
    if (!parsed.ok) return setError(problemWords(parsed.problem));
    if (sameValue(parsed.value ?? null, value ?? null)) return stop(refocus);
    if (field.required && parsed.value === undefined)
      return setError(problemWords(problemOf(fieldKey, "field.required")));
    const clash = clashOf(type, record, fieldKey, parsed.value);
    if (clash) return setError(label(clash));
    try {
      await call("record.edit", { id: record.id, set: { [fieldKey]: (parsed.value ?? null) as never } });
      stop(refocus);
    } catch (failure) {
      const refused = failure instanceof CommandFailed ? failure.error : undefined;
      const own = refused?.problems?.find((each) => each.field === fieldKey);
      setError(own ? problemWords(own) : (refused?.message ?? String(failure)));
    }
  }

  function onBlur(event: FocusEvent): void {
    const next = event.relatedTarget;
    const stays =
      event.currentTarget.contains(next) ||
      (next instanceof Element && next.closest("[data-belongs-to-field], [role='listbox'], [data-combobox-option]"));
    if (stays || leaving.current || raw === undefined) return;
    void save(raw, false);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
    event.stopPropagation();
    stop(true);
  }

  if (field.kind === "boolean") {
    return (
      <FieldEditor
        field={field}
        name={name}
        raw={value === true}
        error={error}
        onRaw={() => undefined}
        onDone={(next) => void save(next, false)}
      />
    );
  }
  if (!isEditing) {
    const text = formatFieldValue(field, value, locale, names);
    const isRelation = field.kind === "relation" && text !== "";
    return (
      <div className={isRelation ? classes.relation : undefined}>
        {isRelation && <RelationLinks field={field} value={value} names={names} />}
        <button
          ref={display}
          type="button"
          className={isRelation ? classes.bringBack : classes.value}
          data-empty={text === "" || undefined}
          aria-label={t("objects.editField", { field: name, value: text || t("objects.empty") })}
          onClick={start}
        >
          {isRelation ? t("objects.change") : text || t("objects.empty")}
        </button>
      </div>
    );
  }
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- it listens to what its control lets through
    <div className={classes.editing} onBlur={onBlur} onKeyDown={onKeyDown}>
      <FieldEditor
        field={field}
        name={name}
        raw={raw}
        error={error}
        autoFocus={typed !== undefined}
        required={field.required ?? false}
        onRaw={typeIn}
        onDone={(next) => void save(next, true)}
      />
      {typed === undefined && !error && <p className={classes.hint}>{t("objects.draftKept")}</p>}
      {field.hint && !error && <p className={classes.hint}>{label(field.hint)}</p>}
    </div>
  );
}

/** The words of the first condition across fields that this value breaks; only those that name this field. */
function clashOf(type: TypeDefinition, record: ReplicaRecord, key: string, value: Json | undefined) {
  const { [key]: _, ...others } = record.fields;
  const problems = checkRecord(type, value === undefined ? others : { ...others, [key]: value });
  const clash = problems.find((problem) => problem.reason === "field.check");
  const check = (type.checks ?? []).find((each) => each.message.en === clash?.message);
  return check && (check.left === key || check.right === key) ? check.message : undefined;
}

function ReadOnly(props: {
  readonly field: FieldDefinition;
  readonly value: Json | undefined;
  readonly names: Names;
  readonly name: string;
  readonly record: ReplicaRecord;
  /** By policy, and not because nobody edits it. */
  readonly closed: AccessQuestion | undefined;
}) {
  const { t, locale } = useWords();
  const { reasonFor } = useReason();
  const { closed, field, name, names, record, value } = props;
  const text = formatFieldValue(field, value, locale, names);
  if (field.kind === "relation" && text)
    return (
      <ReasonTooltip reason={closed && reasonFor(record, closed, t("access.short.edit"))}>
        <span>
          <RelationLinks field={field} value={value} names={names} />
        </span>
      </ReasonTooltip>
    );
  const shown = text || t(field.kind === "autoNumber" ? "objects.numberLater" : "objects.empty");
  if (closed)
    return (
      <WithReason
        record={record}
        question={closed}
        short={t("access.short.edit")}
        name={`${name}: ${shown}`}
        className={`${classes.value} ${classes.closed}`}
      >
        <span data-empty={text === "" || undefined}>{shown}</span>
      </WithReason>
    );
  return (
    <span className={classes.value} data-empty={text === "" || undefined}>
      {shown}
    </span>
  );
}

function RelationLinks(props: {
  readonly field: Extract<FieldDefinition, { kind: "relation" }>;
  readonly value: Json | undefined;
  readonly names: Names;
}) {
  const ids = (Array.isArray(props.value) ? props.value : [props.value]).filter((id) => typeof id === "string");
  return (
    <span className={classes.links}>
      {ids.map((id) => {
        const name = props.names.record?.(id);
        return name === undefined ? (
          <NotVisible key={id} type={props.field.to} recordId={id} />
        ) : (
          <button
            key={id}
            type="button"
            className={classes.link}
            onClick={() => go({ at: "objects", type: props.field.to, id })}
          >
            {name}
          </button>
        );
      })}
    </span>
  );
}
