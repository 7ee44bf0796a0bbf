import { notifications } from "@mantine/notifications";
import { useCallback } from "react";
import { CommandFailed } from "../replica/index.ts";
import { useWords } from "../words/index.ts";
import { NoSender, useStartDraft, type StartDraft } from "./compose/index.ts";

/** Begins a draft and says its id; what keeps one from writing is said, and nothing is returned. */
export function useWrite(): (wanted: StartDraft) => Promise<string | undefined> {
  const start = useStartDraft();
  const { t, reason } = useWords();
  return useCallback(
    async (wanted) => {
      try {
        return await start(wanted);
      } catch (error) {
        const words =
          error instanceof NoSender
            ? t("mail.noSender")
            : error instanceof CommandFailed
              ? reason(error.error.reason, error.message)
              : String(error);
        notifications.show({ color: "red", message: words });
        return undefined;
      }
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
    [start],
  );
}
