import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReplicaMessage } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import classes from "./read.module.css";

/** The labels of a conversation's messages, each once; taken off all of them. */
export function LabelChips({ messages }: { readonly messages: readonly ReplicaMessage[] }) {
  const { t } = useWords();
  const { call } = useReplica();
  const labels = [...new Set(messages.flatMap((each) => each.labels))];
  return labels.map((label) => (
    <span key={label} className={classes.label} data-removable>
      {label}
      <ActionIcon
        size={24}
        aria-label={t("mail.label.remove", { label })}
        onClick={() =>
          void call("mail.update", {
            targets: { ids: messages.filter((each) => each.labels.includes(label)).map(({ id }) => id) },
            change: { removeLabels: [label] },
          })
        }
      >
        <IconX size={11} />
      </ActionIcon>
    </span>
  ));
}
