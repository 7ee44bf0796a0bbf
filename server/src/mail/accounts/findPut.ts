import { createHash } from "node:crypto";
import type { AccountWork } from "./account.work.ts";
import { findRemoteFolder } from "./remote.repo.ts";

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
  const [named] = await session.findByMessageId(message_id, 1);
  if (named !== undefined) return named;
  // It may have no Message-ID, or one that is too long to be kept here.
  const known = await findRemoteFolder(db, folder_id);
  const fresh = await session.fetchIdentities(await session.listUids({ from: known?.uid_next ?? 1 }));
  const alike = fresh.filter(({ size }) => size === raw_size).map(({ uid }) => uid);
  for await (const { uid, source } of session.fetchSources(alike))
    if (createHash("sha256").update(source).digest("hex") === raw_sha256) return uid;
  return undefined;
}
