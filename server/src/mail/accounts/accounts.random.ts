import type { ImapFlow } from "imapflow";
import { sql } from "kysely";
import { isDomainError, newId } from "@kontor/shared/base";
import type { Dovecot } from "../../../test/mail/dovecot.ts";
import { idThere, letter, sha256, type Both, type House } from "./accounts.fixture.ts";
import { labelToKeyword } from "./keyword.ts";

/** Random acts on both sides of an account, for the tests of this room; the same seed gives the same acts. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export interface World {
  readonly house: House;
  readonly dovecot: Dovecot;
  readonly both: Both;
  readonly random: Random;
  /** How often each message was made: once, and once more for each copy. */
  readonly made: Map<string, number>;
  /** Those that somebody deleted for good, on either side. */
  readonly deleted: Set<string>;
  readonly log: string[];
}

type Act = readonly [weight: number, name: string, act: (world: World) => Promise<string>];

/** One act of one of the sides; what cannot be done at the moment is no act. */
export async function actOnce(world: World): Promise<void> {
  const acts = [...ours, ...theirs];
  let left = world.random(acts.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, name, act] of acts) {
    left -= weight;
    if (left >= 0) continue;
    try {
      world.log.push(`${name} ${await act(world)}`);
    } catch (error) {
      if (!isDomainError(error) && !isRefusal(error) && !isCut(error)) throw error;
      world.log.push(`${name} refused: ${(error as Error).message}`);
      if (isCut(error)) await world.both.reopenOther();
    }
    return;
  }
}

/** The library puts the server's NO into the error, and not with every command its words. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  (("responseStatus" in error && error.responseStatus === "NO") || error.message === "Command failed");

/** A server ends sessions that have a folder open which is changed under them. */
const isCut = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "code" in error &&
  ["NoConnection", "EConnectionClosed"].includes(String(error.code));

const pick = <Item>({ random }: World, items: readonly Item[]): Item | undefined => items[random(items.length)];

/* ---------- here ---------- */

const LABELS = ["work", "Счета", "to do"];

const ours: readonly Act[] = [
  [
    8,
    "ours: flags",
    async (world) => {
      const message = await anyOfOurs(world);
      if (!message) return "none";
      const args = { [world.random(2) ? "seen" : "flagged"]: world.random(2) === 1 };
      await world.both.change("mail.update", message.id, args);
      return `${message.messageId} ${JSON.stringify(args)}`;
    },
  ],
  [
    3,
    "ours: labels",
    async (world) => {
      const message = await anyOfOurs(world);
      if (!message) return "none";
      const label = pick(world, LABELS) ?? "";
      const args = { [world.random(2) ? "addLabels" : "removeLabels"]: [label] };
      await world.both.change("mail.update", message.id, args);
      return `${message.messageId} ${JSON.stringify(args)}`;
    },
  ],
  [
    8,
    "ours: move",
    async (world) => {
      const message = await anyOfOurs(world);
      const folder = pick(
        world,
        (await ourFolders(world)).filter(({ role }) => role !== "outbox" && role !== "drafts"),
      );
      if (!message || !folder) return "none";
      await world.both.change("mail.update", message.id, { folderId: folder.id });
      return `${message.messageId} to ${folder.name}`;
    },
  ],
  [
    4,
    "ours: delete",
    async (world) => {
      const trash = await anyOfOurs(world, "trash");
      if (!trash) return "none";
      await world.both.change("mail.delete", trash.id, {});
      world.deleted.add(trash.messageId);
      return trash.messageId;
    },
  ],
  [
    2,
    "ours: new folder",
    async (world) => {
      const parent =
        world.random(3) === 0
          ? pick(
              world,
              (await ourFolders(world)).filter(({ role }) => !role),
            )
          : undefined;
      const name = `here ${world.random(8)}`;
      await world.both.change("folder.create", newId(), {
        mailboxId: world.both.mailboxId,
        name,
        ...(parent && { parentId: parent.id }),
      });
      return `${name} in ${parent?.name ?? "top"}`;
    },
  ],
  [
    2,
    "ours: rename or move folder",
    async (world) => {
      const own = (await ourFolders(world)).filter(({ role }) => !role);
      const folder = pick(world, own);
      if (!folder) return "none";
      if (world.random(2)) {
        const name = `here ${world.random(8)}`;
        await world.both.change("folder.rename", folder.id, { name });
        return `${folder.name} is now ${name}`;
      }
      const parent = pick(world, own);
      await world.both.change("folder.move", folder.id, { parentId: world.random(2) ? null : (parent?.id ?? null) });
      return `${folder.name} moves`;
    },
  ],
  [
    1,
    "ours: delete folder",
    async (world) => {
      const folder = pick(
        world,
        (await ourFolders(world)).filter(({ role }) => !role),
      );
      if (!folder) return "none";
      await world.both.change("folder.delete", folder.id, {});
      return folder.name;
    },
  ],
];

