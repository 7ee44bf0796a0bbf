import { Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { newId } from "@kontor/shared/base";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { RecordSearch } from "../RecordSearch.tsx";

/** The conversation belongs to a record from now on: seen from both sides by whoever sees both. */
export function LinkDialog({ close, threadId }: { readonly threadId: string; readonly close: () => void }) {
  const { t } = useWords();
  const { call } = useReplica();
  const link = (recordId: string) => {
    close();
    void call("mail.link", { id: newId(), threadId, recordId }).then(() =>
      notifications.show({ message: t("mail.done.linked") }),
    );
  };
  return (
    <Modal
      opened
      onClose={close}
      size={480}
      title={t("mail.link.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <RecordSearch choose={link} />
    </Modal>
  );
}
