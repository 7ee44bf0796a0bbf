import { IconLock } from "@tabler/icons-react";
import type { CardDoc } from "@kontor/shared/mail";
import { formatFieldValue } from "@kontor/shared/objects";
import { go } from "../../app/route.ts";
import { relatedIds, useNames } from "../../objects/names.ts";
import { useRow, useTypes } from "../../replica/index.ts";
import { StateBadge, TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./read.module.css";

/** Records that a message carries: live, and by the reader's own rights. */
export function RecordCards({ cards }: { readonly cards: readonly CardDoc[] }) {
  const { t } = useWords();
  if (cards.length === 0) return null;
  return (
    <ul className={classes.tiles} aria-label={t("mail.cards")}>
      {cards.map((card) => (
        <li key={card.recordId}>
          <RecordTile recordId={card.recordId} />
        </li>
      ))}
    </ul>
  );
}

export function RecordTile({ recordId }: { readonly recordId: string }) {
  const { t, label, locale } = useWords();
  const record = useRow("records", recordId);
  const types = useTypes();
  const type = record ? types.of(record.type) : undefined;
  const names = useNames(record && type ? relatedIds(type, [record.fields]) : []);
  if (record === undefined) return <span className={classes.recordTile} />;
  // What its author saw of it is for people outside; whoever is inside sees the record itself or nothing of it.
  if (!record || !type)
    return (
      <span className={classes.recordTile} data-closed>
        <small>
          <IconLock size={13} aria-hidden /> {t("mail.card.closed")}
        </small>
        <span>{t("mail.card.closedText")}</span>
      </span>
    );
  const state = type.states?.list.find(({ key }) => key === record.state);
  const summary = type.list.summary
    .flatMap((key) => {
      const field = type.fields[key];
      return field && record.fields[key] !== undefined
        ? [formatFieldValue(field, record.fields[key], locale, names)]
        : [];
    })
    .filter(Boolean);
  return (
    <button
      type="button"
      className={classes.recordTile}
      onClick={() => go({ at: "objects", type: record.type, id: record.id })}
    >
      <small>
        <TypeIcon name={type.icon} size={13} /> {t("mail.card.live", { type: label(type.label) })}
      </small>
      <b>{[record.number, record.title].filter(Boolean).join(" · ")}</b>
      <span className={classes.recordFacts}>
        {state && <StateBadge tone={state.tone}>{label(state.label)}</StateBadge>}
        <span>{summary.slice(0, 2).join(" · ")}</span>
      </span>
    </button>
  );
}