async function ourFolders({ house, both }: World) {
  const { rows } = await sql<{ id: string; role: string | null; name: string }>`
    select id, role, name from mail_folder where mailbox_id = ${both.mailboxId} order by name, id`.execute(house.db);
  return rows;
}

async function anyOfOurs(world: World, role?: string) {
  const { rows } = await sql<{ id: string; messageId: string }>`
    select message.id, content.message_id as "messageId" from mail_message message
      join mail_content content on content.id = message.content_id
      join mail_folder folder on folder.id = message.folder_id
    where message.mailbox_id = ${world.both.mailboxId} and (${role ?? null}::text is null or folder.role = ${role ?? null})
    order by content.message_id, message.id`.execute(world.house.db);
  return pick(world, rows);
}

/** It was moved here, and that is still to be done there, or is just being done. */
async function isMovingOurs({ house, both }: World, messageId: string): Promise<boolean> {
  const { rows } = await sql<{ moves: boolean }>`select exists (select from mail_remote_change change
      join mail_message message on message.id = change.message_id
      join mail_content content on content.id = message.content_id
    where change.mailbox_id = ${both.mailboxId} and change.kind = 'move' and content.message_id = ${messageId}) as moves`.execute(
    house.db,
  );
  return rows[0]?.moves === true;
}

/* ---------- there ---------- */

/** What comes later has another date, as other messages of one Message-ID have. */
const DAWN = Date.UTC(2026, 0, 1);

const FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "$Forwarded"];

const theirs: readonly Act[] = [
  [
    8,
    "theirs: new message",
    async (world) => {
      const path = pick(world, await theirFolders(world));
      if (path === undefined) return "none";
      const { id, source } = newMessage(world);
      const flags = world.random(3) ? [] : ["\\Seen"];
      const wasDeleted = world.deleted.has(id);
      // An answer that is lost does not say whether it is there.
      world.made.set(id, (world.made.get(id) ?? 0) + 1);
      world.deleted.add(id);
      await world.both.other.append(path, source, flags, new Date(DAWN + world.random(10_000_000) * 1_000));
      if (!wasDeleted) world.deleted.delete(id);
      return `${id} in ${path}`;
    },
  ],
  [
    8,
    "theirs: flags",
    (world) =>
      inSomeFolder(world, async (other, uid) => {
        const flag = pick(world, [...FLAGS, ...LABELS.flatMap((label) => labelToKeyword(label) ?? [])]) ?? "";
        await (world.random(2)
          ? other.messageFlagsAdd(uid, [flag], { uid: true })
          : other.messageFlagsRemove(uid, [flag], { uid: true }));
        return flag;
      }),
  ],
  [
    8,
    "theirs: move",
    (world) =>
      inSomeFolder(world, async (other, uid, id) => {
        const path = pick(world, await theirFolders(world)) ?? "INBOX";
        const isMeeting = !world.both.work.session.offers.move && (await isMovingOurs(world, id));
        await other.messageMove(uid, path, { uid: true });
        // In two steps each: two clients that move a message at the same moment make two of it, and IMAP has nothing against that.
        if (isMeeting) world.made.set(id, (world.made.get(id) ?? 0) + 1);
        return `to ${path}`;
      }),
  ],
  [
    2,
    "theirs: copy",
    (world) =>
      inSomeFolder(world, async (other, uid, id) => {
        const path = pick(world, await theirFolders(world)) ?? "INBOX";
        await other.messageCopy(uid, path, { uid: true });
        world.made.set(id, (world.made.get(id) ?? 0) + 1);
        return `to ${path}`;
      }),
  ],
  [
    3,
    "theirs: delete for good",
    (world) =>
      inSomeFolder(world, async (other, uid, id) => {
        await other.messageDelete(uid, { uid: true });
        world.deleted.add(id);
        return "";
      }),
  ],
  [
    2,
    "theirs: mark or unmark as deleted",
    (world) =>
      inSomeFolder(world, async (other, uid, id) => {
        world.deleted.add(id);
        if (world.random(2)) {
          await other.messageFlagsAdd(uid, ["\\Deleted"], { uid: true });
          return "marked";
        }
        // What a move left behind on a server without UIDPLUS is a message again.
        await other.messageFlagsRemove(uid, ["\\Deleted"], { uid: true });
        world.made.set(id, (world.made.get(id) ?? 0) + 1);
        return "unmarked";
      }),
  ],
  [
    2,
    "theirs: new folder",
    async (world) => {
      const parent = world.random(3) === 0 ? pick(world, await theirOwnFolders(world)) : undefined;
      const path = `${parent === undefined ? "" : `${parent}/`}there ${world.random(8)}`;
      await world.both.other.mailboxCreate(path);
      return path;
    },
  ],
  [
    2,
    "theirs: rename folder",
    async (world) => {
      const path = pick(world, await theirOwnFolders(world));
      if (path === undefined) return "none";
      const to = `there ${world.random(8)}`;
      await world.both.other.mailboxRename(path, to);
      return `${path} is now ${to}`;
    },
  ],
  [
    1,
    "theirs: delete folder",
    async (world) => {
      const { other } = world.both;
      const path = pick(world, await theirOwnFolders(world));
      if (path === undefined) return "none";
      await other.mailboxOpen(path);
      for await (const row of other.fetch("1:*", { envelope: true, source: true }, { uid: true }))
        if (row.source) world.deleted.add(idThere(row));
      await other.mailboxOpen("INBOX");
      await other.mailboxDelete(path);
      return path;
    },
  ],
  [
    1,
    "theirs: UIDVALIDITY",
    async ({ dovecot, both, random }) => {
      // Sessions with the folder open would be ended by the server.
      await both.other.mailboxOpen("Junk");
      const next = String(1_000 + random(1_000_000));
      await dovecot.doveadm("mailbox", "update", "-u", both.user, "--uid-validity", next, "INBOX");
      return next;
    },
  ],
];

