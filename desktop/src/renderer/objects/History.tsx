import { useEffect, useState } from "react";
import type { OutboxItem, ReplicaRecord } from "#contract";
import { describeChange, sameValue, type HistoryDoc, type Names, type TypeDefinition } from "@kontor/shared/objects";
import { useDirectory, useReplica, useRows } from "../replica/index.ts";
import { Avatar, Time } from "../ui/index.ts";
import { useWords, type WordKey } from "../words/index.ts";
import { relatedIds, useNames } from "./names.ts";
import { useIntentName } from "../outbox/index.ts";
import classes from "./objects.module.css";

const FIRST = 50;

/** What happened to a record, newest first, as a diff that a person can read; any earlier value can be brought back. */
export function History({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const { t } = useWords();
  const [limit, setLimit] = useState(FIRST);
  const rows = useRows("history", { selector: { recordId: record.id }, sort: [{ at: "desc" }], limit: limit + 1 });
  const entries = rows === "refused" || !rows ? [] : rows.slice(0, limit);
  const values = entries.flatMap(({ changes }) =>
    changes.flatMap(({ field, from, to }) => [{ [field]: from }, { [field]: to }]),
  );
  const names = useNames(relatedIds(type, values));
  return (
    <>
      <WaitingChanges record={record} />
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} record={record} type={type} names={names} />
      ))}
      {rows !== "refused" && (rows?.length ?? 0) > limit && (
        <button type="button" className={classes.bringBack} onClick={() => setLimit((before) => before + FIRST)}>
          {t("objects.history.older")}
        </button>
      )}
      {rows?.length === 0 && record.pending === 0 && <p className={classes.when}>{t("objects.history.empty")}</p>}
    </>
  );
}

function WaitingChanges({ record }: { readonly record: ReplicaRecord }) {
  const { t } = useWords();
  const { call, events } = useReplica();
  const { me, myId } = useDirectory();
  const nameOf = useIntentName();
  const [items, setItems] = useState<readonly OutboxItem[]>([]);
  useEffect(() => {
    let gone = false;
    const ask = () =>
      void call("outbox.list", {}).then(
        (all) => !gone && setItems(all.filter((item) => item.kind === "intent" && item.recordId === record.id)),
        () => undefined,
      );
    ask();
    const subscription = events.subscribe(({ event }) => event === "outbox" && ask());
    return () => {
      gone = true;
      subscription.unsubscribe();
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- `pending` says that the outbox has moved on
  }, [call, events, record.id, record.pending]);
  return [...items].reverse().map((item) => (
    <article key={item.mid} className={classes.event}>
      <Avatar id={myId} name={me?.name ?? "?"} />
      <div>
        {t("objects.history.you")} · {nameOf(item.name)}
      </div>
      <span />
      <div className={classes.when}>
        <Time at={item.at} /> · {t("objects.waiting")}
      </div>
    </article>
  ));
}

function Entry(props: {
  readonly entry: HistoryDoc;
  readonly record: ReplicaRecord;
  readonly type: TypeDefinition;
  readonly names: Names;
}) {
  const { t, label, locale } = useWords();
  const { call } = useReplica();
  const { myId, personName } = useDirectory();
  const { entry, names, record, type } = props;
  const who = personName(entry.by) ?? t("objects.somebody");
  const mayEdit = (key: string) =>
    !record.trashed && !type.fields[key]?.readOnly && (record.can.edit === "*" || record.can.edit.includes(key));
  const transition = type.states?.transitions.find((each) => each.key === entry.transition?.key);
  const stateName = (key: string | undefined) => {
    const state = type.states?.list.find((each) => each.key === key);
    return state ? label(state.label) : (key ?? "");
  };

  return (
    <article className={classes.event}>
      <Avatar id={entry.by} name={who} />
      <div>
        <b>{entry.by === myId ? t("objects.history.you") : who}</b> {t(kindWords[entry.kind])}
        {entry.transition && (
          <span className={classes.change}>
            {transition && <b>{label(transition.label)}: </b>}
            {entry.transition.from && <del>{stateName(entry.transition.from)}</del>} →{" "}
            <ins>{stateName(entry.transition.to)}</ins>
          </span>
        )}
        {entry.file && (
          <span className={classes.change}>
            {t(fileWords[entry.file.act])} <b>{entry.file.name}</b>
          </span>
        )}
        {entry.kind !== "created" &&
          entry.changes.map((change) => {
            const text = describeChange(type, change, locale, names);
            const isKept = sameValue(change.from ?? null, change.to ?? null);
            const canBring =
              mayEdit(change.field) &&
              type.fields[change.field]?.kind !== "files" &&
              !isKept &&
              !sameValue(change.from ?? null, record.fields[change.field] ?? null);
            return (
              <span key={change.field} className={classes.change}>
                <b>{text.label}</b>{" "}
                {text.added || text.removed ? (
                  <>
                    {text.removed?.map((item) => (
                      <del key={item}>− {item} </del>
                    ))}
                    {text.added?.map((item) => (
                      <ins key={item}>+ {item} </ins>
                    ))}
                  </>
                ) : (
                  <>
                    {!isKept && <>{text.from && <del>{text.from}</del>} → </>}
                    <ins>{text.to || t("objects.empty")}</ins>
                  </>
                )}{" "}
                {text.lost && <i>({t("objects.history.lost")}) </i>}
                {canBring && (
                  <button
                    type="button"
                    className={classes.bringBack}
                    aria-label={t("objects.history.bringBackOf", {
                      field: text.label,
                      value: text.from || t("objects.empty"),
                    })}
                    onClick={() =>
                      void call("record.edit", {
                        id: record.id,
                        set: { [change.field]: (change.from ?? null) as never },
                      })
                    }
                  >
                    {t("objects.history.bringBack")}
                  </button>
                )}
              </span>
            );
          })}
      </div>
      <span />
      <div className={classes.when}>
        <Time at={entry.at} />
      </div>
    </article>
  );
}

const kindWords = {
  created: "objects.history.created",
  edited: "objects.history.edited",
  transition: "objects.history.moved",
  deleted: "objects.history.deleted",
  restored: "objects.history.restored",
  file: "objects.history.file",
  resolved: "objects.history.resolved",
} as const satisfies Record<HistoryDoc["kind"], WordKey>;

const fileWords = {
  attached: "objects.history.attached",
  detached: "objects.history.detached",
  renamed: "objects.history.renamed",
  restored: "objects.history.fileRestored",
} as const satisfies Record<NonNullable<HistoryDoc["file"]>["act"], WordKey>;
