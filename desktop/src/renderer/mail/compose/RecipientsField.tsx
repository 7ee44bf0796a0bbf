import { Combobox, Pill, PillsInput, Tooltip, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconUsersGroup } from "@tabler/icons-react";
import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from "react";
import type { MailSuggestion } from "#contract";
import { formatAddress, parseAddresses, type MailAddress } from "@kontor/shared/mail";
import { useDirectory, useReplica, useWatched } from "../../replica/index.ts";
import { Avatar } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { suggestionsFor, withAdded, type Suggestion } from "./recipients.ts";
import classes from "./compose.module.css";

const TYPING_MS = 80;
const NOBODY: readonly never[] = [];

/**
 * To, Cc or Bcc: people as chips, who is outside marked. Everything by keys: Enter, comma, semicolon or leaving the field take
 * what was typed, the arrows walk over the chips, Backspace and Delete remove, Enter on a chip brings it back to be mended.
 */
export function RecipientsField(props: {
  readonly label: string;
  readonly value: readonly MailAddress[];
  readonly onChange: (value: readonly MailAddress[]) => void;
  readonly isInternal: (address: string) => boolean;
  /** What stands in the field and is no address (yet). */
  readonly onLeftover: (text: string) => void;
  /** What people outside get instead of a card, when there is one. */
  readonly outsiderNote?: string | undefined;
  readonly autoFocus?: boolean;
  readonly children?: ReactNode;
}) {
  const { isInternal, label, onChange, value } = props;
  const { t } = useWords();
  const combobox = useCombobox();
  const input = useRef<HTMLInputElement>(null);
  const chips = useRef<HTMLDivElement>(null);
  const [typed, setTypedState] = useState("");
  const setTyped = (text: string) => {
    setTypedState(text);
    props.onLeftover(text);
  };
  const suggestions = useSuggestions(typed, value);
  const isAddress = parseAddresses(typed).found.length > 0;
  const offered = suggestions.map(({ key }) => key).join(" ");
  const latest = useRef(combobox);
  useEffect(() => {
    latest.current = combobox;
  });
  // The first one is taken by Enter or Tab, unless what was typed is an address already.
  useEffect(() => {
    if (offered === "" || isAddress) latest.current.resetSelectedOption();
    else latest.current.selectFirstOption();
  }, [offered, isAddress]);
  const isWrong = typed.trim() !== "" && !combobox.dropdownOpened && !isAddress;

  function add(people: readonly MailAddress[], rest = ""): void {
    if (people.length > 0) onChange(withAdded(value, people));
    setTyped(rest);
    combobox.closeDropdown();
  }

  /** What is no address stays in the field: nothing that was typed is lost. */
  function takeTyped(): void {
    const { found, rest } = parseAddresses(typed);
    if (found.length > 0) add(found, rest);
  }

  function remove(index: number): void {
    onChange(value.filter((_, at) => at !== index));
    input.current?.focus();
  }

  function focusChip(index: number): void {
    const all = [...(chips.current?.querySelectorAll<HTMLElement>("[data-chip]") ?? [])];
    if (index >= all.length) input.current?.focus();
    else all[Math.max(0, index)]?.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    const { currentTarget, key } = event;
    const atStart = currentTarget.selectionStart === 0 && currentTarget.selectionEnd === 0;
    if (key === "Enter" && !event.ctrlKey && !event.metaKey) {
      // The list takes it when one of its lines is chosen.
      if (combobox.dropdownOpened && combobox.getSelectedOptionIndex() >= 0) return;
      event.preventDefault();
      takeTyped();
    } else if (key === "Tab" && !event.shiftKey && combobox.dropdownOpened && combobox.getSelectedOptionIndex() >= 0) {
      event.preventDefault();
      combobox.clickSelectedOption();
    } else if (key === "," || key === ";") {
      if (!isAddress) return;
      event.preventDefault();
      takeTyped();
    } else if ((key === "Backspace" || key === "ArrowLeft") && atStart && value.length > 0) {
      event.preventDefault();
      focusChip(value.length - 1);
    } else if (key === "Escape" && combobox.dropdownOpened) {
      event.stopPropagation();
      combobox.closeDropdown();
    }
  }

  function onChipKey(event: KeyboardEvent, index: number): void {
    const chip = value[index];
    if (!chip) return;
    if (event.key === "ArrowLeft") focusChip(index - 1);
    else if (event.key === "ArrowRight") focusChip(index + 1);
    else if (event.key === "Backspace" || event.key === "Delete") remove(index);
    else if (event.key === "Enter" || event.key === "F2") {
      remove(index);
      setTyped(formatAddress(chip));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onPaste(event: ClipboardEvent): void {
    const { found, rest } = parseAddresses(event.clipboardData.getData("text"));
    if (found.length === 0) return;
    event.preventDefault();
    add(found, typed.trim() === "" ? rest : typed);
  }

  return (
    <div className={classes.line}>
      <span className={classes.lineLabel} aria-hidden>
        {label}
      </span>
      <Combobox
        store={combobox}
        withinPortal
        position="bottom-start"
        width={380}
        onOptionSubmit={(key) => {
          const chosen = suggestions.find((each) => each.key === key);
          if (chosen) add(chosen.people);
          input.current?.focus();
        }}
      >
        <Combobox.DropdownTarget>
          <PillsInput
            variant="unstyled"
            size="xs"
            className={classes.recipients ?? ""}
            error={isWrong}
            onClick={() => input.current?.focus()}
          >
            <Pill.Group ref={chips} gap={5}>
              {value.map((person, index) => (
                <Chip
                  key={person.address}
                  person={person}
                  outside={!isInternal(person.address)}
                  note={props.outsiderNote}
                  onRemove={() => remove(index)}
                  onKeyDown={(event) => onChipKey(event, index)}
                />
              ))}
              <Combobox.EventsTarget>
                <PillsInput.Field
                  ref={input}
                  aria-label={label}
                  aria-invalid={isWrong}
                  autoFocus={props.autoFocus ?? false}
                  value={typed}
                  spellCheck={false}
                  autoComplete="off"
                  className={classes.recipientInput ?? ""}
                  onChange={(event) => {
                    setTyped(event.currentTarget.value);
                    combobox.openDropdown();
                  }}
                  onFocus={() => typed && combobox.openDropdown()}
                  onBlur={() => {
                    combobox.closeDropdown();
                    takeTyped();
                  }}
                  onKeyDown={onKeyDown}
                  onPaste={onPaste}
                />
              </Combobox.EventsTarget>
            </Pill.Group>
          </PillsInput>
        </Combobox.DropdownTarget>
        <Combobox.Dropdown hidden={suggestions.length === 0}>
          <Combobox.Options aria-label={t("compose.suggestions")}>
            {suggestions.map((each) => (
              <Combobox.Option key={each.key} value={each.key} className={classes.option ?? ""}>
                <SuggestionLine suggestion={each} outside={each.people.some(({ address }) => !isInternal(address))} />
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {props.children}
    </div>
  );
}

function Chip(props: {
  readonly person: MailAddress;
  readonly outside: boolean;
  readonly note: string | undefined;
  readonly onRemove: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { t } = useWords();
  const { address, name } = props.person;
  const shown = name ?? address;
  const outside = props.outside ? t("compose.outside") : t("compose.inside");
  return (
    <Tooltip label={`${address} · ${outside}`}>
      <Pill
        size="sm"
        className={classes.chip ?? ""}
        data-chip
        data-outside={props.outside || undefined}
        tabIndex={-1}
        role="group"
        aria-label={t("compose.recipient", {
          name: name === undefined ? address : `${name}, ${address}`,
          place: outside,
        })}
        withRemoveButton
        removeButtonProps={{ "aria-label": t("compose.recipient.remove", { name: shown }), tabIndex: -1 }}
        onRemove={props.onRemove}
        onKeyDown={props.onKeyDown}
      >
        {shown}
        {props.outside && props.note && `, ${props.note}`}
      </Pill>
    </Tooltip>
  );
}

function SuggestionLine({ outside, suggestion }: { readonly suggestion: Suggestion; readonly outside: boolean }) {
  const { t } = useWords();
  const { detail, name, people, personId } = suggestion;
  return (
    <span className={classes.suggestion}>
      {people.length > 1 ? (
        <IconUsersGroup size={22} stroke={1.5} aria-hidden />
      ) : (
        <Avatar id={personId ?? suggestion.key} name={name} size={22} />
      )}
      <span className={classes.suggestionName}>
        {name}
        <small>{people.length > 1 ? t("compose.group", { count: people.length }) : detail}</small>
      </span>
      {outside && <small className={classes.outsideMark}>{t("compose.outside")}</small>}
    </span>
  );
}

function useSuggestions(typed: string, chosen: readonly MailAddress[]): readonly Suggestion[] {
  const { call } = useReplica();
  const { people } = useDirectory();
  const text = typed.trim();
  const contacts = useWatched("mail.contacts", text === "" ? undefined : {});
  const [asked] = useDebouncedValue(text, TYPING_MS);
  const [written, setWritten] = useState<{ readonly text: string; readonly found: readonly MailSuggestion[] }>();
  useEffect(() => {
    if (asked === "") return;
    let gone = false;
    call("mail.suggest", { text: asked }).then(
      (found) => !gone && setWritten({ text: asked, found }),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [call, asked]);
  return suggestionsFor(
    text,
    { people, contacts: contacts ?? NOBODY, written: written?.text === asked ? written.found : NOBODY },
    chosen,
  );
}
