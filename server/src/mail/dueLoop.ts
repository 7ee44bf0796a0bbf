import type { Log } from "#kernel";

/** Work that falls due in the database: looked for when somebody says so, and now and then. */
export interface DueLoop {
  /** There may be something. Costs nothing while a turn is under way. */
  wake(): void;
  start(): void;
  /** No turn begins any more; resolves when the last one is over. */
  stop(): Promise<void>;
}

/** `turn` says whether there may be more at once. One that throws is logged, and tried again at the next look. */
export function createDueLoop({
  turn,
  everyMs,
  log,
  what,
}: {
  readonly turn: () => Promise<boolean>;
  readonly everyMs: number;
  readonly log: Log;
  readonly what: string;
}): DueLoop {
  let isStopped = true;
  let isWanted = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    isWanted = true;
    if (isStopped || running) return;
    clearTimeout(timer);
    running = run().finally(() => {
      running = undefined;
      if (isStopped) return;
      if (isWanted) wake();
      else timer = setTimeout(wake, everyMs);
    });
  }

  async function run(): Promise<void> {
    try {
      do isWanted = false;
      while (await mayGoOn());
    } catch (error) {
      isWanted = false;
      log.warn({ err: error }, `${what}: this turn failed, and is made again`);
    }
  }

  const mayGoOn = async () => (await turn()) && !isStopped;

  return {
    wake,
    start() {
      isStopped = false;
      wake();
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
