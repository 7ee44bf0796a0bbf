import { useState } from "react";
import { useWords } from "../../words/words.ts";
import type { AttributeKind, VocabularyAttribute } from "../access.api.ts";
import { useCatalog, useSearchedNames } from "../catalog.tsx";
import { ChipList } from "../parts/ChipList.tsx";
import { Picker, type PickerOption } from "../parts/Picker.tsx";
import type { Catalog } from "../policy/catalog.ts";
import { attributePattern, isMany, literalText } from "../policy/operators.ts";
import { literalFrom } from "../policy/literal.ts";
import { operandInWords } from "../policy/policy.words.ts";

interface Props {
  readonly label: string;
  readonly operand: unknown;
  readonly onChange: (operand: unknown) => void;
  readonly resource: string;
  /** Whose values these are. */
  readonly about: VocabularyAttribute | undefined;
  readonly kind: AttributeKind;
  readonly many: boolean;
  /** In examples only values stand, and a text is what it is. */
  readonly onlyValues?: boolean;
  readonly disabled?: boolean;
}

/** One side of a comparison: an attribute, a value, or a list of values. */
export function OperandInput(props: Props) {
  const { operand, many } = props;
  return many && Array.isArray(operand) ? <ListInput {...props} items={operand} /> : <ValueInput {...props} />;
}

function ValueInput({ label, operand, onChange, resource, about, kind, many, onlyValues, disabled }: Props) {
  const catalog = useCatalog();
  const { options, onSearch } = useValueOptions(about, kind);
  const attributes = onlyValues ? [] : attributeOptions(catalog, resource, kind, many);
  const shown = operand === "" ? "" : operandInWords(operand, resource, catalog, about);
  const { t } = useWords();
  return (
    <Picker
      label={label}
      shown={shown}
      tone={operand === "" ? "empty" : "plain"}
      invalid={operand === ""}
      disabled={disabled ?? false}
      options={[...(many ? [] : options), ...attributes]}
      onSearch={onSearch}
      free={(text) => (many ? undefined : freeOption(text, kind, catalog, about))}
      freeHint={t(`access.literal.${kind}`)}
      onChoose={(chosen) => onChange(operandOf(chosen, kind, onlyValues ?? false))}
    />
  );
}

function ListInput({
  items,
  label,
  onChange,
  resource,
  about,
  kind,
  many,
  onlyValues,
  disabled,
}: Props & { items: readonly unknown[] }) {
  const catalog = useCatalog();
  const { t } = useWords();
  const { options, onSearch } = useValueOptions(about, kind);
  const one = kind === "ids" ? "id" : kind === "texts" ? "text" : kind;
  const attributes = items.length > 0 || onlyValues ? [] : attributeOptions(catalog, resource, kind, many);
  return (
    <ChipList
      label={label}
      items={items.map((item) => JSON.stringify(item))}
      words={(item) => catalog.valueWords(JSON.parse(item), about)}
      disabled={disabled ?? false}
      onRemove={(index) => onChange(items.toSpliced(index, 1))}
    >
      {!disabled && (
        <Picker
          label={t("access.value.add")}
          shown="+"
          tone={items.length === 0 ? "empty" : "quiet"}
          options={[...options, ...attributes]}
          onSearch={onSearch}
          free={(text) => freeOption(text, one, catalog, about)}
          freeHint={t(`access.literal.${one}`)}
          onChoose={(chosen) => {
            const operand = operandOf(chosen, one, true);
            if (!items.includes(operand)) onChange(isAttribute(chosen) ? chosen : [...items, operand]);
          }}
        />
      )}
    </ChipList>
  );
}

/** Options carry literals as JSON, so that a text "5" and the number 5 differ, and attributes as they are. */
const parsed = (chosen: string): unknown => (isAttribute(chosen) ? chosen : (JSON.parse(chosen) as unknown));
const isAttribute = (chosen: string): boolean => attributePattern.test(chosen);

function operandOf(chosen: string, kind: AttributeKind, onlyValues: boolean): unknown {
  const value = parsed(chosen);
  const isText = (kind === "text" || kind === "id") && typeof value === "string";
  return isText && !onlyValues && !isAttribute(chosen) ? literalText(value) : value;
}

function freeOption(
  text: string,
  kind: AttributeKind,
  catalog: Catalog,
  about: VocabularyAttribute | undefined,
): PickerOption | undefined {
  const value = literalFrom(text, kind);
  if (value === undefined) return undefined;
  return {
    value: JSON.stringify(value),
    label: catalog.valueWords(value, about),
    group: catalog.say("access.picker.typed"),
  };
}

function attributeOptions(
  catalog: Catalog,
  resource: string,
  kind: AttributeKind,
  many: boolean,
): readonly PickerOption[] {
  return catalog
    .attributesFor(resource)
    .filter(({ attribute }) => isMany(attribute.kind) === many && familyOf(attribute.kind) === familyOf(kind))
    .map(({ name }) => ({
      value: name,
      label: catalog.attributeWords(name, resource),
      hint: name,
      group: catalog.say("access.picker.attributes"),
    }));
}

const familyOf = (kind: AttributeKind): string => (["id", "ids", "texts"].includes(kind) ? "text" : kind);

/** States and options at hand; people searched on the server; yes and no. */
function useValueOptions(about: VocabularyAttribute | undefined, kind: AttributeKind) {
  const catalog = useCatalog();
  const [search, onSearch] = useState("");
  const people = useSearchedNames(about?.of === "person" ? "person" : undefined, search);
  const group = catalog.say("access.picker.values");
  const option = (value: unknown, label: string, hint?: string): PickerOption => ({
    value: JSON.stringify(value),
    label,
    group,
    ...(hint !== undefined && { hint }),
  });
  const isWord = kind === "text" || kind === "texts";
  const options =
    kind === "boolean"
      ? [option(true, catalog.valueWords(true)), option(false, catalog.valueWords(false))]
      : about?.of === "person"
        ? people.map(({ value, label }) => option(value, label))
        : about?.of
          ? catalog
              .namesOf(about.of)
              .map(({ value, label }) => option(value, label, about.of === "department" ? undefined : value))
          : (about?.options ?? []).map(({ value }) =>
              option(value, catalog.valueWords(value, about), isWord ? value : undefined),
            );
  return { options, onSearch };
}
