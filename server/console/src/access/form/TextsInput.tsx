import { useCatalog } from "../catalog.tsx";
import { ChipList } from "../parts/ChipList.tsx";
import { Picker } from "../parts/Picker.tsx";

interface Props {
  readonly label: string;
  readonly operand: unknown;
  readonly takes: "ranges" | "patterns";
  readonly disabled: boolean;
  readonly onChange: (operand: unknown) => void;
}

/** Address ranges or patterns: one is written as a text, several as a list. */
export function TextsInput({ label, operand, takes, disabled, onChange }: Props) {
  const { say } = useCatalog();
  const items = Array.isArray(operand) ? operand.map(String) : operand === "" ? [] : [String(operand)];
  const write = (next: readonly string[]) => onChange(next.length === 1 ? next[0] : next.length === 0 ? "" : next);
  return (
    <ChipList
      label={label}
      items={items}
      words={(item) => item}
      disabled={disabled}
      onRemove={(index) => write(items.toSpliced(index, 1))}
    >
      {!disabled && (
        <Picker
          label={say(`access.${takes}.add`)}
          shown="+"
          tone={items.length === 0 ? "empty" : "quiet"}
          options={[]}
          free={(text) => ({ value: text, label: text })}
          freeHint={say(`access.${takes}.hint`)}
          onChoose={(text) => write([...items.filter((item) => item !== text), text])}
        />
      )}
    </ChipList>
  );
}
