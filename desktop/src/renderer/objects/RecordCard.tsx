import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAppWindow, IconDots, IconHistory, IconMail, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { ReplicaRecord } from "#contract";
import { fieldsOfSection, type TypeDefinition } from "@kontor/shared/objects";
import { go, useShortcuts } from "../app/index.ts";
import { changeSettings, useSettings } from "../app/settings.ts";
import { HiddenSections, OpenUntil, ReasonTooltip, useAccess, useReason } from "../access/index.ts";
import { FilesSection } from "../files/index.ts";
import { LinkedMail } from "../mail/LinkedMail.tsx";
import { useDirectory, useReplica, useRow, useTypes } from "../replica/index.ts";
import { Empty, Splitter, StateBadge, Time, useDraft } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { Conflicts } from "./Conflicts.tsx";
import { FieldRow } from "./FieldRow.tsx";
import { History } from "./History.tsx";
import { useNames, relatedIds } from "./names.ts";
import { Related } from "./Related.tsx";
import { Transitions } from "./Transitions.tsx";
import { useRecordTitle } from "./useRecordTitle.ts";
import { useWriteAbout } from "./useWriteAbout.ts";
import classes from "./objects.module.css";

const MIN_SIDE = 220;
const MAX_SIDE = 560;

export function RecordCard(props: {
  readonly id: string;
  /** Where one came from says it: of a record that is not here nothing is known. */
  readonly typeName?: string;
  readonly inOwnWindow?: boolean;
}) {
  const { id, inOwnWindow = false, typeName } = props;
  const { t } = useWords();
  const { ask } = useAccess();
  const types = useTypes();
  const record = useRow("records", id);
  if (record === undefined) return null;
  if (record === null)
    return (
      <Empty title={t("objects.gone")}>
        {typeName !== undefined && (
          <Button onClick={() => ask({ type: typeName, recordId: id, act: "read" })}>{t("access.why")}</Button>
        )}
      </Empty>
    );
  const type = types.of(record.type);
  return type ? (
    <Card record={record} type={type} inOwnWindow={inOwnWindow} />
  ) : (
    <Empty title={t("objects.unknownType")} />
  );
}

/** Unsaved text by field. */
type CardDraft = Readonly<Record<string, never>>;

function Card(props: { readonly record: ReplicaRecord; readonly type: TypeDefinition; readonly inOwnWindow: boolean }) {
  const { t, label } = useWords();
  const { record, type } = props;
  const { sideWidth } = useSettings();
  const [width, setWidth] = useState(sideWidth);
  const [sideShown, setSideShown] = useState(window.innerWidth >= 1100);
  const [draft, setDraft] = useDraft<CardDraft>(`record/${record.id}`);
  const names = useNames(relatedIds(type, [record.fields]));
  const { sendFile } = useWriteAbout(record, props.inOwnWindow);
  useShortcuts({
    history: () => setSideShown((before) => !before),
    ownWindow: props.inOwnWindow ? undefined : () => void window.kontor.openRecordWindow(record.id),
  });

  const setFieldDraft = (key: string, raw: unknown) => {
    const { [key]: _, ...others } = draft ?? {};
    const next = raw === undefined ? others : { ...others, [key]: raw as never };
    setDraft(Object.keys(next).length > 0 ? next : null);
  };
  const isHidden = (section: string | undefined) => record.can.hidden?.includes(section ?? type.sections[0]?.key ?? "");
  const fileFields = Object.entries(type.fields).filter(
    ([, field]) => field.kind === "files" && !isHidden(field.section),
  );
  const isVisible = (key: string) =>
    key in record.fields || record.can.edit === "*" || record.can.edit.includes(key) || key in record.revs;

  return (
    <>
      <CardHead {...props} sideShown={sideShown} toggleSide={() => setSideShown((before) => !before)} />
      <div className={classes.body}>
        <div className={classes.main}>
          <Conflicts record={record} type={type} names={names} />
          {type.sections.map((section) => {
            const keys = fieldsOfSection(type, section.key).filter(
              (key) => type.fields[key]?.kind !== "files" && isVisible(key),
            );
            if (keys.length === 0) return null;
            return (
              <section key={section.key} className={classes.section} aria-label={label(section.label)}>
                <h3>{label(section.label)}</h3>
                <dl className={classes.fields}>
                  {inRows(keys, type).map((key) => (
                    <FieldRow
                      key={key}
                      record={record}
                      type={type}
                      fieldKey={key}
                      names={names}
                      draft={draft === undefined ? undefined : (draft?.[key] ?? null)}
                      setDraft={(raw) => setFieldDraft(key, raw)}
                    />
                  ))}
                </dl>
              </section>
            );
          })}
          {fileFields.map(([key, field]) => (
            <FilesSection key={key} record={record} fieldKey={key} field={field as never} send={sendFile} />
          ))}
          <Related record={record} type={type} />
          <LinkedMail recordId={record.id} />
          <HiddenSections record={record} type={type} />
          <p className={classes.headLine}>
            <CreatedLine record={record} />
          </p>
        </div>
        {sideShown && (
          <>
            <Splitter
              label={t("objects.sideWidth")}
              side="right"
              width={width}
              min={MIN_SIDE}
              max={MAX_SIDE}
              onMove={setWidth}
              onDone={(next) => changeSettings({ sideWidth: next })}
            />
            <aside className={classes.side} style={{ width }} aria-label={t("objects.history")} data-region="history">
              <h3>{t("objects.history")}</h3>
              <History record={record} type={type} />
            </aside>
          </>
        )}
      </div>
    </>
  );
}

