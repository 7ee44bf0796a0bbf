import type { MailBoxes, MailList, MailRow, MailTargets } from "#contract";
import { useShortcuts } from "../../app/index.ts";
import { roleOfPlace } from "../places/place.ts";
import { useMailActions } from "../useMailActions.tsx";
import { askMail } from "../mail.requests.ts";

/** Keys that sort: about what is chosen, or else about the row that is open. */
export function useListKeys(props: {
  readonly list: MailList;
  readonly boxes: MailBoxes;
  readonly targets: { readonly of: MailTargets; readonly count: number } | undefined;
  readonly row: MailRow | undefined;
  readonly goOn: () => void;
}): void {
  const { boxes, goOn, list, row, targets } = props;
  const actions = useMailActions();
  const role = roleOfPlace(list.place, boxes);
  const isHidden = role === "trash" || role === "junk";
  const withTargets = (act: (of: MailTargets, count: number) => void) =>
    targets ? () => act(targets.of, targets.count) : undefined;
  const away = (to: "archive" | "junk" | "trash" | "inbox") =>
    withTargets((of) => void actions.moveTo(of, to).then((done) => done && goOn()));
  const remove = isHidden ? withTargets((of, count) => actions.deleteForGood(of, count, goOn)) : away("trash");

  useShortcuts({
    mailArchive: role === "archive" ? away("inbox") : away("archive"),
    mailTrash: remove,
    mailDelete: remove,
    mailJunk: role === "junk" ? away("inbox") : away("junk"),
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
    mailSnooze: withTargets((of) => askMail({ ask: "snooze", targets: of, after: goOn })),
    mailLabel: withTargets((of) => askMail({ ask: "label", targets: of })),
    mailMove: withTargets((of) =>
      askMail({ ask: "move", targets: of, mailboxId: row?.mailboxId ?? boxes.mailboxes[0]?.id ?? "", after: goOn }),
    ),
    mailUndo: () => actions.undoLast(),
  });
}
