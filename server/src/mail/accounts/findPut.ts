import { createHash } from "node:crypto";
import type { AccountWork } from "./account.work.ts";
import { findByUids, findRemoteFolder } from "./remote.repo.ts";

export interface PutMessage {
  readonly message_id: string;
  readonly raw_sha256: string | null;
  readonly raw_size: number;
  readonly folder_id: string;
}

/** In the selected folder: what an APPEND whose answer was lost has put there. */
export async function findPut(
  { session, db }: AccountWork,
  { message_id, raw_sha256, raw_size, folder_id }: PutMessage,
): Promise<number | undefined> {
  const from = (await findRemoteFolder(db, folder_id))?.uid_next ?? 1;
  const named = await session.findByMessageId(message_id, from);
  // A copy that another client has made is another message of ours.
  const ours = await findByUids(db, folder_id, named);
  const free = named.find((uid) => !ours.has(uid));
  if (free !== undefined) return free;
  // It may have no Message-ID, or one that is too long to be kept here.
  const fresh = await session.fetchIdentities(await session.listUids({ from }));
  const alike = fresh.filter(({ size }) => size === raw_size).map(({ uid }) => uid);
  const known = await findByUids(db, folder_id, alike);
  for await (const { uid, source } of session.fetchSources(alike.filter((each) => !known.has(each))))
    if (createHash("sha256").update(source).digest("hex") === raw_sha256) return uid;
  return undefined;
}
