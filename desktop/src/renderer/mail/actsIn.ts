import type { FolderRole } from "@kontor/shared/mail";

/** How what lies in a place of this role can be put elsewhere. Buttons, menus and keys ask here, so that they offer the same. */
export function actsIn(role: FolderRole | undefined) {
  const isHidden = role === "trash" || role === "junk";
  // What is about to leave stays until it has left, or is called back.
  if (role === "outbox")
    return { move: false, archive: false, toInbox: false, snooze: false, junk: false, trash: false, forGood: false };
  return {
    move: true,
    archive: role !== "archive" && role !== "trash",
    toInbox: isHidden || role === "archive",
    snooze: !isHidden,
    junk: role !== "junk" && role !== "sent",
    trash: !isHidden,
    /** Instead of into the trash. */
    forGood: isHidden,
  };
}
