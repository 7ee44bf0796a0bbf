import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { CardDoc } from "@kontor/shared/mail";
import { useRowsById, useTypes } from "../../replica/index.ts";
import { StateBadge, TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./compose.module.css";

/** Records that the message shows: as its author sees them now. */
export function Cards(props: {
  readonly cards: readonly CardDoc[];
  readonly hasOutsiders: boolean;
  readonly remove: (recordId: string) => void;
}) {
  const { t, label } = useWords();
  const types = useTypes();
  const records = useRowsById(
    "records",
    props.cards.map(({ recordId }) => recordId),
  );
  if (props.cards.length === 0) return null;
  return (
    <ul className={classes.cards}>
      {props.cards.map(({ recordId, title, type: typeName }) => {
        const type = types.of(typeName);
        const record = records?.get(recordId);
        const state = type?.states?.list.find(({ key }) => key === record?.state);
        return (
          <li key={recordId} className={classes.card}>
            <span className={classes.cardKind}>
              <TypeIcon name={type?.icon ?? ""} size={14} />
              {type ? label(type.label) : typeName} ·{" "}
              {t(props.hasOutsiders ? "compose.card.insideAndOut" : "compose.card.inside")}
            </span>
            <b>{title}</b>
            {state && <StateBadge tone={state.tone}>{label(state.label)}</StateBadge>}
            <ActionIcon
              size={18}
              className={classes.cardRemove ?? ""}
              aria-label={t("compose.card.remove", { title })}
              onClick={() => props.remove(recordId)}
            >
              <IconX size={12} />
            </ActionIcon>
          </li>
        );
      })}
    </ul>
  );
}
