import { ActionIcon, Popover, TextInput } from "@mantine/core";
import { DatePicker } from "@mantine/dates";
import { IconCalendar } from "@tabler/icons-react";
import { useState } from "react";
import type { FieldDefinition } from "@kontor/shared/objects";
import { useWords } from "../../words/index.ts";
import { whenEnter, type EditorProps } from "./FieldEditor.tsx";
import { formatDay, parseDayText, parseMomentText } from "./rawValue.ts";

/** A date is typed as people write it, or picked; typing is never "corrected" away. */
export function DayInput(props: EditorProps<Extract<FieldDefinition, { kind: "date" | "dateTime" }>>) {
  const { t, locale } = useWords();
  const { field, name, onDone, onRaw } = props;
  const [opened, setOpened] = useState(false);
  const text = String(props.raw ?? "");
  const moment = field.kind === "dateTime" ? parseMomentText(text, locale) : undefined;
  const day = field.kind === "dateTime" ? moment && localDay(moment) : parseDayText(text, locale);

  function pick(next: string | null): void {
    if (!next) return;
    const time = /(\d{1,2}[:.]\d{2})$/.exec(text)?.[1] ?? "09:00";
    const raw = field.kind === "dateTime" ? `${formatDay(next, locale)} ${time}` : formatDay(next, locale);
    setOpened(false);
    onRaw(raw);
    if (field.kind === "date") onDone?.(raw);
  }

  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus transitionProps={{ duration: 0 }}>
      <TextInput
        aria-label={name}
        aria-required={props.required}
        value={text}
        size="xs"
        styles={{ input: { fontSize: 13 } }}
        error={props.error}
        autoFocus={props.autoFocus ?? false}
        placeholder={field.kind === "date" ? t("objects.dayFormat") : t("objects.momentFormat")}
        onFocus={(event) => props.autoFocus && event.currentTarget.select()}
        onChange={(event) => onRaw(event.currentTarget.value)}
        onKeyDown={onDone && whenEnter(() => onDone(text))}
        rightSection={
          <Popover.Target>
            <ActionIcon
              aria-label={t("objects.calendarOf", { field: name })}
              size={22}
              onClick={() => setOpened((before) => !before)}
            >
              <IconCalendar size={15} stroke={1.6} />
            </ActionIcon>
          </Popover.Target>
        }
      />
      <Popover.Dropdown data-belongs-to-field>
        <DatePicker
          size="xs"
          value={day ?? null}
          {...(day ? { defaultDate: day } : {})}
          {...(field.kind === "date" && field.min ? { minDate: field.min } : {})}
          {...(field.kind === "date" && field.max ? { maxDate: field.max } : {})}
          onChange={pick}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

const localDay = (iso: string) => {
  const time = new Date(iso);
  return `${time.getFullYear()}-${String(time.getMonth() + 1).padStart(2, "0")}-${String(time.getDate()).padStart(2, "0")}`;
};
