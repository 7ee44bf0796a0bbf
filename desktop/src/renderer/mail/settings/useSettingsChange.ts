import { notifications } from "@mantine/notifications";
import type { CommandInput } from "#contract";
import { CommandFailed, useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";

/** Saves at once, with or without a network; false when it was refused, which has been said. */
export function useSettingsChange(): (change: CommandInput<"mail.settings">) => Promise<boolean> {
  const { call } = useReplica();
  const { reason } = useWords();
  return async (change) => {
    try {
      await call("mail.settings", change);
      return true;
    } catch (error) {
      const words = error instanceof CommandFailed ? reason(error.error.reason, error.message) : String(error);
      notifications.show({ color: "red", message: words });
      return false;
    }
  };
}
