import type { MailBoxes, MailRow, MailTargets } from "#contract";
import type { FolderRole } from "@kontor/shared/mail";
import { useShortcuts } from "../../app/index.ts";
import { actsIn } from "../actsIn.ts";
import { useMailActions } from "../useMailActions.tsx";
import { askMail } from "../mail.requests.ts";

/** Keys that sort: about what is chosen, or else about the row that is open. */
export function useListKeys(props: {
  /** Of where the targets lie. */
  readonly role: FolderRole | undefined;
  /** The folder in which they all lie, if it is one. */
  readonly folderId: string | undefined;
  readonly boxes: MailBoxes;
  readonly targets: { readonly of: MailTargets; readonly count: number } | undefined;
  readonly row: MailRow | undefined;
  readonly goOn: () => void;
}): void {
  const { boxes, folderId, goOn, role, row, targets } = props;
  const actions = useMailActions();
  const acts = actsIn(role);
  const withTargets = (act: (of: MailTargets, count: number) => void) =>
    targets ? () => act(targets.of, targets.count) : undefined;
  const away = (to: "archive" | "junk" | "trash" | "inbox") =>
    withTargets((of) => void actions.moveTo(of, to).then((done) => done && goOn()));
  const forGood = withTargets((of, count) => actions.deleteForGood(of, count, goOn));
  const remove = acts.forGood ? forGood : acts.trash ? away("trash") : undefined;

  useShortcuts({
    mailArchive: acts.archive ? away("archive") : role === "archive" ? away("inbox") : undefined,
    mailTrash: remove,
    mailDelete: remove,
    mailJunk: acts.junk ? away("junk") : role === "junk" ? away("inbox") : undefined,
    mailUnread: withTargets(
      (of) =>
        void actions.update(
          of,
          { seen: row !== undefined && row.unread > 0 },
          row !== undefined && row.unread > 0 ? "mail.done.read" : "mail.done.unread",
          { quietForOne: true },
        ),
    ),
    mailFlag: withTargets(
      (of) =>
        void actions.update(
          of,
          { flagged: !(row?.flagged ?? false) },
          row?.flagged ? "mail.done.unflagged" : "mail.done.flagged",
          {
            quietForOne: true,
          },
        ),
    ),
    mailSnooze: acts.snooze
      ? withTargets((of) => askMail({ ask: "snooze", targets: of, mailboxId: row?.mailboxId, after: goOn }))
      : undefined,
    mailLabel: withTargets((of) => askMail({ ask: "label", targets: of })),
    mailMove: acts.move
      ? withTargets((of) => {
          const mailboxId = row?.mailboxId ?? boxes.mailboxes[0]?.id ?? "";
          askMail({ ask: "move", targets: of, mailboxId, folderId, after: goOn });
        })
      : undefined,
    mailUndo: () => actions.undoLast(),
  });
}
