import { MultiSelect, Select, Switch, Textarea, TextInput } from "@mantine/core";
import type { FocusEvent, KeyboardEvent, ReactNode } from "react";
import type { Json } from "@kontor/shared/base";
import type { FieldDefinition } from "@kontor/shared/objects";
import { byName, useDirectory } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { DayInput } from "./DayInput.tsx";
import { MoneyInput } from "./MoneyInput.tsx";
import { RelationSelect } from "./RelationSelect.tsx";

export interface EditorProps<Field extends FieldDefinition = FieldDefinition> {
  readonly field: Field;
  readonly name: string;
  readonly raw: Json;
  readonly error?: string | undefined;
  readonly autoFocus?: boolean;
  readonly required?: boolean;
  /** What stands in the control now; a draft keeps it. */
  readonly onRaw: (raw: Json) => void;
  /** Enter, or a choice made: done with this field. Without it the form around saves. */
  readonly onDone?: (raw: Json) => void;
}

/** The control for one field of any kind. */
export function FieldEditor(props: EditorProps): ReactNode {
  const { field } = props;
  switch (field.kind) {
    case "text":
    case "number":
      return <LineInput {...props} />;
    case "longText":
      return <LongTextInput {...props} />;
    case "money":
      return <MoneyInput {...props} field={field} />;
    case "date":
    case "dateTime":
      return <DayInput {...props} field={field} />;
    case "boolean":
      return (
        <Switch
          size="sm"
          aria-label={props.name}
          checked={props.raw === true}
          onChange={(event) => {
            props.onRaw(event.currentTarget.checked);
            props.onDone?.(event.currentTarget.checked);
          }}
        />
      );
    case "choice":
    case "choices":
      return <ChoiceSelect {...props} field={field} />;
    case "person":
      return <PersonSelect {...props} />;
    case "department":
      return <DepartmentSelect {...props} />;
    case "relation":
      return <RelationSelect {...props} field={field} />;
    case "files":
    case "autoNumber":
      return null;
  }
}

const shared = (props: EditorProps) => ({
  "aria-label": props.name,
  "aria-required": props.required,
  error: props.error,
  autoFocus: props.autoFocus ?? false,
  size: "xs" as const,
  styles: { input: { fontSize: 13 } },
});

function LineInput(props: EditorProps) {
  const { field, raw, onDone, onRaw } = props;
  return (
    <TextInput
      {...shared(props)}
      value={String(raw ?? "")}
      inputMode={field.kind === "number" ? "decimal" : "text"}
      {...(field.kind === "text" && field.maxLength ? { maxLength: field.maxLength } : {})}
      onChange={(event) => onRaw(event.currentTarget.value)}
      onKeyDown={onDone && whenEnter(() => onDone(raw))}
      onFocus={(event) => props.autoFocus && event.currentTarget.select()}
    />
  );
}

/** Enter makes a line; Ctrl+Enter is done, and so is leaving the field. */
function LongTextInput(props: EditorProps) {
  const { raw, onDone, onRaw } = props;
  return (
    <Textarea
      {...shared(props)}
      autosize
      minRows={3}
      maxRows={16}
      value={String(raw ?? "")}
      onChange={(event) => onRaw(event.currentTarget.value)}
      onKeyDown={onDone && ((event) => (event.ctrlKey || event.metaKey) && whenEnter(() => onDone(raw))(event))}
    />
  );
}

function ChoiceSelect(props: EditorProps<Extract<FieldDefinition, { kind: "choice" | "choices" }>>) {
  const { label, t } = useWords();
  const { field, raw, onDone, onRaw } = props;
  const data = field.options.map((option) => ({ value: option.key, label: label(option.label) }));
  if (field.kind === "choices") {
    return (
      <MultiSelect
        {...shared(props)}
        data={data}
        value={Array.isArray(raw) ? (raw as string[]) : []}
        onChange={onRaw}
        searchable
        clearable
        {...(field.max === undefined ? {} : { maxValues: field.max })}
        nothingFoundMessage={t("objects.nothingFound")}
        defaultDropdownOpened={props.autoFocus ?? false}
      />
    );
  }
  return (
    <Select
      {...shared(props)}
      data={data}
      value={typeof raw === "string" ? raw : null}
      onChange={(value) => {
        onRaw(value);
        onDone?.(value);
      }}
      searchable={data.length > 7}
      onFocus={selectAll}
      clearable={!props.required}
      defaultDropdownOpened={props.autoFocus ?? false}
      nothingFoundMessage={t("objects.nothingFound")}
      comboboxProps={{ transitionProps: { duration: 0 } }}
    />
  );
}

/** Typing looks for another name; without this it would go on at the end of the present one. */
export const selectAll = (event: FocusEvent<HTMLInputElement>) => event.currentTarget.select();

const MANY = 40; // shown at once; the rest is found by typing

function PersonSelect(props: EditorProps) {
  const { people, departmentName } = useDirectory();
  const { t } = useWords();
  const data = people
    .filter((person) => person.active || person.id === props.raw)
    .map((person) => ({ value: person.id, label: person.name, department: departmentName(person.departmentId) }));
  return (
    <Select
      {...shared(props)}
      data={data}
      value={typeof props.raw === "string" ? props.raw : null}
      onChange={(value) => {
        props.onRaw(value);
        props.onDone?.(value);
      }}
      renderOption={({ option }) => (
        <span>
          {option.label}
          <span style={{ color: "var(--ink-3)", marginLeft: 8 }}>
            {(option as { department?: string }).department ?? ""}
          </span>
        </span>
      )}
      searchable
      onFocus={selectAll}
      clearable={!props.required}
      limit={MANY}
      defaultDropdownOpened={props.autoFocus ?? false}
      nothingFoundMessage={t("objects.nothingFound")}
      comboboxProps={{ transitionProps: { duration: 0 } }}
    />
  );
}

function DepartmentSelect(props: EditorProps) {
  const { departments } = useDirectory();
  const { label, t } = useWords();
  const data = [...departments].sort(byName).map((each) => ({ value: each.id, label: label(each.name) }));
  return (
    <Select
      {...shared(props)}
      data={data}
      value={typeof props.raw === "string" ? props.raw : null}
      onChange={(value) => {
        props.onRaw(value);
        props.onDone?.(value);
      }}
      searchable
      onFocus={selectAll}
      clearable={!props.required}
      limit={MANY}
      defaultDropdownOpened={props.autoFocus ?? false}
      nothingFoundMessage={t("objects.nothingFound")}
      comboboxProps={{ transitionProps: { duration: 0 } }}
    />
  );
}

export const whenEnter = (done: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  done();
};
