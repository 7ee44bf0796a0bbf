import { DomainError, newId } from "@kontor/shared/base";
import { addressKey, folderRoles, type FolderRole, type MailboxKind } from "@kontor/shared/mail";
import { recordChanges, type Transaction } from "#kernel";
import { messageTables } from "../messages/messages.repo.ts";
import { mailboxTables, type MailboxMember } from "./mailboxes.repo.ts";

export interface NewMailbox {
  readonly id: string;
  readonly kind: MailboxKind;
  readonly name: string;
  /** The main one. */
  readonly address: string;
  /** Further ones under which it is reached. */
  readonly aliases?: readonly string[];
  /** Of personal and external ones. */
  readonly ownerId?: string;
  readonly departmentId?: string;
  readonly members?: readonly MailboxMember[];
}

/** What the interface shows is its own word for the role; these are for exports and other programs. */
const FOLDER_NAMES: Readonly<Record<FolderRole, string>> = {
  inbox: "Inbox",
  drafts: "Drafts",
  outbox: "Outbox",
  sent: "Sent",
  archive: "Archive",
  junk: "Junk",
  trash: "Trash",
};

/**
 * Mailboxes with one folder of each role. An address that somebody has already is a conflict, and then none is made; an external
 * account's address is not ours, and is nobody's here. The owner's own second one of a kind is left out where there can be only one.
 */
export async function createMailboxes(trx: Transaction, mailboxes: readonly NewMailbox[]): Promise<readonly string[]> {
  if (mailboxes.length === 0) return [];
  const made = new Set(await insertMailboxes(trx, mailboxes));
  const news = mailboxes.filter(({ id }) => made.has(id));
  if (news.length === 0) return [];
  await claimAddresses(
    trx,
    news.flatMap(({ id, kind, address, aliases = [] }) =>
      kind === "external"
        ? []
        : [...new Set([address, ...aliases].map(addressKey))].map((each, index) => ({
            address: each,
            mailbox_id: id,
            group_id: null,
            is_main: index === 0,
          })),
    ),
  );
  const members = news.flatMap(({ id, members = [] }) =>
    members.map(({ userId, role }) => ({ mailbox_id: id, user_id: userId, role })),
  );
  if (members.length > 0) await mailboxTables(trx).insertInto("mailbox_member").values(members).execute();
  const folders = news.flatMap(({ id }) =>
    folderRoles.map((role) => ({ id: newId(), mailbox_id: id, parent_id: null, role, name: FOLDER_NAMES[role] })),
  );
  await messageTables(trx).insertInto("mail_folder").values(folders).execute();
  await recordChanges(trx, [
    ...news.map(({ id }) => ({ collection: "mailboxes", id })),
    ...folders.map(({ id }) => ({ collection: "mailFolders", id })),
  ]);
  return news.map(({ id }) => id);
}

async function insertMailboxes(trx: Transaction, mailboxes: readonly NewMailbox[]): Promise<readonly string[]> {
  const rows = await mailboxTables(trx)
    .insertInto("mailbox")
    .values(
      mailboxes.map(({ id, kind, name, address, ownerId, departmentId }) => ({
        id,
        kind,
        name,
        address: addressKey(address),
        owner_id: ownerId ?? null,
        department_id: departmentId ?? null,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

export async function claimAddresses(
  trx: Transaction,
  rows: readonly {
    readonly address: string;
    /** Of one of these two. */
    readonly mailbox_id: string | null;
    readonly group_id: string | null;
    readonly is_main: boolean;
  }[],
): Promise<void> {
  if (rows.length === 0) return;
  // In one order: two transactions that want the same addresses must not wait for each other.
  const sorted = [...rows].sort((a, b) => (a.address < b.address ? -1 : 1));
  const taken = await mailboxTables(trx)
    .insertInto("mail_address")
    .values(sorted)
    .onConflict((conflict) => conflict.column("address").doNothing())
    .returning("address")
    .execute();
  if (taken.length === sorted.length) return;
  const had = new Set(taken.map(({ address }) => address));
  throw addressTaken(sorted.find(({ address }) => !had.has(address))?.address ?? "");
}

const addressTaken = (address: string) =>
  new DomainError("conflict", `The address ${address} belongs to somebody already.`, {
    reason: "mailbox.addressTaken",
    params: { address },
    problems: [{ field: "address", reason: "mailbox.addressTaken", message: `${address} is taken.` }],
  });
