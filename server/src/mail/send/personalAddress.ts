import type { MailAddress } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { mailboxTables } from "../mailboxes/mailboxes.repo.ts";

/** Under which somebody writes in their own name; undefined for whoever has no mailbox, as other systems. */
export const personalAddress = (trx: Transaction, userId: string): Promise<MailAddress | undefined> =>
  mailboxTables(trx)
    .selectFrom("mailbox")
    .select(["address", "name"])
    .where("owner_id", "=", userId)
    .where("kind", "=", "personal")
    .executeTakeFirst();
