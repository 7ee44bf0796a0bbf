/**
 * A mailbox of some years, the same on every run: as rows of the feed for a replica, and as files for other programs. Half of the words are
 * English with their endings, half Russian, by Zipf's law; no two Russian words have the same stem, since other programs know none of them.
 */
import { stemOf } from "@kontor/shared/text";
import type { BodyDoc, FolderDoc, FolderRole, MailAddress, MailboxDoc, MessageDoc } from "@kontor/shared/mail";
import { randomFrom, shuffled } from "./random.ts";

export const ME = "00000000-0000-4000-8000-00000000000a";
export const MAILBOX = "00000000-0000-4000-8000-00000000000b";
const MY_ADDRESS = "anna@aurora.example";
const FIRST_AT = Date.UTC(2024, 0, 1);
const APART_MS = 600_000;
const ROLES = ["inbox", "drafts", "outbox", "sent", "archive", "junk", "trash"] as const;
const VOCABULARY = 30_000;
const PEOPLE = 400;
const LARGE_THREAD = 300;

export interface ArchivedLetter {
  readonly message: MessageDoc;
  readonly body: BodyDoc;
}

const idOf = (kind: number, index: number): string =>
  `00000000-0000-7000-8${kind.toString(16).padStart(3, "0")}-${index.toString(16).padStart(12, "0")}`;
export const letterId = (index: number): string => idOf(1, index);
export const letterAt = (index: number): number => FIRST_AT + index * APART_MS;
export const folderOf = (role: FolderRole): string => idOf(2, ROLES.indexOf(role as (typeof ROLES)[number]));

export const archiveMailbox: MailboxDoc = {
  id: MAILBOX,
  kind: "personal",
  ownerId: ME,
  name: "Anna",
  address: MY_ADDRESS,
  addresses: [MY_ADDRESS],
  members: [],
  can: ["read", "edit", "send", "manage"],
};
export const archiveFolders: readonly FolderDoc[] = ROLES.map((role) => ({
  id: folderOf(role),
  mailboxId: MAILBOX,
  role,
  name: role,
}));

/* ---------- words ---------- */

const ENDINGS = ["", "s", "ed", "ing", "er", "ment"];

function wordsOf(onsets: string, vowels: string, codas: string, endings: readonly string[]): string[] {
  const syllables = [...onsets].flatMap((onset) => [...vowels].map((vowel) => onset + vowel));
  return syllables.flatMap((first, at) =>
    [1, 3, 7, 11, 17].flatMap((step) => {
      const second = syllables[(at * step + step) % syllables.length] ?? "";
      return [...codas].flatMap((coda) => endings.map((ending) => first + second + coda + ending));
    }),
  );
}

const english = wordsOf("bdfgklmnprtv", "aiou", "dklmnprt", ENDINGS);
const russian = [
  ...new Map(wordsOf("бвгджзклмнпрстфхч", "аеиоу", "бвгджзклмнпрстфх", [""]).map((word) => [stemOf(word), word])),
].map(([, word]) => word);
const vocabulary = shuffled([...new Set([...english, ...russian])], randomFrom(7)).slice(0, VOCABULARY);

/** Rank 0 is the most frequent word. */
export const wordOfRank = (rank: number): string => vocabulary[rank] ?? "";

const wordBy = (chance: number): string =>
  wordOfRank(Math.min(vocabulary.length - 1, Math.floor(Math.exp(chance * Math.log(vocabulary.length))) - 1));

/* ---------- people ---------- */

const namesFor = (seed: number) =>
  shuffled(
    english.filter((word) => /^[a-z]{5}$/.test(word)),
    randomFrom(seed),
  );
const [firstNames, lastNames, companies] = [namesFor(1), namesFor(2), namesFor(3)];
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** Person 0 writes most, as one's nearest colleague does. */
export function personOf(index: number): MailAddress & { readonly name: string } {
  const first = firstNames[index % 120] ?? "";
  const last = lastNames[index % lastNames.length] ?? "";
  const company = companies[index % 60] ?? "";
  return { name: `${capital(first)} ${capital(last)}`, address: `${first}.${last}@${company}.example` };
}

