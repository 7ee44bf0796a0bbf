import { Worker } from "node:worker_threads";
import { readMail, type ReadMail } from "./readMail.ts";

/**
 * Reads messages from outside so that none of them stops the server for everybody else.
 *
 * - **RDR-1** What is large is read in a thread of its own, one after the other: whatever its author made of it, nobody waits for it but the
 *   large ones behind it, and memory is needed for one.
 * - **RDR-2** What takes longer, or more memory, than any message needs is `unreadable`, and goes to quarantine. The thread is ended, and
 *   the next message gets a new one.
 * - **RDR-3** What is no fault of the message (a thread that cannot be started, a server that stops) is thrown, and it is read again later.
 */
export interface MessageReader {
  read(raw: Uint8Array): Promise<ReadMail>;
  /** Ends the thread; what is being read is thrown back to whoever asked. */
  stop(): Promise<void>;
}

export interface MessageReaderOptions {
  readonly largeBytes?: number;
  readonly maxMs?: number;
  readonly maxHeapMb?: number;
  /** What runs in the thread. */
  readonly module?: URL;
}

/** The costliest bombs that we know take 40 ms a megabyte: below this nobody notices that a message is read. */
const LARGE_BYTES = 1024 ** 2;
/** 50 MB of whatever kind take below 2 s on a machine that has nothing else to do, and a busy one gets fifteen times as long. */
const MAX_MS = 30_000;
/** Twice what 50 MB of whatever kind were seen to need. */
const MAX_HEAP_MB = 512;
/** Large messages come in bursts; between them the thread's 30 MB are free. */
const IDLE_MS = 60_000;

export type ReaderAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "read"; readonly read: ReadMail }
  | { readonly kind: "failed"; readonly message: string };

export function createMessageReader({
  largeBytes = LARGE_BYTES,
  maxMs = MAX_MS,
  maxHeapMb = MAX_HEAP_MB,
  module = new URL("readMail.worker.ts", import.meta.url),
}: MessageReaderOptions = {}): MessageReader {
  let thread: Worker | undefined;
  let resting: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  async function readApart(raw: Uint8Array): Promise<ReadMail> {
    clearTimeout(resting);
    const reading = isStopped ? undefined : (thread ??= await startThread(module, maxHeapMb));
    if (isStopped || !reading) {
      if (reading) await letGo(reading);
      throw new Error("this server stops");
    }
    reading.ref();
    const said = await ask(reading, raw, maxMs);
    if (said.kind === "dead") {
      await letGo(reading);
      if (isStopped) throw new Error("this server stops");
      return { outcome: { kind: "unreadable", reason: "tooCostly", message: said.message }, bounce: undefined };
    }
    rest(reading);
    if (said.kind === "read") return said.read;
    throw new Error(said.kind === "failed" ? said.message : "a thread answered nothing");
  }

  function rest(reading: Worker): void {
    reading.unref();
    resting = setTimeout(() => void letGo(reading), IDLE_MS).unref();
  }

  async function letGo(reading: Worker): Promise<void> {
    if (thread === reading) thread = undefined;
    await reading.terminate();
  }

  return {
    async read(raw) {
      if (raw.length <= largeBytes) return readMail(raw);
      const mine = last.then(() => readApart(raw));
      last = mine.catch(() => undefined);
      return mine;
    },
    async stop() {
      isStopped = true;
      clearTimeout(resting);
      if (thread) await letGo(thread);
      await last;
    },
  };
}

/** Rejects where it ends before it is ready: no message is to blame for that. */
async function startThread(module: URL, maxHeapMb: number): Promise<Worker> {
  const thread = new Worker(module, { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } });
  thread.on("error", () => undefined); // one that ends while nothing is read is replaced when it is needed
  const said = await nextOf(thread);
  if (said.kind === "ready") return thread;
  await thread.terminate();
  throw new Error("no thread can be started for reading a message", { cause: said });
}

async function ask(thread: Worker, raw: Uint8Array, maxMs: number): Promise<Said> {
  const bytes = new Uint8Array(raw); // the caller's own stay the caller's
  const said = nextOf(thread, maxMs);
  thread.postMessage(bytes, [bytes.buffer]);
  return said;
}

type Said = ReaderAnswer | { readonly kind: "dead"; readonly message: string };

function nextOf(thread: Worker, maxMs?: number): Promise<Said> {
  return new Promise((resolve) => {
    const end = (said: Said) => {
      clearTimeout(late);
      thread.off("message", end).off("error", failed).off("exit", ended);
      resolve(said);
    };
    const dead = (message: string) => end({ kind: "dead", message });
    const failed = (error: NodeJS.ErrnoException) =>
      dead(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? "Reading it takes more memory than any message needs."
          : `Reading it failed: ${error.message}`,
      );
    const ended = (code: number) => dead(`Reading it ended with ${code}.`);
    const late =
      maxMs === undefined
        ? undefined
        : setTimeout(() => dead(`Reading it takes longer than ${maxMs / 1_000} s.`), maxMs);
    thread.on("message", end).on("error", failed).on("exit", ended);
  });
}
