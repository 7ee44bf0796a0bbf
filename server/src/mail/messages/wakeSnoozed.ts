import { sql } from "kysely";
import type { Database } from "#kernel";
import { noteRemoteChanges, recordMessages } from "./messages.repo.ts";

const AT_ONCE = 500; // messages of one transaction

/** Messages whose time has come are unread again. */
export async function wakeSnoozed(
  db: Database,
  now: number,
): Promise<{ readonly woken: number; readonly isMore: boolean }> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{
      id: string;
      mailbox_id: string;
      folder_id: string;
      remote_uid: number | null;
      isExternal: boolean;
    }>`
      update mail_message m set snoozed_until = null, seen = false, rev = m.rev + 1
      from mailbox where mailbox.id = m.mailbox_id and m.id in (
        select id from mail_message where snoozed_until <= ${new Date(now).toISOString()}
        order by snoozed_until limit ${AT_ONCE} for update skip locked)
      returning m.id, m.mailbox_id, m.folder_id, m.remote_uid, mailbox.kind = 'external' as "isExternal"`.execute(trx);
    await recordMessages(
      trx,
      rows.map(({ id }) => id),
    );
    await noteRemoteChanges(
      trx,
      rows
        .filter(({ isExternal }) => isExternal)
        .map(({ id, mailbox_id, folder_id, remote_uid }) => ({
          mailboxId: mailbox_id,
          kind: "flags" as const,
          messageId: id,
          folderId: folder_id,
          args: { seen: false, uid: remote_uid },
        })),
    );
    return { woken: rows.length, isMore: rows.length === AT_ONCE };
  });
}
