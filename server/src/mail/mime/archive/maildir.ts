import { createHash } from "node:crypto";
import iconv from "iconv-lite";
import { mailLimits } from "@kontor/shared/mail";
import { noFlags, type ArchiveEntry, type ArchiveFlags, type ArchiveMessage } from "./archiveMessage.ts";

/** A file of a Maildir, or one to be written: its path below the Maildir's own folder, with slashes. */
export interface MaildirFile {
  readonly path: string;
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/**
 * Maildir++ (a folder is `.Projects.2026/cur/1767607200.M1P1.host,S=123:2,FS`): the name says when it came, its flags behind `:2,`,
 * and the folder above it where it lies. What is no message of `new` or `cur` is passed over.
 */
export async function* readMaildir(
  files: AsyncIterable<MaildirFile>,
  { maxBytes = mailLimits.maxMessageBytes }: { readonly maxBytes?: number } = {},
): AsyncGenerator<ArchiveEntry> {
  for await (const file of files) {
    const place = placeOf(file.path);
    if (!place) continue;
    if (file.size > maxBytes) yield { kind: "tooLarge", bytes: file.size, folder: place.folder };
    else yield { kind: "message", message: { ...place, raw: await file.read() } };
  }
}

/** Where to write each message. The name is made of what it is, so that writing it again overwrites it. */
export async function* writeMaildir(
  messages: AsyncIterable<ArchiveMessage>,
): AsyncGenerator<{ readonly path: string; readonly raw: Uint8Array }> {
  const taken = new Map<string, number>();
  for await (const { raw, flags, receivedAt = new Date(0), folder } of messages) {
    const hash = createHash("sha256").update(raw).digest("hex").slice(0, 24);
    const above = folder.length === 0 ? "" : `.${folder.map(encodeFolder).join(".")}/`;
    const stem = `${above}cur/${Math.floor(receivedAt.getTime() / 1_000)}.H${hash}`;
    const count = taken.get(stem) ?? 0;
    taken.set(stem, count + 1);
    yield { path: `${stem}N${count}.kontor,S=${raw.length}:2,${lettersOf(flags)}`, raw };
  }
}

const LETTERS: readonly (readonly [string, keyof ArchiveFlags])[] = [
  ["D", "draft"],
  ["F", "flagged"],
  ["R", "answered"],
  ["S", "seen"],
  ["T", "trashed"],
];

const lettersOf = (flags: ArchiveFlags): string =>
  LETTERS.flatMap(([letter, flag]) => (flags[flag] ? [letter] : [])).join("");

function placeOf(path: string): Omit<ArchiveMessage, "raw"> | undefined {
  const [name = "", box = "", above] = path.split("/").toReversed();
  if ((box !== "cur" && box !== "new") || name === "" || name.startsWith(".")) return undefined;
  // Windows cannot write a colon; programs there use one of these.
  const letters = /[:;!]2,(?<letters>[A-Za-z]*)$/.exec(name)?.groups?.["letters"] ?? "";
  const flags = Object.fromEntries(LETTERS.map(([letter, flag]) => [flag, letters.includes(letter)]));
  const seconds = Number(/^(?<seconds>\d{9,11})\./.exec(name)?.groups?.["seconds"] ?? Number.NaN);
  return {
    flags: { ...noFlags, ...flags },
    folder: above?.startsWith(".") ? above.slice(1).split(".").map(decodeFolder) : [],
    ...(Number.isFinite(seconds) && { receivedAt: new Date(seconds * 1_000) }),
  };
}

/** RFC 3501 §5.1.3, as in IMAP; the dot parts folders, so it is written in it, too. */
const encodeFolder = (name: string): string =>
  iconv.encode(name, "utf7-imap").toString("latin1").replaceAll(".", "&AC4-").replaceAll("/", "&AC8-");
const decodeFolder = (name: string): string => iconv.decode(Buffer.from(name, "latin1"), "utf7-imap");
