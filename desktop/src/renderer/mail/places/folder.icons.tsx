import {
  IconAlertOctagon,
  IconArchive,
  IconBellRinging,
  IconClock,
  IconFlag,
  IconFolder,
  IconInbox,
  IconMailUp,
  IconPencil,
  IconSend,
  IconTrash,
  IconUserCheck,
  type Icon,
} from "@tabler/icons-react";
import type { FolderRole } from "@kontor/shared/mail";
import type { WordKey } from "../../words/index.ts";
import type { Mark } from "./place.ts";

const roleIcons: Readonly<Record<FolderRole, Icon>> = {
  inbox: IconInbox,
  drafts: IconPencil,
  outbox: IconMailUp,
  sent: IconSend,
  archive: IconArchive,
  junk: IconAlertOctagon,
  trash: IconTrash,
};
export const markIcons: Readonly<Record<Mark, Icon>> = {
  flagged: IconFlag,
  snoozed: IconClock,
  followUp: IconBellRinging,
  assigned: IconUserCheck,
};

export function FolderIcon({ role, size = 15 }: { readonly role: FolderRole | undefined; readonly size?: number }) {
  const Found = role === undefined ? IconFolder : roleIcons[role];
  return <Found size={size} stroke={1.6} aria-hidden />;
}

/** The mailbox's own folders are called in the reader's language, whatever the server calls them. */
export const roleWords = {
  inbox: "mail.role.inbox",
  drafts: "mail.role.drafts",
  outbox: "mail.role.outbox",
  sent: "mail.role.sent",
  archive: "mail.role.archive",
  junk: "mail.role.junk",
  trash: "mail.role.trash",
} as const satisfies Record<FolderRole, WordKey>;

export const markWords = {
  flagged: "mail.mark.flagged",
  snoozed: "mail.mark.snoozed",
  followUp: "mail.mark.followUp",
  assigned: "mail.mark.assigned",
} as const satisfies Record<Mark, WordKey>;
