import { useCallback } from "react";
import { useWords } from "../words/index.ts";
import { CommandFailed } from "./commands.ts";

/** Why a command failed, in the user's language; the same function until that changes. */
export function useFailureWords(): (error: unknown) => string {
  const { locale, reason } = useWords();
  return useCallback(
    (error) => (error instanceof CommandFailed ? reason(error.error.reason, error.message) : String(error)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- words change with the language only
    [locale],
  );
}
