import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { Picker } from "../parts/Picker.tsx";
import { isMany } from "../policy/operators.ts";
import { OperandInput } from "./OperandInput.tsx";

interface Props {
  readonly from: "sub" | "obj" | "ctx";
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
  readonly onChange: (values: Readonly<Record<string, unknown>>) => void;
}

/** Attributes with their values; what is not named is as nobody's, or absent. */
export function ExampleAttributes({ from, type, values, disabled, onChange }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const offered = catalog.attributesFor(type).filter(({ name }) => name.startsWith(`${from}.`));
  const free = offered.filter(({ attribute }) => !Object.hasOwn(values, attribute.name));
  const wordsOf = (name: string) => catalog.attributeWords(`${from}.${name}`, type);
  return (
    <span className="chips">
      {Object.entries(values).map(([name, value]) => {
        const about = catalog.attributeOf(`${from}.${name}`, type);
        const kind = about?.kind ?? "text";
        return (
          <span key={name} className="mask-rule" role="group" aria-label={wordsOf(name)}>
            <span>{wordsOf(name)}</span>
            <OperandInput
              label={t("access.form.value")}
              operand={value}
              resource={type}
              about={about}
              kind={kind}
              many={isMany(kind)}
              onlyValues
              disabled={disabled}
              onChange={(next) => onChange({ ...values, [name]: next })}
            />
            {!disabled && (
              <ActionIcon
                size={20}
                aria-label={t("access.remove", { name: wordsOf(name) })}
                onClick={() => onChange(Object.fromEntries(Object.entries(values).filter(([key]) => key !== name)))}
              >
                <IconX size={13} />
              </ActionIcon>
            )}
          </span>
        );
      })}
      {!disabled && free.length > 0 && (
        <Picker
          label={t("access.examples.addAttribute")}
          shown="+"
          tone="quiet"
          options={free.map(({ name, attribute }) => ({
            value: attribute.name,
            label: wordsOf(attribute.name),
            hint: name,
          }))}
          onChoose={(name) => {
            const kind = catalog.attributeOf(`${from}.${name}`, type)?.kind ?? "text";
            onChange({ ...values, [name]: isMany(kind) ? [] : kind === "boolean" ? true : "" });
          }}
        />
      )}
    </span>
  );
}
