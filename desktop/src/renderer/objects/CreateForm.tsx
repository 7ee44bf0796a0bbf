import { Button, Text } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { newId, type FieldProblem, type Json } from "@kontor/shared/base";
import {
  checkRecord,
  isEmptyValue,
  withDefaults,
  type FieldDefinition,
  type TypeDefinition,
} from "@kontor/shared/objects";
import { go } from "../app/index.ts";
import { CommandFailed, useDirectory, useReplica } from "../replica/index.ts";
import { useDraft } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { FieldEditor, rawToValue, valueToRaw } from "./fields/index.ts";
import { created, notCreated } from "./whenCreated.ts";
import classes from "./objects.module.css";

type Raws = Readonly<Record<string, Json>>;

/** A new record from its type: what must be filled comes first. What was typed waits here until it is created or thrown away. */
export function CreateForm({ type }: { readonly type: TypeDefinition }) {
  const { t, label } = useWords();
  const [draft, setDraft] = useDraft<Raws>(`new/${type.name}`);
  if (draft === undefined) return null;
  return (
    <>
      <header className={classes.head}>
        <h1>{t("objects.newOf", { type: label(type.label) })}</h1>
      </header>
      <div className={classes.main} style={{ flex: 1 }}>
        <Form type={type} draft={draft} setDraft={setDraft} />
      </div>
    </>
  );
}

function Form(props: {
  readonly type: TypeDefinition;
  readonly draft: Raws | null;
  readonly setDraft: (raws: Raws | null) => void;
}) {
  const { t, label, locale, problem: problemWords } = useWords();
  const { call } = useReplica();
  const { me, myId } = useDirectory();
  const { draft, setDraft, type } = props;
  const [problems, setProblems] = useState<readonly FieldProblem[]>([]);
  const [failure, setFailure] = useState<string>();
  const form = useRef<HTMLFormElement>(null);

  const [openedAt] = useState(() => new Date().toISOString());
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const department = me?.departmentId ?? null;
  const defaults = withDefaults(type, {}, { userId: myId, now: openedAt, timeZone, department });
  const fields = Object.entries(type.fields)
    .filter(([, field]) => field.kind !== "autoNumber" && field.kind !== "files" && !field.readOnly)
    .toSorted(([, a], [, b]) => Number(b.required ?? false) - Number(a.required ?? false));
  const rawOf = (key: string, field: FieldDefinition): Json => draft?.[key] ?? valueToRaw(field, defaults[key], locale);

  async function create(event?: FormEvent): Promise<void> {
    event?.preventDefault();
    const values: Record<string, Json> = {};
    const wrong: FieldProblem[] = [];
    for (const [key, field] of fields) {
      const parsed = rawToValue(field, rawOf(key, field), key, locale);
      if (!parsed.ok) wrong.push(parsed.problem);
      else if (!isEmptyValue(parsed.value)) values[key] = parsed.value as Json;
      else if (defaults[key] !== undefined) values[key] = null; // emptied on purpose
    }
    const broken = new Set(wrong.map((each) => each.field));
    const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
    const found = [...wrong, ...checkRecord(type, present).filter((each) => !broken.has(each.field))];
    setProblems(found);
    if (found[0]) {
      form.current?.querySelector<HTMLElement>(`[data-field="${found[0].field}"] :is(input, textarea)`)?.focus();
      return;
    }
    const id = newId();
    try {
      await call("record.create", { id, type: type.name, fields: values as never });
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      setProblems(error.error.problems ?? []);
      setFailure(error.error.message);
      return;
    }
    setDraft(null);
    created(type.name, id);
    go({ at: "objects", type: type.name, id });
  }

  const problemText = (key: string): string | undefined => {
    const found = problems.find((each) => each.field === key);
    if (!found) return undefined;
    const check = found.reason === "field.check" && type.checks?.find((each) => each.message.en === found.message);
    return check ? label(check.message) : problemWords(found);
  };

  useEffect(() => firstControl(form.current)?.focus(), [form]);
  useEffect(() => () => notCreated(type.name), [type.name]);

  return (
    <form
      ref={form}
      className={classes.form}
      noValidate
      onSubmit={(event) => void create(event)}
      onKeyDown={(event) => {
        if ((event.ctrlKey || event.metaKey) && event.key === "Enter") void create();
      }}
    >
      <div className={classes.formFields}>
        {fields.map(([key, field]) => (
          <div
            key={key}
            className={classes.formField}
            data-field={key}
            data-wide={field.wide || field.kind === "longText" || key === type.titleField || undefined}
          >
            <label className={field.required ? classes.required : undefined}>{label(field.label)}</label>
            <FieldEditor
              field={field}
              name={label(field.label)}
              raw={rawOf(key, field)}
              error={problemText(key)}
              required={field.required ?? false}
              onRaw={(raw) => {
                setDraft({ ...draft, [key]: raw });
                setProblems((before) => before.filter((each) => each.field !== key));
              }}
            />
            {field.hint && <p className={classes.hint}>{label(field.hint)}</p>}
          </div>
        ))}
      </div>
      {failure && (
        <Text c="var(--bad)" size="sm" mt="md" role="alert">
          {failure}
        </Text>
      )}
      <div className={classes.headRow} style={{ marginTop: 20 }}>
        <Button type="submit" variant="filled">
          {t("objects.create")}
        </Button>
        <Button onClick={() => go({ at: "objects", type: type.name })}>{t("objects.later")}</Button>
        {draft && (
          <Button
            variant="subtle"
            color="red"
            onClick={() => {
              setDraft(null);
              setProblems([]);
            }}
          >
            {t("objects.throwAway")}
          </Button>
        )}
        <span className={classes.push} />
        <Text size="xs" c="dimmed">
          {t(draft ? "objects.formKept" : "objects.filesAfter")}
        </Text>
      </div>
    </form>
  );
}

const firstControl = (form: HTMLElement | null) => form?.querySelector<HTMLElement>("input, textarea");
