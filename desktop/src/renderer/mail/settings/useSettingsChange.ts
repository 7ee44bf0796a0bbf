import type { CommandInput } from "#contract";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { complain } from "../../ui/index.ts";

/** Saves at once, with or without a network; false when it was refused, which has been said. */
export function useSettingsChange(): (change: CommandInput<"mail.settings">) => Promise<boolean> {
  const { call } = useReplica();
  const failureWords = useFailureWords();
  return async (change) => {
    try {
      await call("mail.settings", change);
      return true;
    } catch (error) {
      complain(failureWords(error));
      return false;
    }
  };
}
