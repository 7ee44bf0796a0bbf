import { sql } from "kysely";
import { z } from "zod";
import { DomainError, type Clock } from "@kontor/shared/base";
import { recordAudit, type AuditActor, type AuditLog, type Database, type Doorbell, type Log } from "#kernel";
import { readChain } from "./chain.repo.ts";
import { startChainer } from "./chain.ts";
import { pruneEntries } from "./prune.ts";
import { verifyChain, type Verification } from "./verify.ts";

export interface AuditDeps {
  readonly db: Database;
  readonly doorbell: Pick<Doorbell, "onRing">;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Log;
  readonly days: number;
}

export interface AuditState {
  readonly head: { readonly number: number; readonly hash: string };
  readonly oldest?: { readonly number: number; readonly at: string };
  /** Entries that have no number yet, because a transaction that began before them is still open. */
  readonly unchained: number;
  readonly days: number;
  readonly verifying: boolean;
  readonly verified?: Verified;
}

export interface AuditService {
  state(): Promise<AuditState>;
  /** Verifies in the background; false when that is under way here already. */
  startVerifying(by: AuditActor): boolean;
  health(): Promise<{ readonly state: "ok" | "poor" | "failing"; readonly words: string }>;
  stop(): Promise<void>;
}

const HOUSEKEEPING_MS = 3_600_000;
const VERIFY_EVERY_MS = 24 * 3_600_000;
const LATE_MS = 10 * 60_000; // an entry that still has no number by then waits for a forgotten transaction

export function startAudit({ db, doorbell, audit, clock, log, days }: AuditDeps): AuditService {
  const stopping = new AbortController();
  const chainer = startChainer({ db, doorbell, log, also: audit.sweep });
  let verifying: Promise<void> | undefined;

  async function verify(by: AuditActor | undefined): Promise<void> {
    try {
      tell(log, await verifyAndNote(db, { clock, by, signal: stopping.signal }));
    } catch (error) {
      if (!stopping.signal.aborted) log.error({ err: error }, "the audit log could not be verified");
    }
  }

  function startVerifying(by: AuditActor | undefined): boolean {
    if (verifying || stopping.signal.aborted) return false;
    verifying = verify(by).finally(() => (verifying = undefined));
    return true;
  }

  /** The head goes to the server's log, which lives elsewhere: a chain that was written anew does not have it. */
  async function keepHouse(): Promise<void> {
    const { lastNumber, lastHash } = await readChain(db);
    log.info({ number: lastNumber, hash: lastHash.toString("hex") }, "head of the audit log");
    const pruned = await pruneEntries(db, { days, clock });
    if (pruned > 0) log.info({ entries: pruned, days }, "old entries of the audit log were dropped");
    const last = await readVerified(db);
    if (last?.fault) tell(log, last);
    if (!last || clock.now() - Date.parse(last.at) >= VERIFY_EVERY_MS) startVerifying(undefined);
  }

  let keeping: Promise<void> = Promise.resolve();
  const keep = () => {
    keeping = keepHouse().catch((error: unknown) => log.warn({ err: error }, "the audit log's housekeeping"));
  };
  const timer = setInterval(keep, HOUSEKEEPING_MS);
  keep();

  return {
    startVerifying,
    async state() {
      const [chain, { rows }, verified] = await Promise.all([readChain(db), readEnds(db), readVerified(db)]);
      const [ends] = rows;
      return {
        head: { number: chain.lastNumber, hash: chain.lastHash.toString("hex") },
        ...(ends?.oldestAt && { oldest: { number: chain.firstNumber, at: ends.oldestAt } }),
        unchained: ends?.unchained ?? 0,
        days,
        verifying: verifying !== undefined,
        ...(verified && { verified }),
      };
    },
    async health() {
      const [verified, { rows }] = await Promise.all([readVerified(db), readEnds(db)]);
      if (verified?.fault)
        return { state: "failing", words: `The audit log was tampered with: ${verified.fault.words}` };
      const [ends] = rows;
      if (ends?.waitingSince && clock.now() - Date.parse(ends.waitingSince) > LATE_MS) {
        return { state: "poor", words: `${ends.unchained} entries wait for a transaction that never ends.` };
      }
      if (!verified) return { state: "ok", words: "The chain is being verified for the first time." };
      return { state: "ok", words: `The chain was verified up to entry ${verified.lastNumber} at ${verified.at}.` };
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await Promise.all([chainer.stop(), keeping]);
      await verifying;
    },
  };
}

function tell(log: Log, { fault, checked, lastNumber, lastHash }: Omit<Verified, "at">): void {
  const head = { number: lastNumber, hash: lastHash };
  if (fault) log.error({ ...fault, head }, "THE AUDIT LOG WAS TAMPERED WITH");
  else log.info({ checked, head }, "the audit log is whole");
}

/** Verifies, keeps the result for whoever asks how things are, and records that it was done. */
export async function verifyAndNote(
  db: Database,
  { clock, by, signal, ...how }: { clock: Clock; by: AuditActor | undefined } & Parameters<typeof verifyChain>[1],
): Promise<Verification> {
  const found = await verifyChain(db, { ...how, ...(signal && { signal }) });
  const at = new Date(clock.now()).toISOString();
  const { checked, lastNumber, lastHash, fault } = found;
  const verified: Verified = { at, checked, lastNumber, lastHash, ...(fault && { fault }) };
  await db.transaction().execute(async (trx) => {
    await sql`insert into server_state (key, value) values (${VERIFIED}, ${JSON.stringify(verified)}::jsonb)
      on conflict (key) do update set value = excluded.value`.execute(trx);
    await recordAudit(trx, at, [
      {
        action: "audit.verified",
        outcome: fault ? "failed" : "done",
        ...(by && { by }),
        details: { checked, upTo: lastNumber, ...(fault && { number: fault.number, what: fault.what }) },
      },
    ]);
  });
  return found;
}

const VERIFIED = "audit.verified";
const faultSchema = z.object({
  number: z.number().int(),
  what: z.enum(["changed", "missing", "foreign", "head", "expected"]),
  words: z.string(),
});
export const verifiedSchema = z.object({
  at: z.string(),
  checked: z.number().int(),
  lastNumber: z.number().int(),
  lastHash: z.string(),
  fault: faultSchema.optional(),
});
export type Verified = z.output<typeof verifiedSchema>;

async function readVerified(db: Database): Promise<Verified | undefined> {
  const row = await db.selectFrom("server_state").select("value").where("key", "=", VERIFIED).executeTakeFirst();
  if (!row) return undefined;
  const parsed = verifiedSchema.safeParse(row.value);
  if (parsed.success) return parsed.data;
  throw new DomainError("internal", "What was last found about the audit log cannot be read.", {
    reason: "audit.verified",
  });
}

const readEnds = (db: Database) =>
  sql<{ oldestAt: string | null; unchained: number; waitingSince: string | null }>`
    select (select at from audit_entry where number is not null order by number limit 1) as "oldestAt",
      count(*) as unchained, min(at) as "waitingSince"
    from audit_entry where number is null`.execute(db);
