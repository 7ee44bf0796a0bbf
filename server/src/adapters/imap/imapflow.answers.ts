import type { ListResponse, StatusObject } from "imapflow";
import type { FolderRole } from "@kontor/shared/mail";
import { marksOf, type FetchedSource, type FolderStatus, type RemoteFolder } from "#mail";

/** What the library tells, in the words of our port. */

const ROLES: Readonly<Record<string, FolderRole | "all" | "view">> = {
  "\\Inbox": "inbox",
  "\\Drafts": "drafts",
  "\\Sent": "sent",
  "\\Archive": "archive",
  "\\Junk": "junk",
  "\\Trash": "trash",
  "\\All": "all",
  "\\Flagged": "view",
  "\\Important": "view",
};

export function folderOf(entry: ListResponse, prefix: string): RemoteFolder {
  const inner = prefix !== "" && entry.path.startsWith(prefix) ? entry.path.slice(prefix.length) : entry.path;
  const names = entry.delimiter ? inner.split(entry.delimiter).filter((name) => name !== "") : [inner];
  const role = entry.flags.has("\\Important") ? "view" : ROLES[entry.specialUse ?? ""];
  const status = statusOf(entry.status);
  // Dovecot 2.3 leaves \\Noselect out when it is asked for the status, too, and then gives none (RFC 5819 §2).
  const holdsMessages = !entry.flags.has("\\Noselect") && status !== undefined;
  return { path: entry.path, names, role, holdsMessages, status };
}

function statusOf(status: StatusObject | undefined): FolderStatus | undefined {
  if (status?.uidValidity === undefined || status.uidNext === undefined || status.messages === undefined)
    return undefined;
  return {
    uidValidity: Number(status.uidValidity),
    uidNext: status.uidNext,
    messages: status.messages,
    unseen: status.unseen ?? 0,
    highestModseq: status.highestModseq?.toString(),
  };
}

export function sourceOf(
  row: { readonly uid: number; flags?: Set<string> | undefined; internalDate?: Date | string | undefined },
  source: Buffer,
): FetchedSource {
  return { uid: row.uid, ...marksOf(row.flags ?? []), source, receivedAt: isoOf(row.internalDate) };
}

/** A server that has no date for it, or an impossible one, has it from now: lists need one. */
export function isoOf(date: Date | string | undefined): string {
  const parsed = new Date(date ?? Number.NaN);
  return Number.isNaN(parsed.getTime()) ? new Date().toISOString() : parsed.toISOString();
}

export const bareId = (messageId: string | undefined): string | undefined => {
  const bare = messageId?.trim().replace(/^<(?<inner>.*)>$/s, "$<inner>");
  return bare === "" ? undefined : bare;
};