/** Some have no Message-ID, and some that of another one, with other words of the same length. */
function newMessage(world: World): { readonly id: string; readonly source: string } {
  const body = `Body ${1_000 + world.random(9_000)}`;
  const source = letter(`r${world.made.size + 1}@random`, body);
  const kind = world.random(8);
  if (kind === 0) {
    const nameless = source.replace(/^Message-ID:.*\r\n/m, "");
    return { id: `${sha256(nameless)}@missing.invalid`, source: nameless };
  }
  const named = [...world.made.keys()].filter((id) => id.endsWith("@random"));
  const id = (kind === 1 && pick(world, named)) || `r${world.made.size + 1}@random`;
  return { id, source: letter(id, body) };
}

async function theirFolders({ both }: World): Promise<readonly string[]> {
  const listed = await both.other.list();
  return listed
    .filter(({ flags, path }) => !flags.has("\\Noselect") && path !== "Drafts" && !isAside(path))
    .map(({ path }) => path)
    .toSorted();
}

/**
 * Set aside by us, to be deleted at once. What is moved into it in the moment between a look that finds it empty and its deletion is
 * gone with it, and IMAP has nothing against that: no person is so quick.
 */
const isAside = (path: string): boolean => / \([0-9a-f]{12}\)$/.test(path);

const theirOwnFolders = async (world: World): Promise<readonly string[]> =>
  (await theirFolders(world)).filter((path) => /here/.test(path));

async function inSomeFolder(
  world: World,
  act: (other: ImapFlow, uid: string, id: string) => Promise<string>,
): Promise<string> {
  const { other } = world.both;
  const path = pick(world, await theirFolders(world)) ?? "INBOX";
  await other.mailboxOpen(path);
  const found: { uid: number; id: string }[] = [];
  for await (const row of other.fetch("1:*", { envelope: true, source: true }, { uid: true }))
    // What changes meanwhile is told in between, without what was asked for.
    if (row.source) found.push({ uid: row.uid, id: idThere(row) });
  const message = pick(world, found);
  if (!message) return `none in ${path}`;
  return `${message.id} in ${path} ${await act(other, String(message.uid), message.id)}`;
}
