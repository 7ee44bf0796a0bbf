import { Combobox, ScrollArea, useCombobox } from "@mantine/core";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { useWords } from "../../words/words.ts";

export interface PickerOption {
  readonly value: string;
  readonly label: string;
  /** The name in policies, beside the words. */
  readonly hint?: string;
  readonly group?: string;
}

interface Props {
  /** For screen readers: what is chosen here. */
  readonly label: string;
  /** What is chosen now, in words. */
  readonly shown: ReactNode;
  readonly options: readonly PickerOption[];
  readonly onChoose: (value: string) => void;
  /** Where more can be typed than is offered: what the text would mean, or undefined while it means nothing. */
  readonly free?: (text: string) => PickerOption | undefined;
  readonly freeHint?: string;
  /** Asked while typing, for lists that the server searches. */
  readonly onSearch?: (text: string) => void;
  readonly disabled?: boolean;
  readonly tone?: "plain" | "quiet" | "empty";
  readonly invalid?: boolean;
}

const MOST_SHOWN = 100;

/** A chip that opens a list with search: how everything in a policy is chosen, with keys or mouse. */
export function Picker(props: Props) {
  const { label, shown, options, onChoose, free, freeHint, onSearch, disabled, tone = "plain", invalid } = props;
  const { t } = useWords();
  const [search, setSearch] = useState("");
  const combobox = useCombobox({
    onDropdownOpen: () => combobox.focusSearchInput(),
    onDropdownClose() {
      combobox.resetSelectedOption();
      combobox.focusTarget();
      setSearch("");
    },
  });
  const fitting = useMemo(() => matching(options, search), [options, search]);
  const typed = search.trim() === "" ? undefined : free?.(search.trim());
  const offered = typed && !fitting.some((option) => means(option, typed)) ? [...fitting, typed] : fitting;
  const { selectFirstOption } = combobox;

  // also when the server's answer brings others: Enter takes what stands on top
  useEffect(() => {
    if (search !== "" && offered.length > 0) selectFirstOption();
  }, [search, offered.length, selectFirstOption]);

  function choose(value: string) {
    onChoose(value);
    combobox.closeDropdown();
  }

  return (
    <Combobox store={combobox} onOptionSubmit={choose} width={300} position="bottom-start" withinPortal shadow="md">
      <Combobox.Target targetType="button" withAriaAttributes>
        <button
          type="button"
          className="chip"
          data-tone={tone}
          data-invalid={invalid || undefined}
          disabled={disabled}
          aria-label={typeof shown === "string" && shown !== "" && shown !== "+" ? `${label}: ${shown}` : label}
          onClick={() => combobox.toggleDropdown()}
        >
          {shown === "" ? label : shown}
        </button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          value={search}
          aria-label={label}
          placeholder={freeHint ?? t("access.picker.search")}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            onSearch?.(event.currentTarget.value);
          }}
        />
        <Combobox.Options aria-label={label}>
          <ScrollArea.Autosize mah={280} type="auto">
            {grouped(offered.slice(0, MOST_SHOWN)).map(([group, members]) => (
              <OptionGroup key={group} group={group} options={members} />
            ))}
            {offered.length > MOST_SHOWN && (
              <Combobox.Empty>{t("access.picker.more", { count: offered.length - MOST_SHOWN })}</Combobox.Empty>
            )}
            {offered.length === 0 && <Combobox.Empty>{freeHint ?? t("access.picker.nothing")}</Combobox.Empty>}
          </ScrollArea.Autosize>
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

function OptionGroup({ group, options }: { group: string; options: readonly PickerOption[] }) {
  const rows = options.map((option) => (
    <Combobox.Option key={option.value} value={option.value} className="picker-option">
      <span>{option.label}</span>
      {option.hint !== undefined && option.hint !== option.label && <code>{option.hint}</code>}
    </Combobox.Option>
  ));
  return group === "" ? <>{rows}</> : <Combobox.Group label={group}>{rows}</Combobox.Group>;
}

/** What is offered by its name is not offered again as typed. */
const means = (option: PickerOption, typed: PickerOption): boolean =>
  option.value === typed.value || option.label.toLocaleLowerCase() === typed.label.toLocaleLowerCase();

function matching(options: readonly PickerOption[], search: string): readonly PickerOption[] {
  const wanted = search.trim().toLocaleLowerCase();
  if (wanted === "") return options;
  return options.filter(({ label, hint }) => `${label} ${hint ?? ""}`.toLocaleLowerCase().includes(wanted));
}

const grouped = (options: readonly PickerOption[]): readonly (readonly [string, readonly PickerOption[]])[] => [
  ...Map.groupBy(options, ({ group = "" }) => group),
];
