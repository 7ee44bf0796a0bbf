import { Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { useWatched } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import type { MailRequest } from "../mail.requests.ts";
import { FolderIcon } from "../places/folder.icons.tsx";
import { treeOf } from "../places/place.ts";
import { useFolderName } from "../places/usePlaceName.ts";
import { useMailActions } from "../useMailActions.tsx";
import classes from "./dialogs.module.css";

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
  const folders = treeOf(boxes?.folders ?? [], asked.mailboxId, locale).filter(
    ({ folder }) =>
      folder.role !== "drafts" && folder.role !== "outbox" && nameOf(folder).toLowerCase().includes(needle),
  );
  const move = (folderId: string, name: string) => {
    close();
    void actions.moveToFolder(asked.targets, folderId, name).then((done) => done && asked.after?.());
  };
  const isHere = (folderId: string) => folderId === asked.folderId;
  const first = folders.find(({ folder }) => !isHere(folder.id))?.folder;
  return (
    <Modal
      opened
      onClose={close}
      size={360}
      title={t("mail.move.title")}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <TextInput
        data-autofocus
        aria-label={t("mail.move.find")}
        placeholder={t("mail.move.find")}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && first && move(first.id, nameOf(first))}
      />
      <div className={classes.pickList}>
        {folders.map(({ depth, folder }) => (
          <button
            key={folder.id}
            type="button"
            className={classes.pick}
            style={{ paddingLeft: 8 + (needle === "" ? depth * 14 : 0) }}
            disabled={isHere(folder.id)}
            onClick={() => move(folder.id, nameOf(folder))}
          >
            <FolderIcon role={folder.role} />
            <span>{nameOf(folder)}</span>
            {isHere(folder.id) && <small>{t("mail.move.here")}</small>}
          </button>
        ))}
      </div>
    </Modal>
  );
}
