import { createHash } from "node:crypto";
import { sql, type RawBuilder } from "kysely";
import { canonicalJson, type JsonObject } from "@kontor/shared/base";
import type { Database, Transaction } from "#kernel";

/** Everything of an entry that its hash covers, under the names in which it is exported. */
export interface Entry {
  readonly id: string;
  /** UTC with all six digits that the database keeps: a moment moved by a microsecond is another moment. */
  readonly at: string;
  readonly action: string;
  readonly outcome: "done" | "denied" | "failed";
  readonly userId: string | null;
  readonly login: string | null;
  readonly channel: string | null;
  readonly ip: string | null;
  readonly deviceId: string | null;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly objectTitle: string | null;
  readonly details: JsonObject;
}
export interface ChainedEntry extends Entry {
  readonly number: number;
  readonly hash: Buffer;
}

export interface Chain {
  /** The first entry that is kept. */
  readonly firstNumber: number;
  /** The hash before it. */
  readonly anchor: Buffer;
  readonly lastNumber: number;
  readonly lastHash: Buffer;
}

export const microseconds = sql<string>`to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export const entryColumns: RawBuilder<unknown> = sql`
  id, ${microseconds} as at, action, outcome, user_id as "userId", login, channel, ip, device_id as "deviceId",
  object_kind as "objectKind", object_id as "objectId", object_title as "objectTitle", details`;

/**
 * sha256(the hash before ‖ canonical JSON of the entry with its number). The form is written down in docs/audit.md, so
 * that an export can be checked by a program of somebody else's.
 */
export function hashOf(previous: Buffer, number: number, entry: Entry): Buffer {
  const { id, at, action, outcome, userId, login, channel, ip, deviceId, objectKind, objectId, objectTitle, details } =
    entry;
  const covered: JsonObject = {
    number,
    id,
    at,
    action,
    outcome,
    userId,
    login,
    channel,
    ip,
    deviceId,
    objectKind,
    objectId,
    objectTitle,
    details,
  };
  return createHash("sha256").update(previous).update(canonicalJson(covered)).digest();
}

export async function readChain(db: Database | Transaction): Promise<Chain> {
  const { rows } = await sql<Chain>`
    select first_number as "firstNumber", anchor, last_number as "lastNumber", last_hash as "lastHash"
    from audit_chain`.execute(db);
  const [chain] = rows;
  if (!chain) throw new Error("audit_chain has lost its row");
  return chain;
}

/** False: another node, or another part of this one, is at it. Taking it makes no transaction id. */
export async function lockChain(trx: Transaction): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${CHAIN_LOCK}) as locked`.execute(
    trx,
  );
  return rows[0]?.locked === true;
}

const CHAIN_LOCK = 0x6175646974; // "audit" in ASCII
