import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { CardDoc } from "@kontor/shared/mail";
import { useRowsById, useTypes } from "../../replica/index.ts";
import { StateBadge, TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { OutsideDialog } from "./OutsideDialog.tsx";
import classes from "./compose.module.css";

/** Records that the message shows: as its author sees them now. */
export function Cards(props: {
  readonly cards: readonly CardDoc[];
  readonly hasOutsiders: boolean;
  readonly change: (cards: readonly CardDoc[]) => void;
}) {
  const { cards, change, hasOutsiders } = props;
  const { t, label } = useWords();
  const types = useTypes();
  const [choosingId, setChoosingId] = useState<string>();
  const records = useRowsById(
    "records",
    cards.map(({ recordId }) => recordId),
  );
  if (cards.length === 0) return null;
  const choosing = cards.find(({ recordId }) => recordId === choosingId);
  const [record, type] = [choosing && records?.get(choosing.recordId), choosing && types.of(choosing.type)];
  return (
    <>
      <ul className={classes.cards}>
        {cards.map((card) => {
          const { outside, recordId, title } = card;
          const kind = types.of(card.type);
          const found = records?.get(recordId);
          const state = kind?.states?.list.find(({ key }) => key === found?.state);
          return (
            <li key={recordId} className={classes.card}>
              <span className={classes.cardKind}>
                <TypeIcon name={kind?.icon ?? ""} size={14} />
                {kind ? label(kind.label) : card.type} · {t("compose.card.inside")}
              </span>
              <b>{title}</b>
              {state && <StateBadge tone={state.tone}>{label(state.label)}</StateBadge>}
              {hasOutsiders && (
                <span className={classes.cardOutside}>
                  {t("compose.card.outside", { count: outside?.fields.length ?? 0 })}
                  {outside?.pdf && `, ${t("compose.card.outside.pdf")}`}
                  {found && kind && (
                    <button type="button" onClick={() => setChoosingId(recordId)}>
                      {t("compose.card.outside.choose")}
                    </button>
                  )}
                </span>
              )}
              <ActionIcon
                size={18}
                className={classes.cardRemove ?? ""}
                aria-label={t("compose.card.remove", { title })}
                onClick={() => change(cards.filter((each) => each.recordId !== recordId))}
              >
                <IconX size={12} />
              </ActionIcon>
            </li>
          );
        })}
      </ul>
      {choosing && record && type && (
        <OutsideDialog
          card={choosing}
          record={record}
          type={type}
          close={() => setChoosingId(undefined)}
          choose={(outside) => change(cards.map((each) => (each === choosing ? withOutside(each, outside) : each)))}
        />
      )}
    </>
  );
}

function withOutside({ outside: _before, ...card }: CardDoc, outside: CardDoc["outside"]): CardDoc {
  return outside === undefined ? card : { ...card, outside };
}
