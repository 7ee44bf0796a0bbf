import { NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { Json } from "@kontor/shared/base";
import type { ReactNode } from "react";
import { useSubjectAttributes, type AttributeValues, type DeclaredAttribute } from "../services/services.api.ts";
import { useWords } from "../words/words.ts";

interface Props {
  readonly values: AttributeValues;
  /** Null: not set. */
  readonly onChange: (name: string, value: Json) => void;
  /** By `attributes.<name>`. */
  readonly errors: Readonly<Record<string, ReactNode>>;
}

/** What packs declare of people and services beyond what every installation has; nothing is shown where they declare none. */
export function AttributeFields({ values, onChange, errors }: Props) {
  const { t } = useWords();
  const declared = useSubjectAttributes();
  if (!declared.data || declared.data.length === 0) return null;
  return (
    <fieldset
      style={{
        display: "grid",
        gap: 10,
        border: 0,
        borderTop: "1px solid var(--line)",
        padding: "12px 0 0",
        margin: 0,
      }}
    >
      <legend className="quiet" style={{ padding: "0 8px 0 0" }}>
        {t("attributes.title")}
      </legend>
      {declared.data.map((attribute) => (
        <AttributeField
          key={attribute.name}
          attribute={attribute}
          value={values[attribute.name] ?? null}
          onChange={(value) => onChange(attribute.name, value)}
          error={errors[`attributes.${attribute.name}`]}
        />
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly attribute: DeclaredAttribute;
  readonly value: Json;
  readonly onChange: (value: Json) => void;
  readonly error: ReactNode;
}

function AttributeField({ attribute, value, onChange, error }: FieldProps) {
  const { t, locale } = useWords();
  const { kind, options } = attribute;
  const label = attribute.label[locale];
  const common = { label, error, placeholder: t("attributes.none") };
  const choices = options?.map((option) => ({ value: String(option.value), label: option.label[locale] }));

  if (kind === "texts")
    return (
      <TagsInput
        {...common}
        {...(choices && { data: choices })}
        value={Array.isArray(value) ? value.map(String) : []}
        onChange={(texts) => onChange(texts.length === 0 ? null : texts)}
        clearable
      />
    );
  if (choices)
    return (
      <Select
        {...common}
        data={choices}
        value={value === null ? null : String(value)}
        onChange={(chosen) => onChange(chosen === null ? null : kind === "number" ? Number(chosen) : chosen)}
        clearable
      />
    );
  if (kind === "boolean")
    return (
      <Select
        {...common}
        data={[
          { value: "true", label: t("attributes.yes") },
          { value: "false", label: t("attributes.no") },
        ]}
        value={value === null ? null : String(value)}
        onChange={(chosen) => onChange(chosen === null ? null : chosen === "true")}
        clearable
      />
    );
  if (kind === "number")
    return (
      <NumberInput
        {...common}
        value={typeof value === "number" ? value : ""}
        onChange={(given) => onChange(given === "" ? null : Number(given))}
      />
    );
  return (
    <TextInput
      {...common}
      type={kind === "date" ? "date" : "text"}
      maxLength={200}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value)}
    />
  );
}
