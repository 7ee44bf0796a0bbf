import { sql } from "kysely";
import { z } from "zod";
import type { AccessEngine, Subject } from "@kontor/shared/access";
import {
  DomainError,
  isDomainError,
  isForGood,
  newId,
  type Clock,
  type FieldProblem,
  type Json,
} from "@kontor/shared/base";
import { limits, type Intent, type IntentResult } from "@kontor/shared/protocol";
import type { AnyIntent, Database, Log, Principal, Transaction } from "#kernel";

/**
 * Applies intents. Each has one transaction, in which the note of its `mid` is the first statement: a second copy waits
 * there for the first one and then reads its answer (SYN-4). Refusals for good are noted too, so that a lost answer is
 * given again; "try again" is not.
 */
export interface Intents {
  apply(caller: Caller, intent: Intent): Promise<AppliedIntent>;
  /** In order; what depends on a refused or postponed one shares its fate (SYN-5). */
  applyAll(caller: Caller, intents: readonly Intent[], memory: GroupMemory): Promise<readonly AppliedIntent[]>;
}

/** Who sent it, and from where. */
export interface Caller {
  readonly principal: Principal;
  readonly ip: string | undefined;
}

export interface AppliedIntent {
  readonly result: IntentResult;
  /** When the feed has carried this transaction, it has carried the effect; absent where there is none. */
  readonly txid?: string;
}

/** Refusals by group, for one connection: the next frame may carry more of the same group. */
export type GroupMemory = Map<string, IntentResult>;

export interface IntentsDeps {
  readonly db: Database;
  readonly intents: readonly AnyIntent[];
  readonly access: () => AccessEngine;
  readonly loadSubject: (userId: string) => Promise<Subject | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Deadlocks and lost races are nobody's fault and rare; three in a row mean real contention, and the client waits. */
const ATTEMPTS = 3;
const RETRIED_SQLSTATES = new Set(["40001", "40P01"]); // serialization_failure, deadlock_detected
const BLOCKED_RETRY_MS = 1_000;

export function createIntents({ db, intents, access, loadSubject, clock, log }: IntentsDeps): Intents {
  const byName = new Map(intents.map((intent) => [intent.name, intent]));

  async function apply(caller: Caller, intent: Intent): Promise<AppliedIntent> {
    const { principal } = caller;
    for (let attempt = 1; ; attempt++) {
      try {
        // Before the transaction: inside, it would ask the pool for a second connection while holding one.
        const subject = await loadSubject(principal.userId);
        return await db.transaction().execute((trx) => applyOnce(trx, caller, subject, intent));
      } catch (error) {
        if (isDomainError(error)) return await refuse(principal, intent, error);
        if (attempt < ATTEMPTS && RETRIED_SQLSTATES.has(sqlStateOf(error))) continue;
        const errorId = newId();
        log.error({ err: error, errorId, mid: intent.mid, intent: intent.name }, "an intent failed");
        return {
          result: {
            mid: intent.mid,
            status: "retry",
            code: "internal",
            reason: "sync.internal",
            message: `The server failed at this change and will try again. Error id: ${errorId}`,
          },
        };
      }
    }
  }

  async function applyOnce(
    trx: Transaction,
    { principal, ip }: Caller,
    subject: Subject | undefined,
    intent: Intent,
  ): Promise<AppliedIntent> {
    const noted = await noteIntent(trx, principal, intent);
    if (!noted) return await answerAgain(trx, principal, intent);
    const definition = definitionOf(byName, intent);
    const args = parseArgs(definition, intent);
    if (!subject) throw new DomainError("unauthenticated", "This account is off.", { reason: "account.off" });
    const now = new Date(clock.now()).toISOString();
    const { channel, deviceId, deviceTrusted, factorLevel } = principal;
    const context = { time: now, channel, ip, deviceId, deviceTrusted, factorLevel, offline: false };
    const outcome = await definition.apply(
      trx,
      { id: intent.id, mid: intent.mid, at: intent.at, args },
      { principal, subject, context, engine: access(), now },
    );
    const result: IntentResult = { mid: intent.mid, ...outcome };
    return { result, txid: await storeResult(trx, intent.mid, result) };
  }

  async function refuse(principal: Principal, intent: Intent, error: DomainError): Promise<AppliedIntent> {
    const { reason, problems, retryAfterMs } = error.details;
    const result: IntentResult = {
      mid: intent.mid,
      status: isForGood(error.code) ? "rejected" : "retry",
      code: error.code,
      reason,
      message: error.message,
      ...(problems ? { problems } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
    return { result: result.status === "rejected" ? await storeRefusal(principal, intent, result) : result };
  }

  /** Another copy may have been decided meanwhile: then its answer stands. */
  async function storeRefusal(principal: Principal, intent: Intent, result: IntentResult): Promise<IntentResult> {
    if (result.reason === FOREIGN_MID) return result; // the note belongs to somebody else's intent
    return await db.transaction().execute(async (trx) => {
      const noted = await noteIntent(trx, principal, intent);
      if (!noted) return await storedResult(trx, principal, intent);
      await storeResult(trx, intent.mid, result);
      return result;
    });
  }

  async function applyAll(
    caller: Caller,
    intents: readonly Intent[],
    memory: GroupMemory,
  ): Promise<readonly AppliedIntent[]> {
    const applied: AppliedIntent[] = [];
    /** By group and by row: what is postponed holds back what is behind it, or the order of a row would turn. */
    const postponed = new Map<string, IntentResult>();
    for (const intent of intents) {
      const keys = [
        `${intent.collection} ${intent.id}`,
        ...(intent.group === undefined ? [] : [`group ${intent.group}`]),
      ];
      const refused = intent.group === undefined ? undefined : memory.get(intent.group);
      const blocker = refused ?? keys.map((key) => postponed.get(key)).find((result) => result !== undefined);
      const outcome = blocker ? await fallWith(caller.principal, intent, blocker) : await apply(caller, intent);
      applied.push(outcome);
      const { result } = outcome;
      if (result.status === "retry") for (const key of keys) postponed.set(key, result);
      if (result.status === "rejected" && intent.group !== undefined) memory.set(intent.group, result);
    }
    return applied;
  }

  /** SYN-5: an answer that was given before stands, whatever became of the group. */
  async function fallWith(principal: Principal, intent: Intent, blocker: IntentResult): Promise<AppliedIntent> {
    if (blocker.status === "retry") {
      const retryAfterMs = blocker.retryAfterMs ?? BLOCKED_RETRY_MS;
      return { result: { ...dependent(intent, blocker), status: "retry", retryAfterMs } };
    }
    return { result: await storeRefusal(principal, intent, { ...dependent(intent, blocker), status: "rejected" }) };
  }

  return { apply, applyAll };
}

const dependent = (intent: Intent, blocker: IntentResult) => ({
  mid: intent.mid,
  code: blocker.code ?? ("conflict" as const),
  reason: "sync.dependsOnRefused",
  message: `This change depends on one that the server did not take: ${blocker.message ?? blocker.reason ?? "no reason given"}`,
});

function definitionOf(byName: ReadonlyMap<string, AnyIntent>, intent: Intent): AnyIntent {
  const definition = byName.get(intent.name);
  // Sent by a newer client: it keeps the change until the server has been updated.
  if (!definition)
    throw new DomainError("outdated", "The server does not know this kind of change yet.", {
      reason: "sync.unknownIntent",
    });
  if (definition.collection !== intent.collection)
    throw new DomainError("invalid", `"${intent.name}" changes ${definition.collection}, not ${intent.collection}.`, {
      reason: "sync.wrongCollection",
    });
  return definition;
}

function parseArgs(definition: AnyIntent, intent: Intent): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(intent.args));
  const maxBytes = definition.maxBytes ?? limits.intentBytes;
  if (bytes > maxBytes)
    throw new DomainError("tooLarge", `This change has ${bytes} bytes; at most ${maxBytes} can be taken.`, {
      reason: "sync.intentTooLarge",
      params: { bytes, maxBytes },
    });
  const parsed = definition.args.safeParse(intent.args);
  if (parsed.success) return parsed.data;
  throw new DomainError("invalid", "The change is not in the form that it should have.", {
    reason: "sync.invalidArguments",
    problems: parsed.error.issues.map(toProblem),
  });
}

const toProblem = (issue: z.core.$ZodIssue): FieldProblem => ({
  field: issue.path.join("."),
  reason: issue.code ?? "invalid",
  message: issue.message,
});

const sqlStateOf = (error: unknown): string => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
};

