import { sql } from "kysely";
import type { FolderRole } from "@kontor/shared/mail";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import type { AccountWork } from "./account.work.ts";
import { removePendingOf } from "./accounts.repo.ts";
import { holdMessages, removeHere } from "./applyRemote.ts";
import { forgetMessages } from "./remote.repo.ts";

interface Lost {
  readonly message_id: string;
  /** Where somebody here has put it since, if that is still to be done there. */
  readonly target_id: string | null;
  readonly target_role: FolderRole | null;
  /** The bytes are all here, not only their beginning. */
  readonly is_whole: boolean;
}

/** In one transaction; more follow in the next one. */
const AT_ONCE = 500;

/**
 * What is lost once every folder has been looked into is deleted there, and so it goes here. One thing is stronger: somebody
 * here moved it to where it is to be kept, and that was still to be done there. Then it is put there again from what we have.
 */
export async function resolveLost(work: AccountWork): Promise<{ readonly toAppend: number }> {
  let toAppend = 0;
  for (;;) {
    const lost = await findLost(work);
    if (lost.length === 0) return { toAppend };
    toAppend += await work.transact(async (trx) => {
      const ids = lost.map(({ message_id }) => message_id);
      const here = await holdMessages(trx, ids);
      const kept = lost.filter(({ message_id }) => here.has(message_id)).filter(isToBeKept);
      const keptIds = kept.map(({ message_id }) => message_id);
      await removeHere(
        trx,
        ids.filter((id) => !keptIds.includes(id)),
      );
      await forgetMessages(trx, keptIds);
      await removePendingOf(trx, keptIds);
      await noteRemoteChanges(
        trx,
        kept.map(({ message_id: messageId, target_id }) => ({
          mailboxId: work.mailboxId,
          kind: "append",
          messageId,
          folderId: target_id ?? "",
          args: {},
        })),
      );
      return kept.length;
    });
  }
}

const isToBeKept = ({ target_id, target_role, is_whole }: Lost): boolean =>
  target_id !== null && target_role !== "trash" && target_role !== "junk" && is_whole;

async function findLost({ db, mailboxId }: AccountWork): Promise<readonly Lost[]> {
  const { rows } = await sql<Lost>`
    select lost.message_id, target.id as target_id, target.role as target_role,
      coalesce(content.raw_size = blob.size, false) as is_whole
    from mail_remote_message lost
      left join mail_message message on message.id = lost.message_id
      left join mail_content content on content.id = message.content_id
      left join blob on blob.sha256 = content.raw_sha256
      left join mail_folder target on target.id = message.folder_id and exists (
        select from mail_remote_change change where change.message_id = lost.message_id and change.kind = 'move')
    where lost.mailbox_id = ${mailboxId} and lost.folder_id is null
    order by lost.message_id limit ${AT_ONCE}`.execute(db);
  return rows;
}
