import { TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconSearch } from "@tabler/icons-react";
import { Fragment, useDeferredValue, useRef, useState } from "react";
import { textKey } from "@kontor/shared/objects";
import type { DepartmentDoc, PersonDoc } from "@kontor/shared/people";
import { go, useShortcuts } from "../app/index.ts";
import { byName, useDirectory } from "../replica/index.ts";
import { Avatar, Empty, RowList, StateBadge, useRowList } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import classes from "./people.module.css";

/** The directory: departments as a tree, people in the chosen one and below it, and what may be seen of each. */
export function PeopleView({ id }: { readonly id?: string | undefined }) {
  const { t, label } = useWords();
  const { departments, people, positions, departmentName } = useDirectory();
  const [department, setDepartment] = useState<string>();
  const [text, setText] = useState("");
  const needle = textKey(useDeferredValue(text));
  const box = useRef<HTMLInputElement>(null);
  useShortcuts({ searchInView: () => box.current?.focus() });

  const below = department === undefined ? undefined : subtreeOf(department, departments);
  const found = people.filter(
    (person) =>
      (!below || (person.departmentId !== undefined && below.has(person.departmentId))) &&
      (needle === "" ||
        [person.name, person.email, person.phone, person.login, departmentName(person.departmentId)].some(
          (part) => part !== undefined && textKey(part).includes(needle),
        )),
  );
  const positionOf = (person: PersonDoc) => {
    const position = person.positionId === undefined ? undefined : positions.get(person.positionId);
    return position && label(position.name);
  };
  const chosen = people.find((person) => person.id === id);
  return (
    <>
      <nav className={classes.tree} aria-label={t("people.departments")} data-region="departments">
        <h2>{t("people.departments")}</h2>
        <button
          type="button"
          className={classes.node}
          aria-current={department === undefined || undefined}
          onClick={() => setDepartment(undefined)}
        >
          {t("people.everybody")}
        </button>
        <Branch parent={undefined} all={departments} chosen={department} choose={setDepartment} />
      </nav>
      <div className={classes.list} data-region="list">
        <div className={classes.search}>
          <TextInput
            ref={box}
            size="xs"
            aria-label={t("people.search")}
            placeholder={t("people.search")}
            leftSection={<IconSearch size={14} />}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        {found.length === 0 ? (
          <Empty title={t("people.none")} />
        ) : (
          <People people={found} selected={id} positionOf={positionOf} />
        )}
      </div>
      <section className={classes.card} data-region="person" aria-label={chosen?.name}>
        {chosen ? (
          <Person person={chosen} position={positionOf(chosen)} />
        ) : (
          <Empty title={t(id ? "people.unknown" : "people.choose")} />
        )}
      </section>
    </>
  );
}

function Branch(props: {
  readonly parent: string | undefined;
  readonly all: readonly DepartmentDoc[];
  readonly chosen: string | undefined;
  readonly choose: (id: string) => void;
}) {
  const { label } = useWords();
  const known = new Set(props.all.map(({ id }) => id));
  const children = props.all
    // A department whose parent is not visible stands at the top instead of vanishing.
    .filter(({ parentId }) => (parentId !== undefined && known.has(parentId) ? parentId : undefined) === props.parent)
    .toSorted(byName);
  if (children.length === 0) return null;
  return (
    <ul>
      {children.map((each) => (
        <li key={each.id}>
          <button
            type="button"
            className={classes.node}
            aria-current={each.id === props.chosen || undefined}
            onClick={() => props.choose(each.id)}
          >
            {label(each.name)}
          </button>
          <Branch {...props} parent={each.id} />
        </li>
      ))}
    </ul>
  );
}

function People({
  people,
  selected,
  positionOf,
}: {
  readonly people: readonly PersonDoc[];
  readonly selected: string | undefined;
  readonly positionOf: (person: PersonDoc) => string | undefined;
}) {
  const { t } = useWords();
  const { departmentName } = useDirectory();
  const byId = new Map<string, PersonDoc>(people.map((person) => [person.id, person]));
  const list = useRowList({ ids: [...byId.keys()], selected, open: (id) => go({ at: "people", id }) });
  useShortcuts({ nextRow: () => list.step(1), previousRow: () => list.step(-1) });
  return (
    <RowList list={list} name="person" label={t("app.place.people")}>
      {(id) => {
        const person = byId.get(id);
        return (
          person && (
            <>
              <Avatar id={id} name={person.name} size={30} />
              <div>
                <b>{person.name}</b>
                <small>{[positionOf(person), departmentName(person.departmentId)].filter(Boolean).join(" · ")}</small>
              </div>
            </>
          )
        );
      }}
    </RowList>
  );
}

function Person({ person, position }: { readonly person: PersonDoc; readonly position: string | undefined }) {
  const { t } = useWords();
  const { departmentName, personName } = useDirectory();
  const copy = (text: string) =>
    void window.kontor.copyText(text).then(() => notifications.show({ message: t("people.copied") }));
  // A field that may not be read is not in the row, so it is not here either.
  const copied = [
    { name: t("people.email"), text: person.email },
    { name: t("people.phone"), text: person.phone },
    { name: t("people.login"), text: person.login },
  ];
  const manager = personName(person.managerId);
  return (
    <>
      <div className={classes.who}>
        <Avatar id={person.id} name={person.name} size={48} />
        <h1>{person.name}</h1>
        {!person.active && <StateBadge tone="neutral">{t("people.left")}</StateBadge>}
      </div>
      <dl className={classes.facts}>
        {position && (
          <>
            <dt>{t("people.position")}</dt>
            <dd>{position}</dd>
          </>
        )}
        {person.departmentId && (
          <>
            <dt>{t("people.department")}</dt>
            <dd>{departmentName(person.departmentId)}</dd>
          </>
        )}
        {manager && person.managerId && (
          <>
            <dt>{t("people.manager")}</dt>
            <dd>
              <button type="button" onClick={() => go({ at: "people", id: person.managerId ?? "" })}>
                {manager}
              </button>
            </dd>
          </>
        )}
        {copied.map(
          ({ name, text }) =>
            text && (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>
                  <button type="button" title={t("people.copy", { what: name })} onClick={() => copy(text)}>
                    {text}
                  </button>
                </dd>
              </Fragment>
            ),
        )}
      </dl>
    </>
  );
}

function subtreeOf(id: string, departments: readonly DepartmentDoc[]): ReadonlySet<string> {
  const found = new Set([id]);
  for (const each of found) for (const child of departments) if (child.parentId === each) found.add(child.id);
  return found;
}
