import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Problem } from "../api/api.ts";
import { useWords } from "../words/words.ts";

/** Does something on the server, says how it went, and lets the lists ask anew; destructive acts are confirmed first. */
export function useAct() {
  const client = useQueryClient();
  const { t, reason } = useWords();

  const closeButtonProps = { "aria-label": t("app.close") };

  async function act(run: () => Promise<string | undefined>): Promise<boolean> {
    try {
      const words = await run();
      if (words !== undefined) notifications.show({ message: words, closeButtonProps });
      return true;
    } catch (error) {
      notifications.show({
        color: "red",
        closeButtonProps,
        message: error instanceof Problem ? reason(error.reason, error.message) : String(error),
        autoClose: 8_000,
      });
      return false;
    } finally {
      await client.invalidateQueries();
    }
  }

  const confirm = ({ title, words, run }: { title: string; words: string; run: () => Promise<string | undefined> }) =>
    modals.openConfirmModal({
      title,
      children: words,
      labels: { confirm: title, cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      closeButtonProps,
      onConfirm: () => void act(run),
    });

  return { act, confirm };
}
