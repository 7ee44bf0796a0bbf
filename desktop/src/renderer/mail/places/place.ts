import type { MailBoxes, MailCounts, MailList, MailPlace, ReplicaFolder } from "#contract";
import { folderRoles, type FolderRole, type MailboxDoc, type MailSettingsDoc } from "@kontor/shared/mail";

/** Where a list looks, as it stands in the address: a role in all mailboxes, a mark, or one folder. */
const MARKS = ["flagged", "snoozed", "followUp", "assigned"] as const;
export type Mark = (typeof MARKS)[number];

export function placeOf(text: string | undefined): MailPlace {
  const role = folderRoles.find((each) => each === text);
  if (role) return { at: "role", role };
  const mark = MARKS.find((each) => each === text);
  if (mark) return { at: mark };
  const [, folderId] = /^f-([0-9a-f-]{36})$/.exec(text ?? "") ?? [];
  return folderId ? { at: "folder", folderId } : { at: "role", role: "inbox" };
}

export function placeText(place: MailPlace): string {
  if (place.at === "folder") return `f-${place.folderId}`;
  return place.at === "role" ? place.role : place.at;
}

/** What role a place has, if it has one: of a folder, what lies in it is treated by. */
export function roleOfPlace(place: MailPlace, boxes: MailBoxes | undefined): FolderRole | undefined {
  if (place.at === "role") return place.role;
  return place.at === "folder" ? roleOfFolder(place.folderId, boxes?.folders ?? []) : undefined;
}

/** Its own role; of a folder that was made, the trash's when it lies there at any depth. */
export function roleOfFolder(folderId: string, folders: readonly ReplicaFolder[]): FolderRole | undefined {
  const find = (wanted: string | undefined) => folders.find(({ id }) => id === wanted);
  const folder = find(folderId);
  if (folder?.role !== undefined) return folder.role;
  const seen = new Set<ReplicaFolder>(); // two moves without a network may have made a ring of them
  for (let each = folder; each && !seen.has(each); each = find(each.parentId)) {
    if (each.role === "trash") return "trash";
    seen.add(each);
  }
  return undefined;
}

/** The mailbox that is looked at; undefined: all of them. */
export const mailboxOfPlace = (place: MailPlace, boxes: MailBoxes | undefined): string | undefined =>
  place.at === "folder" ? boxes?.folders.find(({ id }) => id === place.folderId)?.mailboxId : undefined;

/** The same role in another mailbox, or in all of them. */
export function placeIn(role: FolderRole, mailboxId: string | undefined, boxes: MailBoxes): MailPlace {
  const folder = boxes.folders.find((each) => each.role === role && each.mailboxId === mailboxId);
  return folder ? { at: "folder", folderId: folder.id } : { at: "role", role };
}

/** Drafts and what is about to leave are single messages; marks lie wherever they lie. */
export const isFlatPlace = (place: MailPlace, role: FolderRole | undefined): boolean =>
  role === "drafts" || role === "outbox" || (place.at !== "folder" && place.at !== "role" && place.at !== "snoozed");

export const listOfPlace = (
  place: MailPlace,
  boxes: MailBoxes | undefined,
  settings: Pick<MailSettingsDoc, "conversations"> | undefined,
  filter: MailList["filter"],
): MailList => ({
  place,
  conversations: (settings?.conversations ?? true) && !isFlatPlace(place, roleOfPlace(place, boxes)),
  filter,
});

/* ---------- folders as a tree ---------- */

export interface FolderNode {
  readonly folder: ReplicaFolder;
  readonly depth: number;
  /** Deleted with a folder: what is deleted there is gone for good. */
  readonly inTrash: boolean;
}

/** The mailbox's own first, in the order in which one works; then those that were made, by name, each with what is in it. */
export function treeOf(folders: readonly ReplicaFolder[], mailboxId: string, locale: string): readonly FolderNode[] {
  const own = folders.filter((folder) => folder.mailboxId === mailboxId);
  const byParent = Map.groupBy(own, ({ parentId }) =>
    parentId !== undefined && own.some(({ id }) => id === parentId) ? parentId : "",
  );
  const ordered = (list: readonly ReplicaFolder[]) =>
    list.toSorted((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name, locale));
  const below = (parentId: string, above: readonly ReplicaFolder[]): readonly FolderNode[] =>
    ordered(byParent.get(parentId) ?? []).flatMap((folder) =>
      above.includes(folder)
        ? []
        : [
            { folder, depth: above.length, inTrash: above.some(({ role }) => role === "trash") },
            ...below(folder.id, [...above, folder]),
          ],
    );
  return below("", []);
}

const rankOf = ({ role }: ReplicaFolder): number =>
  role === undefined ? folderRoles.length : folderRoles.indexOf(role);

/** One's own first, then shared ones, then accounts elsewhere. */
export const mailboxesInOrder = (mailboxes: readonly MailboxDoc[], myId: string): readonly MailboxDoc[] =>
  mailboxes.toSorted((a, b) => rank(a, myId) - rank(b, myId) || a.name.localeCompare(b.name));

const rank = ({ kind, ownerId }: MailboxDoc, myId: string): number =>
  kind === "personal" ? (ownerId === myId ? 0 : 2) : kind === "shared" ? 1 : 3;

/** What stands beside a folder: what is to be read; of drafts and what is about to leave, all of it. */
export function badgeOf(role: FolderRole | undefined, counts: MailCounts | undefined, conversations: boolean): number {
  if (!counts || role === "sent" || role === "trash" || role === "junk") return 0;
  if (role === "drafts" || role === "outbox") return counts.total;
  return conversations ? counts.unreadThreads : counts.unread;
}

export function unreadInInboxes(boxes: MailBoxes | undefined, conversations: boolean): number {
  return (boxes?.folders ?? [])
    .filter(({ role }) => role === "inbox")
    .reduce((sum, { id, role }) => sum + badgeOf(role, boxes?.counts[id], conversations), 0);
}
