import { Button, Modal, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import type { MailBoxes, ReplicaFolder } from "#contract";
import { newId } from "@kontor/shared/base";
import { mailLimits } from "@kontor/shared/mail";
import { useFailureWords, useReplica } from "../../replica/index.ts";
import { complain } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { FolderIcon } from "./folder.icons.tsx";
import { FolderLine } from "./FolderLine.tsx";
import { treeOf } from "./place.ts";
import { useFolderName } from "./usePlaceName.ts";
import classes from "./places.module.css";

export type FolderQuestion =
  | { readonly kind: "create"; readonly mailboxId: string; readonly parentId?: string }
  | { readonly kind: "rename" | "move"; readonly folder: ReplicaFolder };

/** A name for a folder, or another place for it. */
export function FolderDialog(props: {
  readonly asked: FolderQuestion;
  readonly boxes: MailBoxes;
  readonly close: () => void;
}) {
  const { asked, boxes, close } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const [name, setName] = useState(asked.kind === "rename" ? asked.folder.name : "");
  const failureWords = useFailureWords();
  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const said = name.trim();
    if (said === "") return;
    try {
      if (asked.kind === "create")
        await call("folder.create", {
          id: newId(),
          mailboxId: asked.mailboxId,
          name: said,
          ...(asked.parentId === undefined ? {} : { parentId: asked.parentId }),
        });
      else if (asked.folder.name !== said) await call("folder.rename", { id: asked.folder.id, name: said });
      close();
    } catch (error) {
      complain(failureWords(error));
    }
  }
  if (asked.kind === "move")
    return (
      <MoveFolderDialog
        folder={asked.folder}
        boxes={boxes}
        close={close}
        move={(parentId) =>
          void call("folder.move", { id: asked.folder.id, parentId }).then(close, (error: unknown) =>
            complain(failureWords(error)),
          )
        }
      />
    );
  const title = t(asked.kind === "create" ? "mail.folder.new" : "mail.folder.rename");
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ "aria-label": t("app.close") }}>
      <form onSubmit={(event) => void save(event)}>
        <TextInput
          label={t("mail.folder.name")}
          value={name}
          data-autofocus
          maxLength={mailLimits.maxFolderNameChars}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <div className={classes.dialogButtons}>
          <Button onClick={close}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled" disabled={name.trim() === ""}>
            {title}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function MoveFolderDialog(props: {
  readonly folder: ReplicaFolder;
  readonly boxes: MailBoxes;
  readonly close: () => void;
  readonly move: (parentId: string | null) => void;
}) {
  const { boxes, close, folder, move } = props;
  const { t, locale } = useWords();
  const nameOf = useFolderName();
  const tree = treeOf(boxes.folders, folder.mailboxId, locale);
  const at = tree.findIndex((node) => node.folder.id === folder.id);
  const depth = tree[at]?.depth ?? 0;
  const end = tree.findIndex((node, index) => index > at && node.depth <= depth);
  // It cannot lie in itself, nor where no folders lie.
  const targets = tree.filter(
    (node, index) =>
      (index < at || index >= (end === -1 ? tree.length : end)) &&
      !["drafts", "outbox", "trash"].includes(node.folder.role ?? ""),
  );
  return (
    <Modal
      opened
      onClose={close}
      title={t("mail.folder.moveTitle", { name: folder.name })}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <div className={classes.pickList} role="group" aria-label={t("mail.folders")}>
        <FolderLine
          name={t("mail.folder.top")}
          icon={<FolderIcon role={undefined} />}
          count={0}
          here={false}
          open={() => move(null)}
        />
        {targets.map((node) => (
          <FolderLine
            key={node.folder.id}
            name={nameOf(node.folder)}
            icon={<FolderIcon role={node.folder.role} />}
            count={0}
            here={node.folder.id === folder.parentId}
            depth={node.depth}
            open={() => move(node.folder.id)}
          />
        ))}
      </div>
    </Modal>
  );
}
