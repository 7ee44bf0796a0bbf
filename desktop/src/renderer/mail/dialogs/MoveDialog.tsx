import { Modal } from "@mantine/core";
import { useState } from "react";
import { useWatched } from "../../replica/index.ts";
import { PickList } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import type { MailRequest } from "../mail.requests.ts";
import { FolderIcon } from "../places/folder.icons.tsx";
import { treeOf } from "../places/place.ts";
import { useFolderName } from "../places/usePlaceName.ts";
import { useMailActions } from "../useMailActions.tsx";

const INDENT_PX = 14;
const GAP_PX = 8; // that a row leaves between its parts

/** Into another folder of the same mailbox, found by its name; where it lies stands among them, so that one sees what is below. */
export function MoveDialog(props: {
  readonly asked: Extract<MailRequest, { ask: "move" }>;
  readonly close: () => void;
}) {
  const { asked, close } = props;
  const { t, locale } = useWords();
  const actions = useMailActions();
  const nameOf = useFolderName();
  const boxes = useWatched("mail.boxes", {});
  const [text, setText] = useState("");
  const needle = text.trim().toLowerCase();
  const folders = treeOf(boxes?.folders ?? [], asked.mailboxId, locale)
    .filter(
      ({ folder }) =>
        folder.role !== "drafts" && folder.role !== "outbox" && nameOf(folder).toLowerCase().includes(needle),
    )
    .map((node) => ({ ...node, id: node.folder.id }));
  const move = (folderId: string, name: string) => {
    close();
    void actions.moveToFolder(asked.targets, folderId, name).then((done) => done && asked.after?.());
  };
  const isHere = (folderId: string) => folderId === asked.folderId;
  return (
    <Modal
      opened
      onClose={close}
      size={360}
      title={t("mail.move.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <PickList
        field={{ "aria-label": t("mail.move.find"), placeholder: t("mail.move.find") }}
        label={t("mail.folders")}
        text={text}
        onText={setText}
        items={folders}
        pick={({ folder }) => move(folder.id, nameOf(folder))}
        isClosed={({ id }) => isHere(id)}
        none={t("app.palette.nothing")}
      >
        {({ depth, folder, id }) => (
          <>
            {needle === "" && depth > 0 && <i style={{ width: depth * INDENT_PX - GAP_PX }} />}
            <FolderIcon role={folder.role} />
            <span>{nameOf(folder)}</span>
            {isHere(id) && <small>{t("mail.move.here")}</small>}
          </>
        )}
      </PickList>
    </Modal>
  );
}
