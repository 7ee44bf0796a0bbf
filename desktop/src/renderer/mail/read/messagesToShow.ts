import type { MailBoxes, MailThread, ReplicaMessage } from "#contract";
import { isDraft } from "@kontor/shared/mail";
import { roleOfFolder } from "../places/place.ts";

export interface Shown {
  readonly boxes: MailBoxes;
  /** One message alone, with the drafts that answer it. */
  readonly messageId?: string | undefined;
  /** The folder that one came from. */
  readonly folderId?: string | undefined;
}

/**
 * What is put away, and by whose place the buttons go: what lies in the folder that one came from. Else, in a window of its own,
 * where the newest lies that came in: what one sent stays where it is.
 */
export function actedOn(messages: readonly ReplicaMessage[], folderId: string | undefined): readonly ReplicaMessage[] {
  const lead =
    messages.find((each) => each.folderId === folderId) ??
    messages.findLast(({ send }) => send === undefined) ??
    messages.at(-1);
  return messages.filter((each) => each.folderId === lead?.folderId);
}

/** What lies in trash and junk belongs to its conversation only for who comes from there, or when nothing else is left. */
export function messagesToShow(thread: MailThread, { boxes, folderId, messageId }: Shown): readonly ReplicaMessage[] {
  if (messageId !== undefined) {
    const drafts = thread.messages.filter((each) => isDraft(each) && each.draft?.sourceId === messageId);
    return [...thread.messages.filter(({ id }) => id === messageId), ...drafts];
  }
  const isHidden = (id: string) => {
    const role = roleOfFolder(id, boxes.folders);
    return role === "trash" || role === "junk";
  };
  const shown = thread.messages.filter((each) => each.folderId === folderId || !isHidden(each.folderId));
  return shown.length > 0 ? shown : thread.messages;
}
