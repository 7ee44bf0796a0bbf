import { ActionIcon, Tooltip } from "@mantine/core";
import { IconLinkOff } from "@tabler/icons-react";
import type { MailLinked } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { RecordTile } from "./RecordCards.tsx";
import classes from "./read.module.css";

/** Records to which the conversation belongs, as live as in a message. */
export function LinkedRecords({ links }: { readonly links: readonly MailLinked[] }) {
  const { t } = useWords();
  const { call } = useReplica();
  if (links.length === 0) return null;
  return (
    <ul className={classes.linked} aria-label={t("mail.linked")}>
      {links.map(({ id, recordId }) => (
        <li key={id}>
          <RecordTile recordId={recordId} />
          <Tooltip label={t("mail.unlink")}>
            <ActionIcon size={24} aria-label={t("mail.unlink")} onClick={() => void call("mail.unlink", { id })}>
              <IconLinkOff size={13} />
            </ActionIcon>
          </Tooltip>
        </li>
      ))}
    </ul>
  );
}
