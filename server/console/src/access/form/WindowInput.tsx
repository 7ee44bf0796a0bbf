import { Chip, Group, TextInput } from "@mantine/core";
import { useWords } from "../../words/words.ts";
import { Picker } from "../parts/Picker.tsx";
import { type TimeWindow, type Weekday, weekdays, weekdayWords } from "../policy/policy.words.ts";

interface Props {
  readonly label: string;
  readonly operand: unknown;
  readonly disabled: boolean;
  readonly onChange: (operand: unknown) => void;
}

/** Hours of the day on days of the week, by the clock of a zone. */
export function WindowInput({ label, operand, disabled, onChange }: Props) {
  const { t, locale } = useWords();
  const window = operand as TimeWindow;
  const change = (part: Partial<TimeWindow>) => onChange({ ...window, ...part });
  const time = (side: "from" | "to") => (
    <TextInput
      size="xs"
      w={70}
      aria-label={t(`access.window.${side}`)}
      placeholder="09:00"
      readOnly={disabled}
      value={window[side] ?? ""}
      onChange={(event) => change({ [side]: event.currentTarget.value })}
    />
  );
  return (
    <span className="inline-inputs" role="group" aria-label={label}>
      {time("from")}–{time("to")}
      <Chip.Group multiple value={[...(window.days ?? weekdays)]} onChange={(days) => change({ days: inOrder(days) })}>
        <Group gap={2}>
          {weekdays.map((day) => (
            <Chip key={day} value={day} size="xs" disabled={disabled} icon={null}>
              {weekdayWords(day, locale)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <Picker
        label={t("access.window.zone")}
        shown={window.zone}
        disabled={disabled}
        options={Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone, label: zone }))}
        onChoose={(zone) => change({ zone })}
      />
    </span>
  );
}

const inOrder = (days: readonly string[]): readonly Weekday[] => weekdays.filter((day) => days.includes(day));
