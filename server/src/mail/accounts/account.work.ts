import { DomainError, type Clock } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import type { Database, Log, Transaction } from "#kernel";
import type { ContentDeps } from "../messages/storeContent.ts";
import type { MessageReader } from "../mime/messageReader.ts";
import { holdEpoch } from "./accounts.repo.ts";
import type { ImapSession } from "./imap.port.ts";

/** What every step of an account's sync has at hand. */
export interface AccountWork {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly contents: ContentDeps;
  readonly read: MessageReader["read"];
  readonly clock: Clock;
  readonly log: Log;
  readonly mailboxId: string;
  /** The provider puts a copy of what it sends for us into its sent folder by itself. */
  readonly savesSent: boolean;
  readonly session: ImapSession;
  /** One transaction, refused when another worker has taken the account meanwhile. Replicas hear of it after commit. */
  transact<Result>(act: (trx: Transaction) => Promise<Result>): Promise<Result>;
}

export function createTransact({
  db,
  mailboxId,
  epoch,
  changed,
}: {
  readonly db: Database;
  readonly mailboxId: string;
  readonly epoch: number;
  readonly changed: () => void;
}): AccountWork["transact"] {
  return async (act) => {
    const result = await db.transaction().execute(async (trx) => {
      if (!(await holdEpoch(trx, mailboxId, epoch))) throw accountTaken();
      return act(trx);
    });
    changed();
    return result;
  };
}

/** Another node has the account, or its owner removed it: this worker ends without a word to anybody. */
const accountTaken = () => new DomainError("conflict", "Another worker has this account.", { reason: "account.taken" });
