import type { ReplicaRecord } from "#contract";
import { formatFieldValue, type TypeDefinition } from "@kontor/shared/objects";
import { go } from "../app/index.ts";
import { useRows, useRowsById, useTypes } from "../replica/index.ts";
import { StateBadge, Time, TypeIcon } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { useRecordTitle } from "./useRecordTitle.ts";
import classes from "./objects.module.css";

const SHOWN = 50;

/** Records that this one names, and records that name it, as one list of links. */
export function Related({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const types = useTypes();
  const back = types.list.flatMap((other) =>
    Object.entries(other.fields).flatMap(([key, field]) =>
      field.kind === "relation" && field.to === type.name
        ? [{ other, key, many: field.many ?? false, backLabel: field.backLabel }]
        : [],
    ),
  );
  const { label } = useWords();
  return (
    <>
      {Object.entries(type.fields).map(([key, field]) => {
        if (field.kind !== "relation") return null;
        const value = record.fields[key];
        const ids = (Array.isArray(value) ? value : [value]).filter((id) => typeof id === "string");
        return <Forward key={key} title={label(field.label)} ids={ids} />;
      })}
      {back.map(({ other, key, many, backLabel }) => (
        <Backward
          key={`${other.name} ${key}`}
          record={record}
          other={other}
          fieldKey={key}
          many={many}
          title={backLabel ? label(backLabel) : label(other.plural)}
        />
      ))}
    </>
  );
}

function Forward({ title, ids }: { readonly title: string; readonly ids: readonly string[] }) {
  const rows = useRowsById("records", ids);
  const found = ids.flatMap((id) => rows?.get(id) ?? []);
  return <RelatedTable title={title} rows={found} />;
}

function Backward(props: {
  readonly record: ReplicaRecord;
  readonly other: TypeDefinition;
  readonly fieldKey: string;
  readonly many: boolean;
  readonly title: string;
}) {
  const { t } = useWords();
  const { fieldKey, many, other, record } = props;
  const path = `fields.${fieldKey}`;
  const rows = useRows("records", {
    selector: {
      type: other.name,
      trashed: false,
      [path]: many ? { $elemMatch: { $eq: record.id } } : record.id,
    } as never,
    sort: [{ updatedAt: "desc" }],
    limit: SHOWN,
  });
  // Too many records of that type to read through: said, instead of an empty list that would be a lie.
  if (rows === "refused") return <RelatedTable title={props.title} rows={[]} note={t("objects.related.tooMany")} />;
  return <RelatedTable title={props.title} rows={rows ?? []} />;
}

function RelatedTable(props: {
  readonly title: string;
  readonly rows: readonly ReplicaRecord[];
  readonly note?: string;
}) {
  const { label, locale } = useWords();
  const types = useTypes();
  const titleOf = useRecordTitle();
  if (props.rows.length === 0 && !props.note) return null;
  return (
    <section className={classes.section} aria-label={props.title}>
      <h3>{props.title}</h3>
      {props.note && <p className={classes.hint}>{props.note}</p>}
      <table className={classes.related}>
        <tbody>
          {props.rows.map((row) => {
            const type = types.of(row.type);
            const state = type?.states?.list.find((each) => each.key === row.state);
            const amount = Object.entries(type?.fields ?? {}).find(([, field]) => field.kind === "money");
            return (
              <tr key={row.id}>
                <td>
                  <button
                    type="button"
                    className={classes.link}
                    style={{ display: "inline-flex", alignItems: "center", gap: 7 }}
                    onClick={() => go({ at: "objects", type: row.type, id: row.id })}
                  >
                    <TypeIcon name={type?.icon ?? ""} size={15} />
                    {titleOf(row)}
                  </button>
                  {row.number && <small>{row.number}</small>}
                </td>
                <td>{amount && formatFieldValue(amount[1], row.fields[amount[0]], locale)}</td>
                <td>
                  {state ? (
                    <StateBadge tone={state.tone}>{label(state.label)}</StateBadge>
                  ) : (
                    <Time at={row.updatedAt} />
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
