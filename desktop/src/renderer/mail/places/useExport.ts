import { notifications } from "@mantine/notifications";
import { complain } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { fileNameOf } from "../fileNameOf.ts";

const EXPORT_ID = "mail-export";

/** All messages of a folder, as they are, into a file that any mail program reads. */
export function useExport(): (folderId: string, name: string) => Promise<void> {
  const { t, reason } = useWords();
  return async (folderId, name) => {
    const file = `${fileNameOf(name) || "mail"}.mbox`;
    const message = t("mail.export.working", { name });
    notifications.show({ id: EXPORT_ID, loading: true, autoClose: false, message });
    const answer = await window.kontor.saveFolderAs({ folderId, name: file });
    notifications.hide(EXPORT_ID);
    if (!answer.ok) complain(reason(answer.reason, answer.message));
    else if (answer.saved) notifications.show({ message: t("files.saved", { name: file }) });
  };
}
