import type { ReplicaFile } from "#replica/storage";
import { folderRoles, type FolderRole } from "@kontor/shared/mail";
import { FORM_TABLES } from "./mail.forms.ts";

/**
 * Narrow tables beside the messages, kept in the transaction of every change:
 *
 *   mail_place       a folder, or what is snoozed of a mailbox; with its counts
 *   mail_message     one row a message: where it is listed and its marks. `sid` is its moment × 1024 and something, so that
 *                    the order of rows is the order of time: a page is a walk along an index, "before May" a range
 *   mail_thread      one row a conversation and place: its newest message there and what all of them amount to
 *   mail_attachment  which messages carry a file
 *   mail_fts         the words of a message and its body, as stems, under the message's sid
 *   mail_form        words that are longer than their stems (`mail.forms.ts`)
 *   mail_unindexed   messages whose words are still to be indexed
 *
 * Refused: indexes of the messages' own table (each costs 90 bytes a row, and eight are needed), counting by looking
 * (100,000 rows take 60 ms), and grouping conversations in the query (the newest of each thread cannot be walked).
 */
export function createMailTables(file: ReplicaFile): void {
  file.transaction(() => {
    if (file.meta.get("mailTables") !== TABLES_VERSION) dropMailTables(file);
    for (const statement of STATEMENTS) file.run(statement);
    file.meta.set("mailTables", TABLES_VERSION);
  });
}

/** Raised when they are made otherwise: they are then dropped and filled anew from the messages. */
const TABLES_VERSION = 3;

const NAMES = [
  "mail_place",
  "mail_message",
  "mail_thread",
  "mail_attachment",
  "mail_fts",
  "mail_form",
  "mail_unindexed",
] as const;

function dropMailTables(file: ReplicaFile): void {
  for (const name of NAMES) file.run(`DROP TABLE IF EXISTS ${name}`);
  file.meta.delete("mailFilled");
}

/** Marks by which a list is filtered; each has an index of the rows that carry it alone. */
export const MARKS = ["unread", "flagged", "files", "mine"] as const;

const listIndexes = (table: "mail_message" | "mail_thread"): readonly string[] => [
  `CREATE INDEX IF NOT EXISTS ${table}_place ON ${table}(place, sid)`,
  `CREATE INDEX IF NOT EXISTS ${table}_role ON ${table}(role, sid) WHERE role > 0`,
  ...MARKS.flatMap((mark) => [
    `CREATE INDEX IF NOT EXISTS ${table}_place_${mark} ON ${table}(place, sid) WHERE ${mark} > 0`,
    `CREATE INDEX IF NOT EXISTS ${table}_role_${mark} ON ${table}(role, sid) WHERE ${mark} > 0 AND role > 0`,
  ]),
];

const STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS mail_place(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, mailbox TEXT NOT NULL,
    role INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0,
    threads INTEGER NOT NULL DEFAULT 0, unread_threads INTEGER NOT NULL DEFAULT 0)`,
  `CREATE TABLE IF NOT EXISTS mail_message(sid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, place INTEGER NOT NULL,
    role INTEGER NOT NULL, thread TEXT NOT NULL, unread INTEGER NOT NULL, flagged INTEGER NOT NULL, files INTEGER NOT NULL,
    mine INTEGER NOT NULL, draft INTEGER NOT NULL, assigned INTEGER NOT NULL, snoozed_until INTEGER, follow_at INTEGER,
    bytes INTEGER NOT NULL, bits INTEGER NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS mail_message_thread ON mail_message(thread, place)",
  "CREATE INDEX IF NOT EXISTS mail_message_flagged ON mail_message(sid) WHERE flagged > 0",
  "CREATE INDEX IF NOT EXISTS mail_message_assigned ON mail_message(sid) WHERE assigned > 0",
  "CREATE INDEX IF NOT EXISTS mail_message_snoozed ON mail_message(snoozed_until) WHERE snoozed_until IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS mail_message_follow ON mail_message(follow_at) WHERE follow_at IS NOT NULL",
  ...listIndexes("mail_message"),
  `CREATE TABLE IF NOT EXISTS mail_thread(rid INTEGER PRIMARY KEY, thread TEXT NOT NULL, place INTEGER NOT NULL,
    role INTEGER NOT NULL, sid INTEGER NOT NULL, count INTEGER NOT NULL, unread INTEGER NOT NULL, flagged INTEGER NOT NULL,
    files INTEGER NOT NULL, mine INTEGER NOT NULL, UNIQUE(thread, place))`,
  ...listIndexes("mail_thread"),
  "CREATE TABLE IF NOT EXISTS mail_attachment(file TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY(file, message)) WITHOUT ROWID",
  "CREATE VIRTUAL TABLE IF NOT EXISTS mail_fts USING fts5(words, tokenize='unicode61 remove_diacritics 0', prefix='2 3 4')",
  "INSERT INTO mail_fts(mail_fts, rank) VALUES('secure-delete', 1)",
  ...FORM_TABLES,
  "CREATE TABLE IF NOT EXISTS mail_unindexed(sid INTEGER PRIMARY KEY)",
];

/** What is asked for now and then, in one column: no index, and a look along the narrow rows takes 30 ms for all of them. */
export const BITS = { answered: 1, forwarded: 2, internal: 4, labelled: 8, cards: 16, assignee: 32 } as const;

/** Roles as the tables hold them: 0 is a folder that the user made. */
const ROLE_CODES = ["", ...folderRoles, "snoozed"] as const;
export type PlaceRole = FolderRole | "snoozed";
export const roleCode = (role: PlaceRole | undefined): number => (role === undefined ? 0 : ROLE_CODES.indexOf(role));
export const HIDDEN_ROLES: readonly number[] = [roleCode("junk"), roleCode("trash")];

/** Room for 1,024 messages of one millisecond; a moment in 2200 is still a whole number of JavaScript's. */
export const SIDS_PER_MS = 1_024;
export const sidOf = (ms: number): number => ms * SIDS_PER_MS;
export const msOf = (sid: number): number => Math.floor(sid / SIDS_PER_MS);
