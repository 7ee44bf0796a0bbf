import { notifications } from "@mantine/notifications";
import { CommandFailed, useReplica } from "../../replica/index.ts";
import { complain } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";

const IMPORT_ID = "mail-import";

/** Messages of other mail programs, as they are. */
export function useImport(): (folderId: string, name: string) => Promise<void> {
  const { call } = useReplica();
  const { t, reason } = useWords();
  return async (folderId, name) => {
    const totals = { imported: 0, known: 0, refused: 0 };
    for (const path of await window.kontor.chooseFiles()) {
      notifications.show({
        id: IMPORT_ID,
        loading: true,
        autoClose: false,
        message: t("mail.import.working", { name }),
      });
      const answer = await call("mail.import", { folderId, path }).catch((error: unknown) => ({
        ok: false as const,
        reason: error instanceof CommandFailed ? error.error.reason : "",
        message: String(error),
      }));
      notifications.hide(IMPORT_ID);
      if (!answer.ok) {
        return complain(reason(answer.reason, answer.message));
      }
      totals.imported += answer.imported;
      totals.known += answer.known;
      totals.refused += answer.refused;
    }
    if (totals.imported + totals.known + totals.refused > 0)
      notifications.show({ message: t("mail.import.done", totals), autoClose: 10_000 });
  };
}
