import { createHash } from "node:crypto";
import { sql } from "kysely";
import { canonicalJson, newId, type Clock, type JsonObject } from "@kontor/shared/base";
import type { Database, Transaction } from "./database/database.ts";
import { addressKey } from "./http/addressKey.ts";
import type { Principal } from "./principal.ts";

/** One thing that happened and that somebody may have to answer for (POL-12). */
export interface AuditEntry {
  /** `<feature>.<what happened>`: `people.signedIn`, `access.published`, `record.sensitiveRead`. */
  readonly action: string;
  readonly outcome: "done" | "denied" | "failed";
  /** Absent: the server itself, or somebody who did not get as far as having a name. */
  readonly by?: AuditActor;
  readonly object?: { readonly kind: string; readonly id?: string; readonly title?: string };
  /** Never a secret, and no value that policies protect: names of fields, not what stands in them. */
  readonly details?: JsonObject;
}

export interface AuditActor extends Partial<Pick<Principal, "userId" | "login" | "deviceId">> {
  /** `cli`: somebody with a shell on the server. */
  readonly channel?: Principal["channel"] | "cli";
  readonly ip?: string;
}

/** What a request knows of who sent it. */
export const auditActor = (principal: Principal | undefined, ip?: string): AuditActor => ({
  ...(principal && { userId: principal.userId, login: principal.login, channel: principal.channel }),
  ...(principal?.deviceId !== undefined && { deviceId: principal.deviceId }),
  ...(ip !== undefined && ip !== "" && { ip }),
});

/**
 * Writes entries in the transaction of what they tell of, so that neither exists without the other. The audit feature
 * chains them once they are committed, and shows them.
 */
export async function recordAudit(db: Database | Transaction, now: string, entries: readonly AuditEntry[]) {
  await insertEntries(
    db,
    entries.map((entry) => ({ at: now, entry })),
  );
}

/**
 * Entries about what changes nothing, and so has no transaction: denials, and reads of sensitive sections. What is noted
 * while a write is under way is written together by the next one, so a busy server pays a commit for many.
 */
export interface AuditLog {
  /** Resolves when the entries are committed: the answer that they tell of is sent afterwards. */
  note(entries: readonly AuditEntry[]): Promise<void>;
  /** Turns what was counted into entries, once its minute is over. */
  sweep(): Promise<void>;
}

const ROWS = 1_000; // in one statement: PostgreSQL takes 65,535 parameters
const REPEAT_MS = 60_000; // equal ones within a minute are counted in one entry
/**
 * Different denials of one person, or one address, that get entries of their own in a minute: more than a person can cause,
 * and about 140,000 entries a day of somebody who tries to fill the disk. The rest are counted together.
 */
const DENIALS_PER_MINUTE = 100;
const NAMELESS_PER_MINUTE = 1_000; // of everybody who has no name together, however many addresses they have

interface Moment {
  readonly at: string;
  readonly entry: AuditEntry;
}
interface Waiting extends Moment {
  readonly key: string;
}

export function createAuditLog({ db, clock }: { db: Database; clock: Clock }): AuditLog {
  const limit = createLimit(clock);
  let waiting: Waiting[] = [];
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    await running.catch(() => undefined);
    const batch = waiting;
    waiting = [];
    next = undefined;
    running = db.transaction().execute(async (trx) => {
      for (let at = 0; at < batch.length; at += ROWS) await writeFolded(trx, batch.slice(at, at + ROWS));
    });
    await running;
  }

  return {
    note(entries) {
      if (entries.length === 0) return Promise.resolve();
      const at = new Date(clock.now()).toISOString();
      for (const entry of entries) waiting.push({ at, ...limit(entry) });
      next ??= flush();
      return next;
    },
    async sweep() {
      const before = new Date(clock.now() - REPEAT_MS).toISOString();
      await db.transaction().execute(async (trx) => {
        const { rows } = await sql<{ since: string; until: string; count: number; entry: AuditEntry }>`
          delete from audit_repeat where since < ${before} returning since, until, count, entry`.execute(trx);
        const counted = rows.filter(({ count }) => count > 1);
        await insertEntries(
          trx,
          counted.map(({ since, until, count, entry }) => ({
            at: until,
            entry: { ...entry, details: { ...entry.details, repeated: count - 1, since } },
          })),
        );
      });
    },
  };
}

