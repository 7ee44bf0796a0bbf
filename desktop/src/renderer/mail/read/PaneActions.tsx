import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAlertOctagon,
  IconAppWindow,
  IconBellRinging,
  IconDots,
  IconFilter,
  IconFlag,
  IconFolderSymlink,
  IconInbox,
  IconLink,
  IconMail,
  IconMailForward,
  IconPrinter,
  IconTag,
  IconTrash,
} from "@tabler/icons-react";
import type { MailBoxes, MailTargets, MailThread, ReplicaMessage } from "#contract";
import type { FolderRole } from "@kontor/shared/mail";
import { go } from "../../app/route.ts";
import { useTypes } from "../../replica/index.ts";
import { TypeIcon } from "../../ui/index.ts";
import { useWords } from "../../words/index.ts";
import { actsIn } from "../actsIn.ts";
import { askMail } from "../mail.requests.ts";
import { roleOfFolder } from "../places/place.ts";
import { useMailActions } from "../useMailActions.tsx";
import { AssignMenu } from "./AssignMenu.tsx";

export interface PaneActionsProps {
  readonly messages: readonly ReplicaMessage[];
  /** Those that are put away, the newest last: never none. */
  readonly here: readonly ReplicaMessage[];
  readonly newest: ReplicaMessage;
  readonly thread: MailThread;
  readonly boxes: MailBoxes;
  readonly inOwnWindow: boolean;
  readonly onGone: () => void;
  /** Absent: there is nothing to send on. */
  readonly redirect: (() => void) | undefined;
}

