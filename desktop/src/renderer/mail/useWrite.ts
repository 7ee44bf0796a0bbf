import { useCallback } from "react";
import { useFailureWords } from "../replica/index.ts";
import { complain } from "../ui/index.ts";
import { useWords } from "../words/index.ts";
import { NoSender, useStartDraft, type StartDraft } from "./compose/index.ts";

/** Begins a draft and says its id; what keeps one from writing is said, and nothing is returned. */
export function useWrite(): (wanted: StartDraft) => Promise<string | undefined> {
  const start = useStartDraft();
  const { t } = useWords();
  const failureWords = useFailureWords();
  return useCallback(
    async (wanted) => {
      try {
        return await start(wanted);
      } catch (error) {
        complain(error instanceof NoSender ? t("mail.noSender") : failureWords(error));
        return undefined;
      }
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
    [start],
  );
}
