import { CompiledQuery } from "kysely";
import { PgBoss } from "pg-boss";
import { isDomainError, isForGood, newId } from "@kontor/shared/base";
import type { Transaction } from "./database/database.ts";
import type { Job } from "./define.ts";
import type { Log } from "./log.ts";

/** Durable work (pg-boss): a job is enqueued in the transaction that needs it, so neither exists without the other. */
export interface Queue {
  /**
   * `singletonKey`: while one with this key waits or runs, another is not added. `priority`: of those of one name that wait, the
   * highest is next (0 where none is given), and among these the oldest.
   */
  enqueue(
    trx: Transaction,
    job: Pick<Job, "name">,
    data: object,
    options?: { readonly singletonKey?: string; readonly priority?: number },
  ): Promise<void>;
  counts(): Promise<
    Readonly<Record<string, { readonly waiting: number; readonly active: number; readonly failed: number }>>
  >;
  stop(): Promise<void>;
}

export async function createQueue({
  url,
  jobs,
  log,
  pollSeconds = 1,
}: {
  url: string;
  jobs: readonly Job[];
  log: Log;
  pollSeconds?: number;
}): Promise<Queue> {
  const boss = new PgBoss({ connectionString: url, application_name: "kontor-queue", max: 4, schema: "queue" });
  boss.on("error", (error) => log.warn({ err: error }, "queue"));
  await boss.start();

  for (const job of jobs) {
    const options = {
      policy: "exclusive",
      retryLimit: job.retryLimit,
      retryDelay: job.retryDelaySeconds,
      retryBackoff: true,
      expireInSeconds: job.expireInSeconds,
    } as const;
    await boss.createQueue(job.name, options);
    await boss.updateQueue(job.name, {
      retryLimit: job.retryLimit,
      retryDelay: job.retryDelaySeconds,
      expireInSeconds: job.expireInSeconds,
    });
    await boss.work(
      job.name,
      { localConcurrency: job.concurrency, pollingIntervalSeconds: pollSeconds, includeMetadata: true },
      async (attempts) => {
        for (const attempt of attempts) await runAttempt(job, attempt, log.child({ job: job.name, jobId: attempt.id }));
      },
    );
  }

  return {
    async enqueue(trx, job, data, options) {
      const db = {
        executeSql: async (text: string, values?: unknown[]) => ({
          rows: [...(await trx.executeQuery(CompiledQuery.raw(text, values ?? []))).rows],
        }),
      };
      // The queue's policy keeps one job per key, and no key is a key too: a job without one gets its own.
      await boss.send(job.name, data, {
        db,
        singletonKey: options?.singletonKey ?? newId(),
        priority: options?.priority ?? 0,
      });
    },
    async counts() {
      const queues = await boss.getQueues(jobs.map((job) => job.name));
      return Object.fromEntries(
        queues.map((queue) => [
          queue.name,
          { waiting: queue.queuedCount, active: queue.activeCount, failed: queue.failedCount },
        ]),
      );
    },
    async stop() {
      await boss.stop({ graceful: true, timeout: 10_000, close: true });
    },
  };
}

async function runAttempt(
  job: Job,
  attempt: { id: string; data: unknown; retryCount: number; retryLimit: number; signal: AbortSignal },
  log: Log,
): Promise<void> {
  const data = job.data.parse(attempt.data);
  try {
    await job.run(data, { id: attempt.id, attempt: attempt.retryCount, signal: attempt.signal, log });
  } catch (error) {
    const last = attempt.retryCount >= attempt.retryLimit || (isDomainError(error) && isForGood(error.code));
    log.warn(
      { err: error, attempt: attempt.retryCount, last },
      last ? "job failed for good" : "job failed, will be tried again",
    );
    if (!last) throw error;
    await job.exhausted?.(data, { id: attempt.id, log });
    if (!isDomainError(error)) throw error;
  }
}
