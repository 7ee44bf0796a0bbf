import { Group, Select, TextInput } from "@mantine/core";
import type { FieldDefinition } from "@kontor/shared/objects";
import { useWords } from "../../words/index.ts";
import { whenEnter, type EditorProps } from "./FieldEditor.tsx";

export function MoneyInput(props: EditorProps<Extract<FieldDefinition, { kind: "money" }>>) {
  const { t } = useWords();
  const { field, name, onDone, onRaw } = props;
  const raw = (props.raw ?? {}) as { amount?: string; currency?: string };
  const amount = raw.amount ?? "";
  const currency = raw.currency ?? field.currencies[0] ?? "EUR";
  return (
    <Group gap={4} wrap="nowrap" align="flex-start">
      <TextInput
        aria-label={name}
        aria-required={props.required}
        value={amount}
        inputMode="decimal"
        size="xs"
        styles={{ input: { fontSize: 13 } }}
        style={{ flex: 1 }}
        error={props.error}
        autoFocus={props.autoFocus ?? false}
        onFocus={(event) => props.autoFocus && event.currentTarget.select()}
        onChange={(event) => onRaw({ amount: event.currentTarget.value, currency })}
        onKeyDown={onDone && whenEnter(() => onDone({ amount, currency }))}
      />
      <Select
        aria-label={t("objects.currencyOf", { field: name })}
        data={[...field.currencies]}
        value={currency}
        allowDeselect={false}
        size="xs"
        w={76}
        onChange={(next) => onRaw({ amount, currency: next ?? currency })}
        comboboxProps={{ transitionProps: { duration: 0 } }}
      />
    </Group>
  );
}
