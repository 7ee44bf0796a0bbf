import type { Access } from "@kontor/shared/access";
import type { JsonObject } from "@kontor/shared/base";
import type { AccountState, MailboxDoc } from "@kontor/shared/mail";
import { defineCollection } from "#kernel";
import { mailboxResource, mayInMailbox, resourceOfMailbox } from "./mailbox.resource.ts";
import { findMailboxes, scanMailboxes, type MailboxRow } from "./mailboxes.repo.ts";

/** Which mailboxes a replica knows of; what lies in them comes with them (`messages.collections.ts`). */
export const mailboxesCollection = defineCollection<MailboxRow>({
  name: "mailboxes",
  access: {
    kind: "policy",
    stored: { table: "mailbox", types: () => [mailboxResource.name] },
    resource: resourceOfMailbox,
  },
  byIds: findMailboxes,
  scan: scanMailboxes,
  project: (row, access) => projectMailbox(row, access) as (MailboxDoc & JsonObject) | undefined,
});

/** Undefined for whoever does not see what the mailbox is: the rest of it would hang in the air. */
export function projectMailbox(row: MailboxRow, access: Access): MailboxDoc | undefined {
  const isVisible = (field: string) => access.field(field) === "visible";
  if (!access.readable || !["kind", "name", "address", "addresses"].every(isVisible)) return undefined;
  return {
    id: row.id,
    kind: row.kind,
    ...(row.owner_id !== null && isVisible("ownerId") && { ownerId: row.owner_id }),
    name: row.name,
    address: row.address,
    addresses: row.addresses.length > 0 ? row.addresses : [row.address],
    members: isVisible("members") ? row.members : [],
    ...(row.account && isVisible("account") && { account: accountState(row.account) }),
    can: (["read", "edit", "send", "manage"] as const).filter((act) => mayInMailbox(access, act)),
  };
}

const accountState = ({
  state,
  reason,
  message,
  done,
  total,
  retryAt,
}: NonNullable<MailboxRow["account"]>): AccountState => ({
  state,
  ...(reason !== null && { reason }),
  ...(message !== null && { message }),
  ...(done !== null && total !== null && { progress: { done, total } }),
  ...(retryAt !== null && { retryAt }),
});
