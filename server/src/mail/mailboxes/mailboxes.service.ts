import { sql } from "kysely";
import { domainToASCII } from "node:url";
import { DomainError, newId, type Clock, type JsonObject } from "@kontor/shared/base";
import { addressKey, domainOf, isMailAddress } from "@kontor/shared/mail";
import { recordAudit, type AuditActor, type Database, type Doorbell, type Transaction } from "#kernel";
import { peopleTables } from "#people";
import { claimAddresses, createMailboxes } from "./createMailbox.ts";
import { mailboxTables, touchMailboxes, type MailboxMember } from "./mailboxes.repo.ts";

export interface NewShared {
  readonly name: string;
  readonly address: string;
  readonly aliases?: readonly string[] | undefined;
  readonly departmentId?: string | undefined;
  readonly members?: readonly MailboxMember[] | undefined;
}

export interface MailboxChange {
  readonly name?: string | undefined;
  /** All of them, the main one first. */
  readonly addresses?: readonly string[] | undefined;
  readonly departmentId?: string | null | undefined;
  /** Off: it takes no mail and sends none; what lies in it stays. */
  readonly disabled?: boolean | undefined;
}

export interface GroupInput {
  readonly name: string;
  readonly address: string;
  /** The group of the structure whose members these are as well. */
  readonly userGroupId?: string | null | undefined;
  readonly mailboxIds: readonly string[];
}

/**
 * What mailboxes are, and who has them: each change is in the change log and, since rights hang on it, in the audit log of its own
 * transaction. Asks for no rights.
 */
export interface MailboxService {
  createShared(input: NewShared, by: AuditActor): Promise<{ id: string }>;
  change(id: string, change: MailboxChange, by: AuditActor): Promise<void>;
  setMembers(trx: Transaction, id: string, members: readonly MailboxMember[], by: AuditActor): Promise<void>;
  createGroup(input: GroupInput, by: AuditActor): Promise<{ id: string }>;
  changeGroup(id: string, input: GroupInput, by: AuditActor): Promise<void>;
  removeGroup(id: string, by: AuditActor): Promise<void>;
}

export function createMailboxService({
  db,
  doorbell,
  clock,
}: {
  readonly db: Database;
  readonly doorbell: Pick<Doorbell, "ring">;
  readonly clock: Clock;
}): MailboxService {
  async function write<T>(change: (trx: Transaction) => Promise<T>): Promise<T> {
    const result = await db.transaction().execute(change).catch(explain);
    doorbell.ring();
    return result;
  }
  const note = (
    trx: Transaction,
    by: AuditActor,
    action: string,
    { kind, id, details = {} }: { readonly kind: string; readonly id: string; readonly details?: JsonObject },
  ) =>
    recordAudit(trx, new Date(clock.now()).toISOString(), [
      { action, outcome: "done", by, object: { kind, id }, details },
    ]);

  async function setMembers(trx: Transaction, id: string, members: readonly MailboxMember[], by: AuditActor) {
    await requirePeople(trx, members);
    const before = await mailboxTables(trx)
      .selectFrom("mailbox_member")
      .select(["user_id as userId", "role"])
      .where("mailbox_id", "=", id)
      .execute();
    const isIn = (list: readonly MailboxMember[], { userId, role }: MailboxMember) =>
      list.some((other) => other.userId === userId && other.role === role);
    const added = members.filter((member) => !isIn(before, member));
    const removed = before.filter((member) => !isIn(members, member));
    if (added.length === 0 && removed.length === 0) return;
    await mailboxTables(trx).deleteFrom("mailbox_member").where("mailbox_id", "=", id).execute();
    if (members.length > 0)
      await mailboxTables(trx)
        .insertInto("mailbox_member")
        .values(members.map(({ userId, role }) => ({ mailbox_id: id, user_id: userId, role })))
        .execute();
    await touchMailboxes(trx, [id]);
    const words = (list: readonly MailboxMember[]) => list.map(({ userId, role }) => `${userId} ${role}`);
    const details = { added: words(added), removed: words(removed) };
    await note(trx, by, "mail.membersChanged", { kind: "mailbox", id, details });
  }

  return {
    setMembers,
    async createShared({ name, address, aliases = [], departmentId, members = [] }, by) {
      const id = newId();
      await write(async (trx) => {
        await requireOwnAddresses(trx, [address, ...aliases]);
        await requirePeople(trx, members);
        const given = { ...(departmentId !== undefined && { departmentId }), members, aliases };
        await createMailboxes(trx, [{ id, kind: "shared", name, address, ...given }]);
        const details = { address: addressKey(address), members: members.length };
        await note(trx, by, "mail.mailboxCreated", { kind: "mailbox", id, details });
      });
      return { id };
    },
    async change(id, change, by) {
      await write(async (trx) => {
        const { name, addresses, departmentId, disabled } = change;
        if (addresses) await requireOwnAddresses(trx, addresses);
        const changed = await mailboxTables(trx)
          .updateTable("mailbox")
          .set({
            rev: sql<number>`rev + 1`,
            ...(name !== undefined && { name }),
            ...(addresses?.[0] !== undefined && { address: addressKey(addresses[0]) }),
            ...(departmentId !== undefined && { department_id: departmentId }),
            ...(disabled !== undefined && { disabled_at: disabled ? new Date(clock.now()).toISOString() : null }),
          })
          .where("id", "=", id)
          .where("kind", "<>", "external") // an account is its owner's own business
          .returning("id")
          .executeTakeFirst();
        if (!changed) throw unknownMailbox();
        if (addresses) await replaceAddresses(trx, id, addresses);
        await touchMailboxes(trx, [id]);
        const details = {
          fields: Object.entries(change).flatMap(([key, value]) => (value === undefined ? [] : [key])),
        };
        await note(trx, by, "mail.mailboxChanged", { kind: "mailbox", id, details });
      });
    },
    async createGroup(input, by) {
      const id = newId();
      await write(async (trx) => {
        await requireOwnAddresses(trx, [input.address]);
        const { name, address, userGroupId = null } = input;
        await mailboxTables(trx)
          .insertInto("mail_group")
          .values({ id, name, address: addressKey(address), user_group_id: userGroupId })
          .execute();
        await fillGroup(trx, id, input);
        await note(trx, by, "mail.groupCreated", { kind: "mailGroup", id, details: { address: addressKey(address) } });
      });
      return { id };
    },
    async changeGroup(id, input, by) {
      await write(async (trx) => {
        await requireOwnAddresses(trx, [input.address]);
        const { name, address, userGroupId = null } = input;
        const changed = await mailboxTables(trx)
          .updateTable("mail_group")
          .set({ name, address: addressKey(address), user_group_id: userGroupId })
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        if (!changed) throw unknownGroup();
        await mailboxTables(trx).deleteFrom("mail_address").where("group_id", "=", id).execute();
        await mailboxTables(trx).deleteFrom("mail_group_member").where("group_id", "=", id).execute();
        await fillGroup(trx, id, input);
        await note(trx, by, "mail.groupChanged", { kind: "mailGroup", id, details: { address: addressKey(address) } });
      });
    },
    async removeGroup(id, by) {
      await write(async (trx) => {
        const gone = await mailboxTables(trx)
          .deleteFrom("mail_group")
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirst();
        if (!gone) throw unknownGroup();
        await note(trx, by, "mail.groupRemoved", { kind: "mailGroup", id });
      });
    },
  };
}