/* ---------- letters ---------- */

/** Letter number `index`; its own generator, so that any range can be made anywhere. */
export function letterOf(index: number): ArchivedLetter {
  const random = randomFrom(index + 1_000);
  const words = (count: number): string => Array.from({ length: count }, () => wordBy(random())).join(" ");
  const somebody = (): MailAddress => personOf(Math.floor(PEOPLE ** random()) - 1);
  const isSent = index % 9 === 0;
  const me: MailAddress = { address: MY_ADDRESS, name: "Anna" };
  const id = letterId(index);
  const text = Array.from({ length: 2 + Math.floor(random() * 6) }, () => `${words(10 + Math.floor(random() * 40))}.`);
  const at = new Date(letterAt(index)).toISOString();
  const hasFile = random() < 0.12;
  return {
    message: {
      id,
      mailboxId: MAILBOX,
      folderId: folderOf(isSent ? "sent" : "inbox"),
      threadId: threadOf(index),
      messageId: `${id}@aurora.example`,
      subject: `${words(3 + Math.floor(random() * 5))}`,
      from: [isSent ? me : somebody()],
      to: [isSent ? somebody() : me],
      cc: random() < 0.3 ? [somebody()] : [],
      sentAt: at,
      receivedAt: at,
      snippet: (text[0] ?? "").slice(0, 180),
      size: 3_000,
      seen: random() < 0.9,
      flagged: random() < 0.02,
      answered: false,
      forwarded: false,
      labels: [],
      attachments: hasFile ? [attachmentOf(index)] : [],
      cards: [],
      authenticity: { internal: false, warnings: [] },
    },
    body: { id, mailboxId: MAILBOX, text: text.join("\n\n") },
  };
}

const attachmentOf = (index: number): MessageDoc["attachments"][number] => ({
  id: idOf(3, index),
  name: `scan ${index}.pdf`,
  mime: "application/pdf",
  size: 30,
  sha256: "0".repeat(64),
  state: "stored",
  previewState: "none",
});

/** Conversations of four within a day; and one that a list has gone on with for years. */
export function threadOf(index: number): string {
  if (index % 331 === 0 && index / 331 < LARGE_THREAD) return idOf(4, 0);
  return idOf(4, 1 + Math.floor(index / 16) * 4 + (index % 4));
}
export const largeThread = idOf(4, 0);

/** Encoded words of up to 75 characters (RFC 2047 §2); in Q, since GMime loses what follows a padded one in B. */
const encoded = (text: string): string =>
  (text.match(/.{1,10}/gu) ?? [])
    .map((part) => `=?utf-8?Q?${encodeURIComponent(part).replaceAll("%", "=")}?=`)
    .join("\r\n ");

/** As it came in. */
export function rawOf({ message, body }: ArchivedLetter): string {
  const people = (list: readonly MailAddress[]) => list.map(({ name, address }) => `${name} <${address}>`).join(", ");
  const [file] = message.attachments;
  const text = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body.text.replaceAll("\n", "\r\n")}\r\n`;
  const head = [
    `From: ${people(message.from)}`,
    `To: ${people(message.to)}`,
    ...(message.cc.length > 0 ? [`Cc: ${people(message.cc)}`] : []),
    `Subject: ${encoded(message.subject)}`,
    `Message-ID: <${message.messageId}>`,
    `Date: ${new Date(message.sentAt).toUTCString().replace("GMT", "+0000")}`,
    "MIME-Version: 1.0",
  ].join("\r\n");
  if (!file) return `${head}\r\n${text}`;
  return `${head}\r\nContent-Type: multipart/mixed; boundary="mix"\r\n\r\n--mix\r\n${text}--mix\r\nContent-Type: ${file.mime}; name="${file.name}"\r\nContent-Disposition: attachment; filename="${file.name}"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQKJSVFT0YK\r\n--mix--\r\n`;
}