/** What can be done with a conversation: the frequent as buttons, the rest in a menu. */
export function PaneActions(props: PaneActionsProps) {
  const { boxes, here, newest, onGone } = props;
  const { t } = useWords();
  const actions = useMailActions();
  const lead = here.at(-1) ?? newest;
  const role = roleOfFolder(lead.folderId, boxes.folders);
  const acts = actsIn(role);
  const mailbox = boxes.mailboxes.find(({ id }) => id === newest.mailboxId);
  const mayEdit = mailbox?.can.includes("edit") ?? false;
  const targets: MailTargets = { ids: here.map(({ id }) => id) };
  const moveTo = (to: FolderRole) => void actions.moveTo(targets, to).then((hasMoved) => hasMoved && onGone());
  return (
    <>
      {mayEdit && (
        <>
          {mailbox?.kind === "shared" && <AssignMenu mailbox={mailbox} message={lead} />}
          {acts.archive && <Button onClick={() => moveTo("archive")}>{t("mail.archive")}</Button>}
          {acts.toInbox && (
            <Button leftSection={<IconInbox size={14} />} onClick={() => moveTo("inbox")}>
              {t(role === "junk" ? "mail.notJunk" : "mail.toInbox")}
            </Button>
          )}
          {acts.snooze && (
            <Button onClick={() => askMail({ ask: "snooze", targets, mailboxId: lead.mailboxId, after: onGone })}>
              {t("mail.snooze")}
            </Button>
          )}
          <LinkMenu threadId={props.thread.threadId} messageId={newest.id} />
        </>
      )}
      <Menu position="bottom-end" width={240} keepMounted={false}>
        <Menu.Target>
          <Tooltip label={t("mail.more")}>
            <ActionIcon variant="default" aria-label={t("mail.more")}>
              <IconDots size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {mayEdit && <SortingItems {...props} acts={acts} lead={lead} targets={targets} moveTo={moveTo} />}
          <OtherItems {...props} maySend={mailbox?.can.includes("send") ?? false} />
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function LinkMenu({ messageId, threadId }: { readonly messageId: string; readonly threadId: string }) {
  const { t, label } = useWords();
  const types = useTypes();
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button leftSection={<IconLink size={14} />}>{t("mail.link")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLink size={15} />} onClick={() => askMail({ ask: "link", threadId })}>
          {t("mail.link.existing")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("mail.link.create")}</Menu.Label>
        {types.list.map((type) => (
          <Menu.Item
            key={type.name}
            leftSection={<TypeIcon name={type.icon} size={15} />}
            onClick={() => askMail({ ask: "record", type: type.name, threadId, messageId })}
          >
            {label(type.label)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function SortingItems(
  props: PaneActionsProps & {
    readonly acts: ReturnType<typeof actsIn>;
    readonly lead: ReplicaMessage;
    readonly targets: MailTargets;
    readonly moveTo: (role: FolderRole) => void;
  },
) {
  const { acts, here, lead, messages, moveTo, onGone, targets } = props;
  const { t } = useWords();
  const actions = useMailActions();
  const all: MailTargets = { ids: messages.map(({ id }) => id) };
  const one: MailTargets = { ids: [lead.id] };
  const isFlagged = messages.some(({ flagged }) => flagged);
  return (
    <>
      <Menu.Item
        leftSection={<IconMail size={15} />}
        onClick={() =>
          void actions.update(one, { seen: false }, "mail.done.unread", { quietForOne: true }).then(onGone)
        }
      >
        {t("mail.markUnread")}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconFlag size={15} />}
        onClick={() =>
          void (isFlagged
            ? actions.update(all, { flagged: false }, "mail.done.unflagged", { quietForOne: true })
            : actions.update(one, { flagged: true }, "mail.done.flagged", { quietForOne: true }))
        }
      >
        {t(isFlagged ? "mail.unflag" : "mail.flag")}
      </Menu.Item>
      <Menu.Item leftSection={<IconTag size={15} />} onClick={() => askMail({ ask: "label", targets: all })}>
        {t("mail.label")}
      </Menu.Item>
      {acts.move && (
        <Menu.Item
          leftSection={<IconFolderSymlink size={15} />}
          onClick={() => {
            const { folderId, mailboxId } = lead;
            askMail({ ask: "move", targets, mailboxId, folderId, after: onGone });
          }}
        >
          {t("mail.move")}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconBellRinging size={15} />} onClick={() => askMail({ ask: "followUp", targets: one })}>
        {t("mail.followUp.set")}
      </Menu.Item>
      <Menu.Divider />
      {acts.junk && (
        <Menu.Item leftSection={<IconAlertOctagon size={15} />} onClick={() => moveTo("junk")}>
          {t("mail.junk")}
        </Menu.Item>
      )}
      {(acts.forGood || acts.trash) && (
        <Menu.Item
          color="red"
          leftSection={<IconTrash size={15} />}
          onClick={() => (acts.forGood ? actions.deleteForGood(targets, here.length, onGone) : moveTo("trash"))}
        >
          {t(acts.forGood ? "mail.deleteForGood" : "mail.trash")}
        </Menu.Item>
      )}
      <Menu.Divider />
    </>
  );
}

function OtherItems(props: PaneActionsProps & { readonly maySend: boolean }) {
  const { inOwnWindow, maySend, messages, redirect, thread } = props;
  const { t } = useWords();
  return (
    <>
      {maySend && redirect && (
        <Menu.Item leftSection={<IconMailForward size={15} />} onClick={redirect}>
          {t("mail.redirect")}
        </Menu.Item>
      )}
      {!inOwnWindow && (
        <Menu.Item
          leftSection={<IconAppWindow size={15} />}
          onClick={() => void window.kontor.openMailWindow({ kind: "thread", id: thread.threadId })}
        >
          {t("app.key.ownWindow")}
        </Menu.Item>
      )}
      <Menu.Item
        leftSection={<IconPrinter size={15} />}
        onClick={() => askMail({ ask: "print", ids: messages.map(({ id }) => id) })}
      >
        {t("mail.print")}
      </Menu.Item>
      <Menu.Item leftSection={<IconFilter size={15} />} onClick={() => go({ at: "mailSettings", id: "rules" })}>
        {t("mail.rules")}
      </Menu.Item>
    </>
  );
}