/** In the type's order, but a wide field waits while the row before it still has room: no holes, and the eye and Tab agree. */
function inRows(keys: readonly string[], type: TypeDefinition): readonly string[] {
  const isWide = (key: string) => Boolean(type.fields[key]?.wide) || type.fields[key]?.kind === "longText";
  const left = [...keys];
  const placed: string[] = [];
  for (let half = false; left.length > 0;) {
    const narrow: number = half ? left.findIndex((key) => !isWide(key)) : 0;
    const [next] = left.splice(Math.max(0, narrow), 1);
    if (next === undefined) break;
    half = !isWide(next) && !half;
    placed.push(next);
  }
  return placed;
}

function CardHead(props: {
  readonly record: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly inOwnWindow: boolean;
  readonly sideShown: boolean;
  readonly toggleSide: () => void;
}) {
  const { t, label } = useWords();
  const { record, type } = props;
  const { call } = useReplica();
  const directory = useDirectory();
  const titleOf = useRecordTitle();
  const state = type.states?.list.find((each) => each.key === record.state);
  const owner = directory.person(record.owner);
  const department = directory.departmentName(record.department);
  const { ask } = useAccess();
  const { reasonFor } = useReason();
  const { sendCard } = useWriteAbout(record, props.inOwnWindow);
  const may = (action: string) => record.can.actions.includes(action);
  const whyNot = (act: string, short: string) => (may(act) ? undefined : reasonFor(record, { act }, short));
  const explain = (act: string) => ask({ type: type.name, recordId: record.id, act });

  async function remove(): Promise<void> {
    await call("record.delete", { id: record.id });
    const noticeId = `deleted-${record.id}`;
    notifications.show({
      id: noticeId,
      title: t("objects.deleted", { title: titleOf(record) }),
      message: (
        <Button
          onClick={() => {
            notifications.hide(noticeId);
            void call("record.restore", { id: record.id });
          }}
        >
          {t("app.undo")}
        </Button>
      ),
    });
    if (!props.inOwnWindow) go({ at: "objects", type: type.name });
  }

  return (
    <header className={classes.head}>
      <div className={classes.headLine}>
        {[label(type.label), record.number].filter(Boolean).join(" ")}
        {record.pending > 0 && ` · ${t("objects.notSentYet", { count: record.pending })}`}
      </div>
      <h1>{titleOf(record)}</h1>
      <div className={classes.headRow}>
        {state && <StateBadge tone={state.tone}>{label(state.label)}</StateBadge>}
        {department && <span className={classes.tag}>{department}</span>}
        {owner && (
          <button type="button" className={classes.tag} onClick={() => go({ at: "people", id: owner.id })}>
            {owner.name}
          </button>
        )}
        <div className={classes.actions}>
          {record.trashed ? (
            <ReasonTooltip reason={whyNot("restore", t("access.short.restore"))}>
              <Button
                variant="filled"
                {...(may("restore") ? {} : { "data-disabled": true })}
                aria-disabled={!may("restore")}
                onClick={() => (may("restore") ? void call("record.restore", { id: record.id }) : explain("restore"))}
              >
                {t("objects.restore")}
              </Button>
            </ReasonTooltip>
          ) : (
            <Transitions record={record} type={type} />
          )}
          <Tooltip label={t("objects.history")}>
            <ActionIcon
              variant={props.sideShown ? "light" : "default"}
              color={props.sideShown ? "accent" : "gray"}
              aria-label={t("objects.history")}
              aria-pressed={props.sideShown}
              onClick={props.toggleSide}
            >
              <IconHistory size={16} />
            </ActionIcon>
          </Tooltip>
          {(!props.inOwnWindow || !record.trashed) && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" aria-label={t("objects.more")}>
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {!props.inOwnWindow && (
                  <Menu.Item
                    leftSection={<IconAppWindow size={15} />}
                    onClick={() => void window.kontor.openRecordWindow(record.id)}
                  >
                    {t("app.key.ownWindow")}
                  </Menu.Item>
                )}
                {!record.trashed && (
                  <Menu.Item leftSection={<IconMail size={15} />} onClick={sendCard}>
                    {t("compose.toRecord")}
                  </Menu.Item>
                )}
                {!record.trashed && (
                  <ReasonTooltip reason={whyNot("delete", t("access.short.delete"))}>
                    <Menu.Item
                      color="red"
                      leftSection={<IconTrash size={15} />}
                      {...(may("delete") ? {} : { "data-disabled": true })}
                      aria-disabled={!may("delete")}
                      onClick={() => (may("delete") ? void remove() : explain("delete"))}
                    >
                      {t("objects.delete")}
                    </Menu.Item>
                  </ReasonTooltip>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </div>
      </div>
      <OpenUntil record={record} type={type} />
    </header>
  );
}

function CreatedLine({ record }: { readonly record: ReplicaRecord }) {
  const { t } = useWords();
  const { personName } = useDirectory();
  const unknown = t("objects.somebody");
  return (
    <>
      {t("objects.createdBy", { name: personName(record.createdBy) ?? unknown })} <Time at={record.createdAt} />
      {" · "}
      {t("objects.updatedBy", { name: personName(record.updatedBy) ?? unknown })} <Time at={record.updatedAt} />
    </>
  );
}
