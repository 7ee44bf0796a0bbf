/** What a replica does beside answering: what comes in, what can wait, what is for later. All of it ends with the replica. */
export interface Jobs {
  readonly haveEnded: boolean;
  /** At once; a failure is told and not thrown. */
  guarded(job: () => void): void;
  /** What the server sends: one after the other. */
  inOrder(job: Job): void;
  /** What can wait: one after the other, beside the first. */
  inBackground(job: Job): void;
  later(delayMs: number, job: () => void): NodeJS.Timeout;
  /** Nothing is begun from here on; resolves when what was begun has come to its end. */
  end(): Promise<void>;
}

type Job = () => Promise<unknown> | void;

export function createJobs(onFailure: (error: unknown) => void): Jobs {
  let haveEnded = false;
  const timers = new Set<NodeJS.Timeout>();
  const inbound = createLane();
  const background = createLane();

  function createLane() {
    let work: Promise<void> = Promise.resolve();
    return {
      add: (job: Job) => void (work = work.then(() => run(job))),
      settled: () => work,
    };
  }

  async function run(job: Job): Promise<void> {
    if (haveEnded) return;
    try {
      await job();
    } catch (error) {
      onFailure(error);
    }
  }

  return {
    get haveEnded() {
      return haveEnded;
    },
    guarded(job) {
      try {
        job();
      } catch (error) {
        onFailure(error);
      }
    },
    inOrder: inbound.add,
    inBackground: background.add,
    later(delayMs, job) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!haveEnded) job();
      }, delayMs);
      timers.add(timer);
      return timer;
    },
    async end() {
      haveEnded = true;
      for (const timer of timers) clearTimeout(timer);
      await inbound.settled();
      await background.settled();
    },
  };
}
