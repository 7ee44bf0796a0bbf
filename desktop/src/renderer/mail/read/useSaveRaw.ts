import { notifications } from "@mantine/notifications";
import { useCallback } from "react";
import type { ReplicaMessage } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { fileNameOf } from "../fileNameOf.ts";

/** The message as it travelled, into a file that any mail program opens. */
export function useSaveRaw(): (message: Pick<ReplicaMessage, "id" | "subject">) => Promise<void> {
  const { call } = useReplica();
  const { t, reason } = useWords();
  return useCallback(
    async ({ id, subject }) => {
      const answer = await call("mail.raw", { id });
      if (!answer.ok) {
        return void notifications.show({ color: "yellow", message: reason(answer.reason, answer.message) });
      }
      const name = `${fileNameOf(subject) || t("mail.noSubject")}.eml`;
      const { saved } = await window.kontor.saveBytesAs({ name, bytes: answer.bytes });
      if (saved) notifications.show({ message: t("files.saved", { name }) });
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
    [call],
  );
}
