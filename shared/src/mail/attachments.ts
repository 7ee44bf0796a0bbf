import type { AttachmentDoc } from "./mail.docs.ts";
import { mailLimits } from "./mail.limits.ts";

/**
 * What goes along in a message, and what stays on the server and is fetched by a link: what its author chose, and what most
 * servers would refuse, the largest ones first, until the rest fits. Pictures that the text shows go along whatever they
 * are, since without them there is a hole in it.
 */
export function divideAttachments<File extends Pick<AttachmentDoc, "size" | "inline">>(
  files: readonly File[],
  isLink: (file: File) => boolean,
): { readonly inside: readonly File[]; readonly apart: readonly File[] } {
  let room = files.reduce((left, { inline, size }) => (inline ? left - size : left), mailLimits.linkFromBytes);
  const kept = new Set(files.filter(({ inline }) => inline));
  const choosable = files.filter((file) => !file.inline && !isLink(file));
  for (const file of choosable.toSorted((a, b) => a.size - b.size)) {
    room -= file.size;
    if (room < 0) break;
    kept.add(file);
  }
  return { inside: files.filter((file) => kept.has(file)), apart: files.filter((file) => !kept.has(file)) };
}

/** Those of a message's attachments that people outside are given a link to. */
export const linkedAttachments = <File extends Pick<AttachmentDoc, "size" | "inline" | "as">>(
  files: readonly File[],
): readonly File[] => divideAttachments(files, ({ as }) => as === "link").apart;

const DAY_MS = 86_400_000;

/** Until when a link gives its file: of a message that left then; both in milliseconds since 1970. */
export const linksEndAt = (sentAt: number): number => sentAt + mailLimits.linkDays * DAY_MS;