async function replaceAddresses(trx: Transaction, id: string, addresses: readonly string[]): Promise<void> {
  await mailboxTables(trx).deleteFrom("mail_address").where("mailbox_id", "=", id).execute();
  await claimAddresses(
    trx,
    [...new Set(addresses.map(addressKey))].map((address, index) => ({
      address,
      mailbox_id: id,
      group_id: null,
      is_main: index === 0,
    })),
  );
}

async function fillGroup(trx: Transaction, id: string, { address, mailboxIds }: GroupInput): Promise<void> {
  await claimAddresses(trx, [{ address: addressKey(address), mailbox_id: null, group_id: id, is_main: true }]);
  if (mailboxIds.length === 0) return;
  await mailboxTables(trx)
    .insertInto("mail_group_member")
    .values([...new Set(mailboxIds)].map((mailboxId) => ({ group_id: id, mailbox_id: mailboxId })))
    .execute();
}

/** An address elsewhere would take in nothing, and write in somebody else's name. */
async function requireOwnAddresses(trx: Transaction, addresses: readonly string[]): Promise<void> {
  const rows = await mailboxTables(trx).selectFrom("mail_domain").select("name").execute();
  const own = new Set(rows.map(({ name }) => name));
  const foreign = addresses.find((address) => !isMailAddress(address) || !own.has(domainToASCII(domainOf(address))));
  if (foreign !== undefined)
    throw problem("address", "mailbox.foreignAddress", `${foreign} is no address of a domain of this server.`);
}

async function requirePeople(trx: Transaction, members: readonly MailboxMember[]): Promise<void> {
  const ids = members.map(({ userId }) => userId);
  if (new Set(ids).size !== ids.length) throw problem("members", "mailbox.memberTwice", "Somebody is a member twice.");
  if (ids.length === 0) return;
  const rows = await peopleTables(trx).selectFrom("app_user").select("id").where("id", "in", ids).execute();
  if (rows.length < ids.length) throw problem("members", "person.unknown", "There is no such person.");
}

const unknownMailbox = () => new DomainError("notFound", "There is no such mailbox.", { reason: "mailbox.notFound" });
const unknownGroup = () =>
  new DomainError("notFound", "There is no such group of addresses.", { reason: "mailGroup.notFound" });

const problem = (field: string, reason: string, message: string) =>
  new DomainError("invalid", message, { reason, problems: [{ field, reason, message }] });

const CONFLICTS: Readonly<Record<string, readonly [field: string, reason: string, message: string]>> = {
  mailbox_department_id_fkey: ["departmentId", "department.unknown", "There is no such department."],
  mail_group_user_group_id_fkey: ["userGroupId", "group.unknown", "There is no such group."],
  mail_group_member_mailbox_id_fkey: ["mailboxIds", "mailbox.notFound", "There is no such mailbox."],
  mail_group_address_key: ["address", "mailbox.addressTaken", "This address belongs to somebody already."],
};

function explain(error: unknown): never {
  const known = CONFLICTS[(error as { constraint?: string }).constraint ?? ""];
  throw known ? problem(...known) : error;
}
