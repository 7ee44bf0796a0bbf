import { ActionIcon, Button, Menu, Text, Tooltip } from "@mantine/core";
import { modals } from "@mantine/modals";
import {
  IconAddressBook,
  IconAlertTriangle,
  IconDots,
  IconFolderPlus,
  IconSettings,
  IconUsers,
} from "@tabler/icons-react";
import { useLayoutEffect, useState, type DragEvent, type ReactNode } from "react";
import type { MailBoxes, MailPlace, ReplicaFolder } from "#contract";
import { folderRoles, type MailboxDoc } from "@kontor/shared/mail";
import { go as goTo } from "../../app/route.ts";
import { useDirectory, useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { useMailActions } from "../useMailActions.tsx";
import { MembersDialog } from "../dialogs/MembersDialog.tsx";
import { draggedMail } from "./drag.ts";
import { FolderIcon, markIcons, markWords, roleWords } from "./folder.icons.tsx";
import { FolderDialog, type FolderQuestion } from "./FolderDialog.tsx";
import { FolderLine } from "./FolderLine.tsx";
import { badgeOf, mailboxesInOrder, treeOf, type Mark } from "./place.ts";
import { useExport } from "./useExport.ts";
import { useImport } from "./useImport.ts";
import { useFolderName } from "./usePlaceName.ts";
import classes from "./places.module.css";

interface FoldersProps {
  readonly place: MailPlace;
  readonly boxes: MailBoxes;
  readonly conversations: boolean;
  readonly go: (place: MailPlace) => void;
}

const MARKS: readonly Mark[] = ["flagged", "snoozed", "followUp", "assigned"];
export const FOLDERS_WIDTH = 204;

/** Mailboxes with their folders, beside the list: messages are dropped onto them. */
export function Folders({ boxes, conversations, go, place }: FoldersProps) {
  const { t, locale } = useWords();
  const { myId } = useDirectory();
  const [asked, setAsked] = useState<FolderQuestion>();
  const mailboxes = mailboxesInOrder(boxes.mailboxes, myId);
  // What is said at the bottom of the window is said beside the folders, and not over the ways out of them.
  useLayoutEffect(() => {
    document.documentElement.style.setProperty("--notices-left", `${FOLDERS_WIDTH}px`);
    return () => void document.documentElement.style.removeProperty("--notices-left");
  }, []);
  const isHere = (other: MailPlace) => JSON.stringify(other) === JSON.stringify(place);
  const line = (to: MailPlace, name: string, icon: ReactNode, count: number) => (
    <FolderLine key={JSON.stringify(to)} name={name} icon={icon} count={count} here={isHere(to)} open={() => go(to)} />
  );
  const countOf = (at: Mark) =>
    ({ flagged: boxes.flagged, snoozed: boxes.snoozed, followUp: boxes.followUps, assigned: boxes.assigned })[at];
  return (
    <nav
      className={classes.folders}
      style={{ width: FOLDERS_WIDTH }}
      aria-label={t("mail.folders")}
      data-region="folders"
    >
      <div className={classes.folderScroll}>
        {mailboxes.length > 1 && (
          <section aria-label={t("mail.allMailboxes")}>
            <h3>{t("mail.allMailboxes")}</h3>
            {folderRoles
              .filter((role) => role === "inbox" || role === "drafts" || role === "sent")
              .map((role) =>
                line(
                  { at: "role", role },
                  t(roleWords[role]),
                  <FolderIcon role={role} />,
                  boxes.folders
                    .filter((folder) => folder.role === role)
                    .reduce((sum, { id }) => sum + badgeOf(role, boxes.counts[id], conversations), 0),
                ),
              )}
          </section>
        )}
        <section aria-label={t("mail.marks")}>
          {MARKS.map((at) => {
            const Icon = markIcons[at];
            return line({ at }, t(markWords[at]), <Icon size={15} stroke={1.6} aria-hidden />, countOf(at));
          })}
        </section>
        {mailboxes.map((mailbox) => (
          <section key={mailbox.id} aria-label={mailbox.name}>
            <MailboxHead mailbox={mailbox} newFolder={() => setAsked({ kind: "create", mailboxId: mailbox.id })} />
            {treeOf(boxes.folders, mailbox.id, locale).map(({ depth, folder, inTrash }) => (
              <Folder
                key={folder.id}
                folder={folder}
                depth={depth}
                inTrash={inTrash}
                count={badgeOf(folder.role, boxes.counts[folder.id], conversations)}
                total={boxes.counts[folder.id]?.total ?? 0}
                here={isHere({ at: "folder", folderId: folder.id })}
                mayEdit={mailbox.can.includes("edit")}
                open={() => go({ at: "folder", folderId: folder.id })}
                ask={setAsked}
              />
            ))}
          </section>
        ))}
      </div>
      <div className={classes.folderFoot}>
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconAddressBook size={15} />}
          onClick={() => goTo({ at: "contacts" })}
        >
          {t("mail.contacts")}
        </Button>
        <Tooltip label={t("mail.settings")}>
          <ActionIcon aria-label={t("mail.settings")} onClick={() => goTo({ at: "mailSettings" })}>
            <IconSettings size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      {asked && <FolderDialog asked={asked} boxes={boxes} close={() => setAsked(undefined)} />}
    </nav>
  );
}

