import { Menu } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import type { MailBoxes, MailPlace } from "#contract";
import { folderRoles } from "@kontor/shared/mail";
import { useDirectory } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";
import { FolderIcon, markIcons, markWords, roleWords } from "./folder.icons.tsx";
import { badgeOf, mailboxesInOrder, mailboxOfPlace, placeIn, roleOfPlace, treeOf, type Mark } from "./place.ts";
import { useFolderName, usePlaceName } from "./usePlaceName.ts";
import classes from "./places.module.css";

interface PlaceMenuProps {
  readonly place: MailPlace;
  readonly boxes: MailBoxes;
  readonly go: (place: MailPlace) => void;
}

const MARKS: readonly Mark[] = ["flagged", "snoozed", "followUp", "assigned"];

/** Where one is; and from there to any other folder of what one looks at. */
export function PlaceMenu({ boxes, conversations, go, place }: PlaceMenuProps & { readonly conversations: boolean }) {
  const { t, locale } = useWords();
  const nameOf = usePlaceName();
  const folderName = useFolderName();
  const mailboxId = mailboxOfPlace(place, boxes);
  const countOf = (at: Mark) =>
    ({ flagged: boxes.flagged, snoozed: boxes.snoozed, followUp: boxes.followUps, assigned: boxes.assigned })[at];
  const item = (key: string, name: string, icon: React.ReactNode, count: number, to: MailPlace, depth = 0) => (
    <Menu.Item
      key={key}
      leftSection={icon}
      rightSection={count > 0 && <span className={classes.menuCount}>{count}</span>}
      style={{ paddingLeft: 10 + depth * 14 }}
      onClick={() => go(to)}
    >
      {name}
    </Menu.Item>
  );
  const hereName = nameOf(place, boxes);
  return (
    <Menu position="bottom-start" width={240} keepMounted={false}>
      <Menu.Target>
        <button type="button" className={classes.placeName} title={hereName}>
          <h2>{hereName}</h2>
          <IconChevronDown size={14} aria-label={t("mail.folders.choose")} />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={classes.placeMenu}>
        {mailboxId === undefined
          ? folderRoles.map((role) =>
              item(
                role,
                t(roleWords[role]),
                <FolderIcon role={role} />,
                boxes.folders
                  .filter((folder) => folder.role === role)
                  .reduce((sum, { id }) => sum + badgeOf(role, boxes.counts[id], conversations), 0),
                { at: "role", role },
              ),
            )
          : treeOf(boxes.folders, mailboxId, locale).map(({ depth, folder }) =>
              item(
                folder.id,
                folderName(folder),
                <FolderIcon role={folder.role} />,
                badgeOf(folder.role, boxes.counts[folder.id], conversations),
                { at: "folder", folderId: folder.id },
                depth,
              ),
            )}
        <Menu.Divider />
        {MARKS.map((at) => {
          const Icon = markIcons[at];
          return item(at, t(markWords[at]), <Icon size={15} stroke={1.6} aria-hidden />, countOf(at), { at });
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

/** All mailboxes or one of them; nothing to choose where there is only one. */
export function MailboxMenu({ boxes, go, place }: PlaceMenuProps) {
  const { t } = useWords();
  const { myId } = useDirectory();
  const chosen = mailboxOfPlace(place, boxes);
  const role = roleOfPlace(place, boxes) ?? "inbox";
  if (boxes.mailboxes.length < 2) return null;
  const name = boxes.mailboxes.find(({ id }) => id === chosen)?.name ?? t("mail.allMailboxes");
  const item = (id: string | undefined, label: string, detail?: string) => (
    <Menu.Item
      key={id ?? ""}
      leftSection={<IconCheck size={14} style={{ visibility: id === chosen ? "visible" : "hidden" }} />}
      onClick={() => go(id === undefined ? { at: "role", role } : placeIn(role, id, boxes))}
    >
      {label}
      {detail && <small className={classes.menuDetail}>{detail}</small>}
    </Menu.Item>
  );
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <button type="button" className={classes.scope} aria-label={t("mail.mailboxChosen", { name })}>
          <span>{name}</span>
          <IconChevronDown size={13} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {item(undefined, t("mail.allMailboxes"))}
        {mailboxesInOrder(boxes.mailboxes, myId).map(({ address, id, name: label }) => item(id, label, address))}
      </Menu.Dropdown>
    </Menu>
  );
}
