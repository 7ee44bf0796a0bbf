import { z } from "zod";
import type { AccessEngine, Context, DryRun } from "@kontor/shared/access";
import { DomainError, isDomainError, newId, type Clock } from "@kontor/shared/base";
import { defineJob, type Database, type Job, type Log, type Queue } from "#kernel";
import type { AccessService } from "../access.service.ts";
import { findDraft } from "../policyDraft.repo.ts";
import {
  beginDryRun,
  deleteDryRun,
  deleteOld,
  endDryRun,
  failAbandoned,
  findDryRun,
  finishDryRun,
  insertDryRun,
  noteProgress,
  releaseDryRun,
} from "./dryRun.repo.ts";
import { evaluateDryRun, type DryRunPeople } from "./evaluateDryRun.ts";
import type { ResourceSource } from "./resourceSource.port.ts";

/**
 * The life of a dry run: waiting → running → done, failed or cancelled, and never anything else for long. While it runs it
 * says so every second; a run that says nothing has lost its server, and is marked as failed by whichever server looks next.
 * Whoever cancels writes it into the row, and the run finds that it is not running any more.
 */

export interface DryRunDeps {
  readonly db: Database;
  readonly access: Pick<AccessService, "engine" | "compile">;
  readonly people: DryRunPeople;
  /** Of every type that has rows; the engine is for what is decided by what stands one relation away. */
  sourcesOf(engine: AccessEngine): readonly ResourceSource[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface DryRuns {
  readonly job: Job;
  /** Throws `notFound`, or `invalid` with every fault of the draft. */
  start(draftId: string, queue: Pick<Queue, "enqueue">): Promise<string>;
  /** Throws `notFound`. */
  find(id: string): Promise<DryRun>;
  /** Cancels it; one that is over is deleted. */
  remove(id: string): Promise<void>;
  /** Marks what lost its server as failed, and drops what is old. */
  sweep(): Promise<void>;
  stop(): void;
}

const PROGRESS_MS = 1_000; // how long a cancelled run goes on at most
const SILENT_MS = 60_000; // many times the longest statement
const WAITING_MS = 24 * 3600_000; // the queue begins at once; after a day it has lost the job
const KEPT_MS = 7 * 24 * 3600_000; // what was found says less every day: records and people change
const SWEEP_MS = 30_000;
const LONGEST_SECONDS = 3600;

const data = z.object({ id: z.uuid() });

export function createDryRuns(deps: DryRunDeps): DryRuns {
  const { db, access, clock, log } = deps;
  const at = (ms = 0) => new Date(clock.now() - ms).toISOString();

  const job = defineJob({
    name: "access.dryRun",
    data,
    access: { kind: "server", because: "it decides for everybody, and what it finds is for administrators only" },
    concurrency: 1, // two at a time would take each other's processor
    retryLimit: 2, // for a database that was away; faults of the draft are found before
    retryDelaySeconds: 5,
    expireInSeconds: LONGEST_SECONDS,
    run: ({ id }, { signal }) => run(id, signal),
    async exhausted({ id }) {
      await endDryRun(db, id, { state: "failed", words: BROKEN, at: at() });
    },
  });

  async function run(id: string, signal: AbortSignal): Promise<void> {
    const before = access.engine();
    const begun = await beginDryRun(db, id, { baseRev: before.rev, at: at() });
    if (!begun) return;
    try {
      await evaluate(id, before, begun.policies, signal);
    } catch (error) {
      if (error instanceof Cancelled) return;
      if (error instanceof Stopping) {
        await releaseDryRun(db, id, at());
        throw error;
      }
      if (!isDomainError(error)) throw error;
      await endDryRun(db, id, { state: "failed", words: error.message, at: at() });
    }
  }

  async function evaluate(id: string, before: AccessEngine, policies: readonly unknown[], signal: AbortSignal) {
    const after = access.compile(policies, `dry-run-${id}`);
    // What replicas hold was decided for the desktop, too.
    const context: Context = { time: at(), channel: "desktop" };
    const progress = createProgress(id);
    const { result, people } = await evaluateDryRun({
      before,
      after,
      context,
      people: deps.people,
      sources: new Map(deps.sourcesOf(before).map((source) => [source.type, source])),
      progress: (done, total) => progress.note(done, total),
      async check() {
        if (signal.aborted) throw new Stopping("the server stops");
        await progress.tell();
      },
    });
    const finished = await db.transaction().execute((trx) => finishDryRun(trx, id, { result, people, at: at() }));
    if (finished) log.info({ dryRun: id, ...result.total, users: result.users }, "dry run finished");
  }

  /** Tells now and then, and hears by it whether somebody cancelled. */
  function createProgress(id: string) {
    let state = { done: 0, total: 0 };
    let told = performance.now();
    async function tell(): Promise<void> {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      if (!(await noteProgress(db, id, { ...state, at: at() }))) throw new Cancelled();
    }
    return {
      tell,
      note(done: number, total: number) {
        state = { done, total };
        return tell();
      },
    };
  }

  async function start(draftId: string, queue: Pick<Queue, "enqueue">): Promise<string> {
    const draft = await findDraft(db, draftId);
    if (!draft) throw new DomainError("notFound", "There is no such draft.", { reason: "access.noDraft" });
    access.compile(draft.policies, "draft"); // what does not fit the types cannot be tried
    const id = newId();
    await db.transaction().execute(async (trx) => {
      await insertDryRun(trx, {
        id,
        draftId,
        draftVersion: draft.version,
        policies: draft.policies,
        baseRev: access.engine().rev,
        at: at(),
      });
      await queue.enqueue(trx, job, { id }, { singletonKey: id });
    });
    return id;
  }

  async function sweep(): Promise<void> {
    const abandoned = { words: ABANDONED, at: at() };
    await failAbandoned(db, { ...abandoned, state: "running", before: at(SILENT_MS) });
    await failAbandoned(db, { ...abandoned, state: "waiting", before: at(WAITING_MS) });
    await deleteOld(db, at(KEPT_MS));
  }

  const sweeping = setInterval(
    () => void sweep().catch((error: unknown) => log.warn({ err: error }, "sweeping dry runs")),
    SWEEP_MS,
  ).unref();

  async function find(id: string): Promise<DryRun> {
    const found = await findDryRun(db, id);
    if (!found) throw new DomainError("notFound", "There is no such dry run.", { reason: "access.noDryRun" });
    return found;
  }

  return {
    job,
    start,
    find,
    async remove(id) {
      await find(id);
      const cancelled = await endDryRun(db, id, { state: "cancelled", words: CANCELLED, at: at() });
      if (!cancelled) await deleteDryRun(db, id);
    },
    sweep,
    stop: () => clearInterval(sweeping),
  };
}

class Cancelled extends Error {}
class Stopping extends Error {}

const CANCELLED = "It was cancelled.";
const ABANDONED = "The server that did it stopped in the middle. Start it again.";
const BROKEN = "It failed several times; the server's log says why. Start it again, or ask whoever runs the server.";
