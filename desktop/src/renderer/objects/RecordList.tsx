import { ActionIcon, Button, CloseButton, Menu, TextInput, Tooltip } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowLeft,
  IconArrowUp,
  IconCheck,
  IconChevronDown,
  IconSearch,
  IconTrash,
} from "@tabler/icons-react";
import { useRef, useState } from "react";
import { sortColumnsOf, type TypeDefinition } from "@kontor/shared/objects";
import { go, useShortcuts } from "../app/index.ts";
import { useCount, useDirectory } from "../replica/index.ts";
import { Chip } from "../ui/index.ts";
import { useWords, type WordKey } from "../words/index.ts";
import {
  defaultSort,
  departmentsBelow,
  queryOf,
  selectorOf,
  type ListChoice,
  type Me,
  type Scope,
} from "./list.query.ts";
import { FoundRows, PagedRows } from "./rows.tsx";
import classes from "./objects.module.css";

/** What was chosen in each list, while the app runs. */
const choices = new Map<string, ListChoice>();

export interface RecordListProps {
  readonly type: TypeDefinition;
  readonly trashed: boolean;
  readonly selected: string | undefined;
  readonly open: (id: string) => void;
}

export function RecordList({ type, trashed, selected, open }: RecordListProps) {
  const { t, label } = useWords();
  const { departments, me, myId } = useDirectory();
  const place = `${type.name} ${trashed}`;
  const [choice, setChoice] = useState<ListChoice>(
    () => choices.get(place) ?? { type: type.name, trashed, scope: "all", ...defaultSort(type) },
  );
  const [searching, setSearching] = useState(false);
  const [text, setText] = useState("");
  const searchBox = useRef<HTMLInputElement>(null);
  const change = (part: Partial<ListChoice>) => {
    const next = { ...choice, ...part };
    choices.set(place, next);
    setChoice(next);
  };
  const endSearch = () => {
    setSearching(false);
    setText("");
  };
  useShortcuts({
    searchInView: () => {
      setSearching(true);
      searchBox.current?.focus();
    },
  });
  const user: Me = { id: myId, departments: departmentsBelow(me?.departmentId, departments) };
  const states = trashed ? [] : (type.states?.list ?? []);

  return (
    <>
      <div className={classes.listHead}>
        {trashed && (
          <ActionIcon
            aria-label={t("objects.backToList", { type: label(type.plural) })}
            onClick={() => go({ at: "objects", type: type.name })}
          >
            <IconArrowLeft size={16} />
          </ActionIcon>
        )}
        <h2>{trashed ? t("objects.trashOf", { type: label(type.plural) }) : label(type.plural)}</h2>
        {!trashed && <ScopeMenu scope={choice.scope} canDepartment={Boolean(me?.departmentId)} change={change} />}
        <span className={classes.push} />
        <Tooltip label={t("objects.searchHint")}>
          <ActionIcon
            aria-label={t("objects.search", { type: label(type.plural) })}
            aria-expanded={searching}
            onClick={() => (searching ? endSearch() : setSearching(true))}
          >
            <IconSearch size={16} />
          </ActionIcon>
        </Tooltip>
        <SortMenu type={type} choice={choice} change={change} trashed={trashed} />
        {!trashed && (
          <Button variant="filled" onClick={() => go({ at: "new", type: type.name })}>
            {t("objects.new")}
          </Button>
        )}
      </div>
      {searching && (
        <div className={classes.listSearch}>
          <TextInput
            ref={searchBox}
            autoFocus
            size="xs"
            aria-label={t("objects.search", { type: label(type.plural) })}
            placeholder={t("objects.search", { type: label(type.plural) })}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => event.key === "Escape" && endSearch()}
            leftSection={<IconSearch size={14} />}
            rightSection={<CloseButton size="xs" aria-label={t("objects.endSearch")} onClick={endSearch} />}
          />
        </div>
      )}
      {states.length > 0 && !text.trim() && (
        <div className={classes.filters} role="group" aria-label={t("objects.states")}>
          <Chip on={choice.state === undefined} onClick={() => change({ state: undefined })}>
            {t("objects.allStates")}
          </Chip>
          {states.map((state) => (
            <StateChip
              key={state.key}
              choice={{ ...choice, state: state.key }}
              me={user}
              name={label(state.label)}
              on={choice.state === state.key}
              onClick={() => change({ state: choice.state === state.key ? undefined : state.key })}
            />
          ))}
        </div>
      )}
      {text.trim() ? (
        <FoundRows type={type} trashed={trashed} text={text.trim()} selected={selected} open={open} />
      ) : (
        <PagedRows
          key={JSON.stringify(choice)}
          type={type}
          choice={choice}
          query={queryOf(choice, type, user)}
          selected={selected}
          open={open}
        />
      )}
    </>
  );
}

