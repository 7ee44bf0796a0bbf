import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import { notifications } from "@mantine/notifications";
import type { CommandInput, MailTargets } from "#contract";
import type { FolderRole } from "@kontor/shared/mail";
import { useFailureWords, useReplica } from "../replica/index.ts";
import { complain } from "../ui/index.ts";
import { useWords, type WordKey } from "../words/index.ts";
import { DoneNotice } from "./DoneNotice.tsx";

export type MailChange = CommandInput<"mail.update">["change"];

export interface MailActions {
  /** Does it to all of them, says what was done, and offers to undo it. True when something changed. */
  update(targets: MailTargets, change: MailChange, done: WordKey, more?: Options): Promise<boolean>;
  moveTo(targets: MailTargets, role: FolderRole): Promise<boolean>;
  moveToFolder(targets: MailTargets, folderId: string, name: string): Promise<boolean>;
  /** Asks first. */
  deleteForGood(targets: MailTargets, count: number, after?: () => void): void;
  undoLast(): void;
}
interface Options {
  readonly moveTo?: FolderRole;
  /** Said only when it is about many: one's own eyes see that a flag is set. */
  readonly quietForOne?: boolean;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** The last act that can be undone, whichever view did it. */
let lastUndo: string | undefined;
const rememberUndo = (token: string | undefined): void => void (lastUndo = token);
const NOTICE_ID = "mail-done";
const MANY = 500; // below it is there before a notice could be read
const UNDO_MS = 10_000;
/** Whoever moved thousands looks round before they know that they did not mean it. */
const UNDO_MANY_MS = 30_000;

const DONE = {
  archive: "mail.done.archived",
  junk: "mail.done.junk",
  trash: "mail.done.trashed",
  inbox: "mail.done.inbox",
  drafts: "mail.done.moved",
  outbox: "mail.done.moved",
  sent: "mail.done.moved",
} as const satisfies Record<FolderRole, WordKey>;

export function useMailActions(): MailActions {
  const { call } = useReplica();
  const { t } = useWords();
  const failureWords = useFailureWords();

  async function undo(token: string): Promise<void> {
    rememberUndo(undefined);
    notifications.hide(NOTICE_ID);
    try {
      const { count } = await call("mail.undo", { undo: token });
      notifications.show({ id: NOTICE_ID, message: t("mail.undone", { count }), autoClose: 3_000 });
    } catch (error) {
      complain(failureWords(error));
    }
  }

  async function update(
    targets: MailTargets,
    change: MailChange,
    done: WordKey,
    { moveTo, params = {}, quietForOne = false }: Options = {},
  ): Promise<boolean> {
    try {
      if (await isLong(targets)) showProgress(t("mail.working"));
      const { count, undo: token } = await call("mail.update", {
        targets,
        change,
        ...(moveTo === undefined ? {} : { moveTo }),
      });
      notifications.hide(NOTICE_ID);
      if (!token) return false;
      rememberUndo(token);
      if (quietForOne && count === 1) return true;
      notifications.show({
        id: NOTICE_ID,
        message: <DoneNotice words={done} params={{ count, ...params }} undo={() => void undo(token)} />,
        autoClose: count > MANY ? UNDO_MANY_MS : UNDO_MS,
      });
      return true;
    } catch (error) {
      notifications.hide(NOTICE_ID);
      complain(failureWords(error));
      return false;
    }
  }

  async function isLong(targets: MailTargets): Promise<boolean> {
    if ("ids" in targets) return targets.ids.length > MANY;
    return (await call("mail.count", { targets })).count > MANY;
  }

  return {
    update,
    moveTo: (targets, role) => update(targets, {}, DONE[role], { moveTo: role }),
    moveToFolder: (targets, folderId, name) => update(targets, { folderId }, "mail.done.movedTo", { params: { name } }),
    deleteForGood(targets, count, after) {
      modals.openConfirmModal({
        title: t("mail.delete.title", { count }),
        children: <Text size="sm">{t("mail.delete.text")}</Text>,
        labels: { confirm: t("mail.delete.confirm"), cancel: t("app.cancel") },
        confirmProps: { color: "red", variant: "filled" },
        onConfirm: () =>
          void call("mail.delete", { targets }).then(
            ({ count: done }) => {
              notifications.show({ message: t("mail.done.deleted", { count: done }) });
              after?.();
            },
            (error: unknown) => complain(failureWords(error)),
          ),
      });
    },
    undoLast() {
      if (lastUndo) void undo(lastUndo);
    },
  };
}

const showProgress = (message: string) =>
  notifications.show({ id: NOTICE_ID, loading: true, autoClose: false, message });