/** The first of equal ones becomes an entry; those after it are counted. */
async function writeFolded(trx: Transaction, batch: readonly Waiting[]): Promise<void> {
  const groups = [...Map.groupBy(batch, ({ key }) => key)].map(([key, equal]) => ({
    key,
    first: equal[0] as Waiting,
    last: equal.at(-1) as Waiting,
    count: equal.length,
  }));
  groups.sort((a, b) => (a.key < b.key ? -1 : 1)); // two nodes that count the same must not wait for each other
  const rows = groups.map(
    ({ key, first, last, count }) =>
      sql`(${Buffer.from(key, "hex")}::bytea, ${first.at}::timestamptz, ${last.at}::timestamptz, ${count}::int, ${JSON.stringify(first.entry)}::jsonb)`,
  );
  const written = await sql<{ key: Buffer; isFirst: boolean }>`
    insert into audit_repeat as known (key, since, until, count, entry) values ${sql.join(rows)}
    on conflict (key) do update set count = known.count + excluded.count, until = excluded.until
    returning key, (xmax = 0) as "isFirst"`.execute(trx);
  const firsts = new Set(written.rows.flatMap(({ key, isFirst }) => (isFirst ? [key.toString("hex")] : [])));
  await insertEntries(
    trx,
    groups.filter(({ key }) => firsts.has(key)).map(({ first }) => first),
  );
}

/** Keys by which equal entries are counted; what is too much of one source gets one key for all. */
function createLimit(clock: Clock): (entry: AuditEntry) => { readonly entry: AuditEntry; readonly key: string } {
  let minute = 0;
  const seen = new Map<string, Set<string>>();

  const hasRoom = (source: string, key: string, room: number): boolean => {
    const keys = seen.get(source) ?? new Set();
    seen.set(source, keys);
    if (keys.has(key)) return true;
    if (keys.size >= room) return false;
    keys.add(key);
    return true;
  };

  return (entry) => {
    const key = keyOf(entry);
    if (entry.outcome === "done") return { entry, key }; // what was really read is bounded by reading
    const now = Math.floor(clock.now() / REPEAT_MS);
    if (now !== minute) seen.clear();
    minute = now;
    const { action, outcome, by } = entry;
    const source = by?.userId ?? addressKey(by?.ip);
    const isNameless = by?.userId === undefined;
    if (!hasRoom(source, key, DENIALS_PER_MINUTE)) {
      const rest: AuditEntry = { action, outcome, ...(by && { by }), details: { various: true } };
      return { entry: rest, key: keyOf(rest) };
    }
    if (!isNameless || hasRoom("nameless", key, NAMELESS_PER_MINUTE)) return { entry, key };
    const rest: AuditEntry = { action, outcome, details: { various: true } };
    return { entry: rest, key: keyOf(rest) };
  };
}

const keyOf = (entry: AuditEntry): string =>
  createHash("sha256")
    .update(canonicalJson(entry as unknown as JsonObject))
    .digest("hex");

/* ---------- reads of sensitive sections ---------- */

/** Sections marked sensitive of which something is about to leave the server. */
export interface SensitivePart {
  readonly type: string;
  readonly id: string;
  readonly sections: readonly string[];
}

const IDS = 200; // in one entry: a page of a list

/** Few entries for many records: one for those of the same type with the same sections. */
export function sensitiveReads(
  parts: readonly SensitivePart[],
  by: AuditActor,
  via: "list" | "record" | "feed" | "file" | "export" | "viewAs" | "mail",
): readonly AuditEntry[] {
  const groups = Map.groupBy(parts, ({ type, sections }) => JSON.stringify([type, [...sections].sort()]));
  return [...groups].flatMap(([group, members]) => {
    const [type, sections] = JSON.parse(group) as [string, string[]];
    const ids = [...new Set(members.map(({ id }) => id))];
    const chunks = Array.from({ length: Math.ceil(ids.length / IDS) }, (_, at) => ids.slice(at * IDS, (at + 1) * IDS));
    return chunks.map((chunk): AuditEntry => {
      const [id] = chunk;
      const isOne = chunk.length === 1 && id !== undefined;
      return {
        action: "record.sensitiveRead",
        outcome: "done",
        by,
        object: { kind: type, ...(isOne && { id }) },
        details: { via, sections, ...(!isOne && { ids: chunk }) },
      };
    });
  });
}

/* ---------- rows ---------- */

async function insertEntries(db: Database | Transaction, moments: readonly Moment[]): Promise<void> {
  for (let at = 0; at < moments.length; at += ROWS) await insertRows(db, moments.slice(at, at + ROWS));
}

async function insertRows(db: Database | Transaction, moments: readonly Moment[]): Promise<void> {
  await db
    .withTables<AuditTables>()
    .insertInto("audit_entry")
    .values(
      moments.map(({ at, entry: { action, outcome, by, object, details } }) => ({
        id: newId(),
        at,
        action,
        outcome,
        user_id: by?.userId ?? null,
        login: by?.login ?? null,
        channel: by?.channel ?? null,
        ip: by?.ip ?? null,
        device_id: by?.deviceId ?? null,
        object_kind: object?.kind ?? null,
        object_id: object?.id ?? null,
        object_title: object?.title ?? null,
        details: JSON.stringify(details ?? {}),
      })),
    )
    .execute();
}

type AuditTables = {
  audit_entry: {
    id: string;
    at: string;
    action: string;
    outcome: AuditEntry["outcome"];
    user_id: string | null;
    login: string | null;
    channel: string | null;
    ip: string | null;
    device_id: string | null;
    object_kind: string | null;
    object_id: string | null;
    object_title: string | null;
    details: string;
  };
};
