import type { Readable } from "node:stream";
import { sql } from "kysely";
import { DomainError, type Clock } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import { recordAudit, type AuditActor, type Database, type Transaction } from "#kernel";
import { deliverInbound, type DeliverDeps } from "./deliver.ts";
import { finishInbound, inboundTables, lockInbound, type InboundRow } from "./inbound.repo.ts";

/** What came in and could not be laid into a mailbox, for whoever decides about it. */
export interface Quarantine {
  list(page: { limit: number; before: string | undefined }): Promise<readonly QuarantinedMessage[]>;
  count(): Promise<number>;
  /** Into the inboxes of its recipients, whatever stands against it; as an attachment where it cannot be read. */
  release(id: string, by: AuditActor): Promise<void>;
  drop(id: string, by: AuditActor): Promise<void>;
  /** The message as it came. */
  download(id: string, by: AuditActor): Promise<{ readonly body: Readable; readonly size: number }>;
}

export interface QuarantinedMessage {
  readonly id: string;
  readonly from: string;
  readonly recipients: string[];
  readonly size: number;
  readonly receivedAt: string;
  readonly attempts: number;
  readonly ip: string | null;
  readonly reason: string;
  readonly message: string | null;
}

export function createQuarantine(
  deps: DeliverDeps & { readonly clock: Clock; readonly blobs: Pick<BlobStore, "get" | "put"> },
): Quarantine {
  const { db, clock } = deps;
  const now = () => new Date(clock.now()).toISOString();

  async function find(id: string): Promise<InboundRow> {
    const row = await inboundTables(db).selectFrom("mail_inbound").selectAll().where("id", "=", id).executeTakeFirst();
    if (row?.state !== "quarantined") throw notThere();
    return row;
  }

  const note = (trx: Database | Transaction, by: AuditActor, action: string, row: InboundRow) =>
    recordAudit(trx, now(), [
      {
        action,
        outcome: "done",
        by,
        object: { kind: "mailQuarantine", id: row.id, title: row.envelope_from },
        details: { recipients: [...row.recipients].slice(0, 50), reason: row.reason ?? "" },
      },
    ]);

  return {
    async list({ limit, before }) {
      const { rows } = await sql<QuarantinedMessage>`
        select id, envelope_from as "from", recipients, raw_size as size, received_at as "receivedAt", attempts,
          verdict->>'ip' as ip, coalesce(reason, '') as reason, message
        from mail_inbound where state = 'quarantined' and (${before ?? null}::uuid is null or id < ${before ?? null})
        order by id desc limit ${limit}`.execute(db);
      return rows;
    },

    async count() {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from mail_inbound where state = 'quarantined'`.execute(db);
      return rows[0]?.count ?? 0;
    },

    async release(id, by) {
      const row = await find(id);
      const outcome = await deliverInbound(deps, row, now(), { release: true });
      if (outcome === "quarantined")
        throw new DomainError("conflict", "None of its recipients has a mailbox. Give somebody the address first.", {
          reason: "quarantine.noRecipient",
        });
      await note(db, by, "mail.quarantineReleased", row);
      deps.changed();
    },

    async drop(id, by) {
      const row = await find(id);
      await db.transaction().execute(async (trx) => {
        if ((await lockInbound(trx, row))?.state !== "quarantined") throw notThere();
        await finishInbound(trx, id, {
          state: "dropped",
          ...(row.reason !== null && { reason: row.reason }),
          now: now(),
        });
        await note(trx, by, "mail.quarantineDropped", row);
      });
    },

    async download(id, by) {
      const row = await find(id);
      // Noted before a byte of it leaves: it is somebody's mail.
      await note(db, by, "mail.quarantineDownloaded", row);
      return { body: await deps.blobs.get(row.raw_sha256), size: row.raw_size };
    },
  };
}

const notThere = () =>
  new DomainError("notFound", "There is no such message in quarantine.", { reason: "quarantine.unknown" });