function MailboxHead({ mailbox, newFolder }: { readonly mailbox: MailboxDoc; readonly newFolder: () => void }) {
  const { t, reason } = useWords();
  const { account, address, can, name } = mailbox;
  const isTroubled = account && ["waiting", "needsSignIn", "failed"].includes(account.state);
  const progress = account?.progress;
  const [asking, setAsking] = useState(false);
  return (
    <h3 title={address}>
      <span>{name}</span>
      {isTroubled && (
        <Tooltip label={reason(account.reason ?? "", account.message ?? t("mail.account.trouble"))}>
          <IconAlertTriangle size={14} className={classes.warned} aria-label={t("mail.account.trouble")} />
        </Tooltip>
      )}
      {account?.state === "syncing" && progress && progress.total > 0 && (
        <small>{t("mail.account.progress", { percent: Math.floor((progress.done / progress.total) * 100) })}</small>
      )}
      {can.includes("manage") && mailbox.kind !== "external" && (
        <Tooltip label={t("mail.members")}>
          <ActionIcon size={24} aria-label={t("mail.members.title", { name })} onClick={() => setAsking(true)}>
            <IconUsers size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      {can.includes("edit") && (
        <Tooltip label={t("mail.folder.new")}>
          <ActionIcon size={24} aria-label={t("mail.folder.newIn", { name })} onClick={newFolder}>
            <IconFolderPlus size={14} />
          </ActionIcon>
        </Tooltip>
      )}
      {asking && <MembersDialog mailbox={mailbox} close={() => setAsking(false)} />}
    </h3>
  );
}

function Folder(props: {
  readonly folder: ReplicaFolder;
  readonly depth: number;
  readonly inTrash: boolean;
  readonly count: number;
  readonly total: number;
  readonly here: boolean;
  readonly mayEdit: boolean;
  readonly open: () => void;
  readonly ask: (question: FolderQuestion) => void;
}) {
  const { ask, count, depth, folder, here, inTrash, mayEdit, total } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const actions = useMailActions();
  const nameOf = useFolderName();
  const [over, setOver] = useState(false);
  const name = nameOf(folder);
  const importInto = useImport();
  const saveAll = useExport();
  const takes = (event: DragEvent) => {
    const mail = draggedMail(event);
    return mail?.mailboxId === folder.mailboxId && folder.role !== "outbox" && folder.role !== "drafts"
      ? mail
      : undefined;
  };
  const isOwn = folder.role === undefined;
  const empties = folder.role === "trash" || folder.role === "junk";

  const remove = () =>
    modals.openConfirmModal({
      title: t(inTrash ? "mail.folder.deleteForGoodTitle" : "mail.folder.deleteTitle", { name }),
      children: <Text size="sm">{t(inTrash ? "mail.folder.deleteForGoodText" : "mail.folder.deleteText")}</Text>,
      labels: { confirm: t(inTrash ? "mail.deleteForGood" : "mail.folder.delete"), cancel: t("app.cancel") },
      confirmProps: { color: "red", variant: "filled" },
      onConfirm: () => void call("folder.delete", { id: folder.id, ...(inTrash && { forGood: true }) }),
    });
  const whole = {
    list: { place: { at: "folder" as const, folderId: folder.id }, conversations: false, filter: "all" as const },
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- moving by keys and menu is beside it
    <div
      className={classes.folderRow}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!takes(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "move";
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const mail = takes(event);
        if (!mail) return;
        event.preventDefault();
        void actions.moveToFolder(mail.targets, folder.id, name);
      }}
    >
      <FolderLine
        name={name}
        icon={<FolderIcon role={folder.role} />}
        count={count}
        here={here}
        depth={depth}
        open={props.open}
      />
      {mayEdit && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={24} className={classes.folderMenu} aria-label={t("mail.folder.menu", { name })}>
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              disabled={count === 0}
              onClick={() => void actions.update(whole, { seen: true }, "mail.done.read")}
            >
              {t("mail.folder.allRead")}
            </Menu.Item>
            {empties && (
              <Menu.Item color="red" disabled={total === 0} onClick={() => actions.deleteForGood(whole, total)}>
                {t("mail.folder.empty")}
              </Menu.Item>
            )}
            {folder.role !== "drafts" && folder.role !== "outbox" && (
              <Menu.Item onClick={() => void importInto(folder.id, name)}>{t("mail.import")}</Menu.Item>
            )}
            <Menu.Item disabled={total === 0} onClick={() => void saveAll(folder.id, name)}>
              {t("mail.export")}
            </Menu.Item>
            {!inTrash && folder.role !== "trash" && folder.role !== "drafts" && folder.role !== "outbox" && (
              <Menu.Item onClick={() => ask({ kind: "create", mailboxId: folder.mailboxId, parentId: folder.id })}>
                {t("mail.folder.newBelow")}
              </Menu.Item>
            )}
            {isOwn && (
              <>
                <Menu.Item onClick={() => ask({ kind: "rename", folder })}>{t("mail.folder.rename")}</Menu.Item>
                <Menu.Item onClick={() => ask({ kind: "move", folder })}>{t("mail.folder.move")}</Menu.Item>
                <Menu.Divider />
                <Menu.Item color="red" onClick={remove}>
                  {t(inTrash ? "mail.deleteForGood" : "mail.folder.delete")}
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  );
}