/* ---------- intent_log ---------- */

const FOREIGN_MID = "sync.foreignMid";

/** False when this intent was decided before; waits for a transaction that is deciding it now. */
async function noteIntent(trx: Transaction, principal: Principal, intent: Intent): Promise<boolean> {
  const { rows } = await sql`
    insert into intent_log (mid, user_id, device_id, name, result)
    values (${intent.mid}, ${principal.userId}, ${principal.deviceId ?? null}, ${intent.name}, 'null')
    on conflict (mid) do nothing returning mid`.execute(trx);
  return rows.length === 1;
}

/** Returns the transaction's number, which would be a question more: a change of thousands of messages is thousands of these. */
async function storeResult(trx: Transaction, mid: string, result: IntentResult): Promise<string> {
  const { rows } = await sql<{ txid: string }>`
    update intent_log set result = ${JSON.stringify(result)}::jsonb where mid = ${mid}
    returning pg_current_xact_id()::text as txid`.execute(trx);
  return rows[0]?.txid ?? "0";
}

/**
 * The effect of the first copy may not have been carried by the feed yet: a lost answer comes back within a second, and
 * somebody's long transaction holds the feed for longer. So this copy waits like the first: what was committed before
 * this transaction began is carried before its number is.
 */
async function answerAgain(trx: Transaction, principal: Principal, intent: Intent): Promise<AppliedIntent> {
  const result = await storedResult(trx, principal, intent);
  return result.status === "rejected" ? { result } : { result, txid: await currentTxid(trx) };
}

async function currentTxid(trx: Transaction): Promise<string> {
  const { rows } = await sql<{ txid: string }>`select pg_current_xact_id()::text as txid`.execute(trx);
  return rows[0]?.txid ?? "0";
}

async function storedResult(trx: Transaction, principal: Principal, intent: Intent): Promise<IntentResult> {
  const { rows } = await sql<{ userId: string; result: Json }>`
    select user_id as "userId", result from intent_log where mid = ${intent.mid}`.execute(trx);
  const [row] = rows;
  // Answers are shown only to whom they were given: a guessed mid tells nothing about another user's change.
  if (!row || row.userId !== principal.userId)
    throw new DomainError("conflict", "This change's id is already in use. Make the change again.", {
      reason: FOREIGN_MID,
    });
  return row.result as unknown as IntentResult;
}
