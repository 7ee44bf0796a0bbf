import { sql } from "kysely";
import type { FolderRole } from "@kontor/shared/mail";
import type { Transaction } from "#kernel";
import { noteRemoteChanges } from "../messages/messages.repo.ts";
import type { AccountWork } from "./account.work.ts";
import { removePendingOf } from "./accounts.repo.ts";
import { holdMessages, removeHere } from "./applyRemote.ts";
import { draftState } from "./drafts.repo.ts";
import { forgetMessages } from "./remote.repo.ts";

interface Lost {
  readonly message_id: string;
  /** Where somebody here has put it, if that is still to be done there, or was done since we looked into that folder. */
  readonly target_id: string | null;
  readonly target_role: FolderRole | null;
  /** The bytes are all here, not only their beginning. */
  readonly is_whole: boolean;
  /** A draft that has changed here since its copy was put there, or is none any longer. */
  readonly is_ours: boolean;
}

/** In one transaction; more follow in the next one. */
const AT_ONCE = 500;

/**
 * What is lost once every folder has been looked into is deleted there, and so it goes here. One thing is stronger: somebody
 * here moved it to where it is to be kept, and that was still to be done there, or just done: whoever deleted the folder there had
 * not seen it in it. Then it is put there again from what we have.
 */
export async function resolveLost(work: AccountWork): Promise<{ readonly toAppend: number }> {
  let toAppend = 0;
  for (;;) {
    const ids = await findLost(work);
    if (ids.length === 0) return { toAppend };
    toAppend += await work.transact(async (trx) => {
      await holdMessages(trx, ids);
      // Read only now: somebody may have moved one of them at this moment.
      const lost = await readTargets(trx, ids);
      const kept = lost.filter(isToBeKept);
      // What it says now was never there, or is about to leave (DFT-5).
      const ours = lost.filter(({ is_ours }) => is_ours).map(({ message_id }) => message_id);
      const keptIds = kept.map(({ message_id }) => message_id);
      await removeHere(
        trx,
        ids.filter((id) => !keptIds.includes(id) && !ours.includes(id)),
      );
      await forgetMessages(trx, [...keptIds, ...ours]);
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

export const hasLost = async (work: AccountWork): Promise<boolean> => (await findLost(work, 1)).length > 0;

const isToBeKept = ({ target_id, target_role, is_whole, is_ours }: Lost): boolean =>
  !is_ours && target_id !== null && target_role !== "trash" && target_role !== "junk" && is_whole;

async function findLost({ db, mailboxId }: AccountWork, limit = AT_ONCE): Promise<readonly string[]> {
  const { rows } = await sql<{ message_id: string }>`
    select message_id from mail_remote_message where mailbox_id = ${mailboxId} and folder_id is null
    order by message_id limit ${limit}`.execute(db);
  return rows.map(({ message_id }) => message_id);
}

async function readTargets(trx: Transaction, ids: readonly string[]): Promise<readonly Lost[]> {
  const { rows } = await sql<Lost>`
    select message.id as message_id, target.id as target_id, target.role as target_role,
      coalesce(content.raw_size = blob.size, false) as is_whole,
      lost.draft is not null and (message.send_state not in ('draft', 'failed') or message.mailbox_id <> lost.mailbox_id
        or lost.draft <> ${draftState}) as is_ours
    from mail_remote_message lost
      join mail_message message on message.id = lost.message_id
      join mail_content content on content.id = message.content_id
      left join blob on blob.sha256 = content.raw_sha256
      left join mail_folder target on target.id = message.folder_id and (lost.is_put or exists (
        select from mail_remote_change change where change.message_id = message.id and change.kind = 'move'))
    where message.id = any(${ids}::uuid[]) order by message.id`.execute(trx);
  return rows;
}
