import { TextInput, type TextInputProps } from "@mantine/core";
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import classes from "./ui.module.css";

/**
 * A field to search with, and below it what is found: arrows mark, Enter takes what is marked, a click anything. As a
 * combobox whose list is always there (ARIA Authoring Practices, "Editable combobox with list autocomplete").
 */
export function PickList<Item extends { readonly id: string }>(props: {
  /** How the field looks: its label or its placeholder, an icon. */
  readonly field: Omit<TextInputProps, "value" | "onChange" | "onKeyDown">;
  /** Names the list. */
  readonly label: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly items: readonly Item[];
  readonly children: (item: Item) => ReactNode;
  readonly pick: (item: Item) => void;
  /** What stands among the others so that one sees where they are, and is not to be had. */
  readonly isClosed?: (item: Item) => boolean;
  /** Enter takes what is typed as it is, until something below is marked. */
  readonly isFree?: boolean;
  /** Said below the field when nothing is found. */
  readonly none?: string | undefined;
}) {
  const { field, items, label, onText, pick, text } = props;
  const listId = useId();
  const [chosen, setChosen] = useState<string>();
  const isClosed = (item: Item) => props.isClosed?.(item) === true;
  const open = items.filter((item) => !isClosed(item));
  const first = props.isFree === true ? undefined : open[0];
  const marked = open.find(({ id }) => id === chosen) ?? first;
  // By its place: an item's own id may have spaces in it, and an element's may not.
  const idOf = (item: Item) => `${listId}-${items.indexOf(item)}`;

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && marked) {
      event.preventDefault();
      return pick(marked);
    }
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by === 0 || open.length === 0) return;
    event.preventDefault();
    const at = marked ? open.indexOf(marked) + by : by === 1 ? 0 : -1;
    const next = open.at(at % open.length);
    if (!next) return;
    setChosen(next.id);
    document.getElementById(idOf(next))?.scrollIntoView({ block: "nearest" });
  }

  return (
    <>
      <TextInput
        data-autofocus
        {...field}
        role="combobox"
        aria-expanded={items.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={marked && idOf(marked)}
        autoComplete="off"
        value={text}
        onChange={(event) => {
          setChosen(undefined);
          onText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label={label} className={classes.pickList}>
        {items.map((item) => (
          // The keys are the field's, which keeps the focus.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={item.id}
            id={idOf(item)}
            role="option"
            aria-selected={item === marked}
            aria-disabled={isClosed(item) || undefined}
            className={classes.pick}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => {
              if (!isClosed(item)) pick(item);
            }}
          >
            {props.children(item)}
          </div>
        ))}
      </div>
      {items.length === 0 && props.none !== undefined && <p className={classes.nonePicked}>{props.none}</p>}
    </>
  );
}
