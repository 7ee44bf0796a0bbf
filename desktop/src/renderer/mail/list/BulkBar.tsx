import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import {
  IconArchive,
  IconArrowsJoin,
  IconClock,
  IconDots,
  IconFlag,
  IconFolderSymlink,
  IconInbox,
  IconMail,
  IconMailOpened,
  IconTag,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MailBoxes, MailList, MailTargets } from "#contract";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { actsIn } from "../actsIn.ts";
import { askMail } from "../mail.requests.ts";
import { mailboxOfPlace, roleOfPlace } from "../places/place.ts";
import { useMailActions } from "../useMailActions.tsx";
import classes from "./list.module.css";

/** What can be done with all that is chosen; each of it can be undone in one step. */
export function BulkBar(props: {
  readonly list: MailList;
  readonly boxes: MailBoxes;
  readonly count: number;
  readonly total: number;
  readonly targets: MailTargets;
  readonly chooseAll: () => void;
  readonly clear: () => void;
  /** They are put away: nothing of them is to be chosen or open any more. */
  readonly done: () => void;
}) {
  const { boxes, clear, count, done, list, targets, total } = props;
  const { t } = useWords();
  const { call } = useReplica();
  const actions = useMailActions();
  const role = roleOfPlace(list.place, boxes);
  const acts = actsIn(role);
  const mailboxId = mailboxOfPlace(list.place, boxes);
  const folderId = list.place.at === "folder" ? list.place.folderId : undefined;
  const button = (name: string, icon: ReactNode, act: () => void) => (
    <Tooltip label={name}>
      <ActionIcon aria-label={name} onClick={act}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
  const away = (isDone: Promise<boolean>) => void isDone.then((was) => was && done());
  const stay = (isDone: Promise<boolean>) => void isDone.then((was) => was && clear());
  const item = (name: string, icon: ReactNode, act: () => void) => (
    <Menu.Item leftSection={icon} onClick={act}>
      {name}
    </Menu.Item>
  );
  return (
    <div className={classes.bulk} role="toolbar" aria-label={t("mail.bulk")}>
      <ActionIcon aria-label={t("mail.bulk.clear")} onClick={clear}>
        <IconX size={16} />
      </ActionIcon>
      <span className={classes.bulkCount} role="status">
        {t("mail.bulk.count", { count })}
      </span>
      {count < total && (
        <Button size="compact-xs" variant="subtle" onClick={props.chooseAll}>
          {t("mail.bulk.all", { count: total })}
        </Button>
      )}
      <span className={classes.push} />
      {acts.archive &&
        button(t("mail.archive"), <IconArchive size={16} />, () => away(actions.moveTo(targets, "archive")))}
      {acts.toInbox &&
        button(t(role === "junk" ? "mail.notJunk" : "mail.toInbox"), <IconInbox size={16} />, () =>
          away(actions.moveTo(targets, "inbox")),
        )}
      {acts.forGood &&
        button(t("mail.deleteForGood"), <IconTrash size={16} />, () => actions.deleteForGood(targets, count, done))}
      {acts.trash && button(t("mail.trash"), <IconTrash size={16} />, () => away(actions.moveTo(targets, "trash")))}
      {button(t("mail.markRead"), <IconMailOpened size={16} />, () =>
        stay(actions.update(targets, { seen: true }, "mail.done.read")),
      )}
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon aria-label={t("mail.more")}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {item(t("mail.markUnread"), <IconMail size={15} />, () =>
            stay(actions.update(targets, { seen: false }, "mail.done.unread")),
          )}
          {item(t("mail.flag"), <IconFlag size={15} />, () =>
            stay(actions.update(targets, { flagged: true }, "mail.done.flagged")),
          )}
          {item(t("mail.label"), <IconTag size={15} />, () => askMail({ ask: "label", targets }))}
          {acts.snooze &&
            item(t("mail.snooze"), <IconClock size={15} />, () =>
              askMail({ ask: "snooze", targets, mailboxId, after: done }),
            )}
          {count > 1 &&
            item(
              t("mail.join"),
              <IconArrowsJoin size={15} />,
              () =>
                void call("mail.regroup", { targets }).then(() => {
                  notifications.show({ message: t("mail.done.joined") });
                  clear();
                }),
            )}
          {acts.move &&
            mailboxId !== undefined &&
            item(t("mail.move"), <IconFolderSymlink size={15} />, () =>
              askMail({ ask: "move", targets, mailboxId, folderId, after: done }),
            )}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