function StateChip(props: {
  readonly choice: ListChoice;
  readonly me: Me;
  readonly name: string;
  readonly on: boolean;
  readonly onClick: () => void;
}) {
  const { t, locale } = useWords();
  const count = useCount("records", selectorOf(props.choice, props.me));
  if (count === 0 && !props.on) return null;
  return (
    <Chip on={props.on} onClick={props.onClick}>
      {count === undefined
        ? props.name
        : t("objects.stateCount", { state: props.name, count: new Intl.NumberFormat(locale).format(count) })}
    </Chip>
  );
}

const scopeWords = {
  all: "objects.scope.all",
  mine: "objects.scope.mine",
  department: "objects.scope.department",
} as const satisfies Record<Scope, WordKey>;

function ScopeMenu(props: {
  readonly scope: Scope;
  readonly canDepartment: boolean;
  readonly change: (part: Partial<ListChoice>) => void;
}) {
  const { t } = useWords();
  const scopes: readonly Scope[] = props.canDepartment ? ["all", "mine", "department"] : ["all", "mine"];
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button
          type="button"
          className={classes.scope}
          aria-label={`${t("objects.scope")}: ${t(scopeWords[props.scope])}`}
        >
          {t(scopeWords[props.scope])}
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {scopes.map((scope) => (
          <Menu.Item
            key={scope}
            leftSection={<IconCheck size={14} style={{ visibility: scope === props.scope ? "visible" : "hidden" }} />}
            onClick={() => props.change({ scope })}
          >
            {t(scopeWords[scope])}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SortMenu(props: {
  readonly type: TypeDefinition;
  readonly choice: ListChoice;
  readonly trashed: boolean;
  readonly change: (part: Partial<ListChoice>) => void;
}) {
  const { t, label } = useWords();
  const { choice, change, type } = props;
  const columns = ["updatedAt", ...sortColumnsOf(type)];
  const nameOf = (column: string) => {
    const field = type.fields[column];
    return field ? label(field.label) : t(column === "state" ? "objects.state" : "objects.lastChange");
  };
  const Arrow = choice.direction === "asc" ? IconArrowUp : IconArrowDown;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Tooltip label={t("objects.sortedBy", { column: nameOf(choice.sort) })}>
          <ActionIcon aria-label={t("objects.sortedBy", { column: nameOf(choice.sort) })}>
            <Arrow size={16} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("objects.sort")}</Menu.Label>
        {columns.map((column) => (
          <Menu.Item
            key={column}
            leftSection={
              <Arrow size={14} aria-hidden style={{ visibility: column === choice.sort ? "visible" : "hidden" }} />
            }
            onClick={() =>
              change(
                column === choice.sort
                  ? { direction: choice.direction === "asc" ? "desc" : "asc" }
                  : { sort: column, direction: column === "updatedAt" ? "desc" : "asc" },
              )
            }
          >
            {nameOf(column)}
          </Menu.Item>
        ))}
        {!props.trashed && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<IconTrash size={14} />} onClick={() => go({ at: "trash", type: type.name })}>
              {t("objects.trashOf", { type: label(type.plural) })}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
