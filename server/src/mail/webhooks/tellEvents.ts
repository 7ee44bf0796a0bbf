import type { MailEventName } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { recordEvents } from "#webhooks";

interface Happened {
  readonly mailboxId: string;
  readonly messageId: string;
  /** The row of the recipient that was not reached. */
  readonly outboundId?: string;
}

/** Whoever listens to these mailboxes hears of it, once this transaction is committed. */
export const tellEvents = (
  trx: Transaction,
  name: MailEventName,
  { at, happened }: { readonly at: string; readonly happened: readonly Happened[] },
): Promise<void> =>
  recordEvents(
    trx,
    at,
    happened.map(({ mailboxId, messageId, outboundId }) => ({
      name,
      resource: { type: "mailbox", id: mailboxId },
      data: { messageId, ...(outboundId !== undefined && { outboundId }) },
    })),
  );
