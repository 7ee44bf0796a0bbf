import type { Access, AttributeSql, ResourceInstance, ResourceType } from "@kontor/shared/access";
import { DomainError } from "@kontor/shared/base";
import { mailboxRoles, type MailboxRole } from "@kontor/shared/mail";
import type { Actor, Database, Transaction } from "#kernel";
import { findMailboxes, type MailboxRow } from "./mailboxes.repo.ts";

/**
 * A mailbox as policies see it. What lies in it has no access of its own: it is seen where `content.messages` is, and rules
 * where `rules.rules` is, which is a section of its own so that a reader who becomes an editor has another mask (VIS-5).
 * Only by name: whoever opens every type to somebody does not hand over people's letters with it.
 */
export const mailboxResource: ResourceType = {
  name: "mailbox",
  sections: {
    main: ["name", "address", "addresses", "kind", "ownerId"],
    members: ["members"],
    account: ["account"],
    content: ["messages"],
    rules: ["rules"],
  },
  attributes: {
    id: "id",
    kind: "text",
    owner: "id",
    ownerActive: "boolean",
    department: "id",
    readers: "ids",
    editors: "ids",
    senders: "ids",
    managers: "ids",
  },
  actions: ["read", "edit", "send", "manage"],
  onlyByName: true,
  attributeSql(name) {
    const stored = columns[name];
    if (!stored) throw new Error(`a mailbox has no attribute "${name}"`);
    return stored;
  },
};

/** Each role is among those that it includes. */
const atLeast = (role: MailboxRole): readonly MailboxRole[] => mailboxRoles.slice(mailboxRoles.indexOf(role));

/**
 * Lists are read from the members themselves and not kept a second time: a profile asks once for every mailbox there is, which
 * is one lookup in an index each, some 20 ms for 10,000 people.
 */
const members = (role: MailboxRole): AttributeSql => ({
  sql: `array(select member.user_id from mailbox_member member where member.mailbox_id = mailbox.id and member.role in (${atLeast(
    role,
  )
    .map((each) => `'${each}'`)
    .join(", ")}))`,
  kind: "uuid[]",
});

const columns: Readonly<Record<string, AttributeSql>> = {
  id: { sql: "mailbox.id", kind: "uuid" },
  kind: { sql: "mailbox.kind", kind: "text" },
  owner: { sql: "mailbox.owner_id", kind: "uuid" },
  ownerActive: {
    sql: "(select app_user.state = 'active' from app_user where app_user.id = mailbox.owner_id)",
    kind: "boolean",
  },
  department: { sql: "mailbox.department_id", kind: "uuid" },
  readers: members("reader"),
  editors: members("editor"),
  senders: members("sender"),
  managers: members("manager"),
};

export function resourceOfMailbox(row: MailboxRow): ResourceInstance {
  const having = (role: MailboxRole) =>
    row.members.filter((member) => atLeast(role).includes(member.role)).map(({ userId }) => userId);
  return {
    type: mailboxResource.name,
    attributes: {
      id: row.id,
      kind: row.kind,
      owner: row.owner_id ?? undefined,
      ownerActive: row.owner_active ?? undefined,
      department: row.department_id ?? undefined,
      readers: having("reader"),
      editors: having("editor"),
      senders: having("sender"),
      managers: having("manager"),
    },
  };
}

/* ---------- decisions ---------- */

export type MailAct = "read" | "edit" | "send" | "manage";
export type MailReader = Pick<Actor, "engine" | "subject" | "context">;

export interface AccessibleMailbox {
  readonly mailbox: MailboxRow;
  readonly access: Access;
}

/** Folders, messages, bodies and links are seen through their mailbox, exactly here. */
export const seesMessages = (access: Access): boolean => access.readable && access.field("messages") === "visible";

/**
 * What somebody may do with a mailbox. Reading, editing and sending are of what lies in it, so each needs the messages to be
 * visible; managing is of the mailbox alone.
 */
export function mayInMailbox(access: Access, act: MailAct): boolean {
  if (act === "manage") return access.may("manage");
  if (!seesMessages(access)) return false;
  return act === "read" || (act === "edit" ? access.editable("messages") : access.may("send"));
}

/** Undefined for a mailbox that does not exist, and for one that the actor may not see. */
export async function accessToMailbox(
  db: Database | Transaction,
  reader: MailReader,
  mailboxId: string,
): Promise<AccessibleMailbox | undefined> {
  return (await accessToMailboxes(db, reader, [mailboxId])).get(mailboxId);
}

export async function accessToMailboxes(
  db: Database | Transaction,
  { engine, subject, context }: MailReader,
  mailboxIds: readonly string[],
): Promise<ReadonlyMap<string, AccessibleMailbox>> {
  const rows = await findMailboxes(db, mailboxIds);
  const found = rows.map((mailbox) => ({
    mailbox,
    access: engine.accessTo(subject, resourceOfMailbox(mailbox), context),
  }));
  return new Map(found.filter(({ access }) => access.readable).map((each) => [each.mailbox.id, each]));
}

/** What may not be seen is not found; what may be seen and not done is forbidden. */
export async function requireMailbox(
  db: Database | Transaction,
  reader: MailReader,
  mailboxId: string,
  act: MailAct,
): Promise<AccessibleMailbox> {
  const found = await accessToMailbox(db, reader, mailboxId);
  if (!found) throw mailboxNotFound();
  if (!mayInMailbox(found.access, act)) throw mailboxForbidden(act);
  return found;
}

export const mailboxNotFound = () =>
  new DomainError("notFound", "There is no such mailbox.", { reason: "mailbox.notFound" });

const WORDS: Readonly<Record<MailAct, string>> = {
  read: "You may not read what lies in this mailbox.",
  edit: "You may not change what lies in this mailbox.",
  send: "You may not send from this mailbox.",
  manage: "You may not manage this mailbox.",
};

export const mailboxForbidden = (act: MailAct) =>
  new DomainError("forbidden", WORDS[act], { reason: "mailbox.forbidden", params: { act } });
