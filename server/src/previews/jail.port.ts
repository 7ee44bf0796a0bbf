import type { Readable, Writable } from "node:stream";

/**
 * Runs a program on hostile input: no network, no other files than those it is given, bounded memory, CPU, output and
 * time. Rules, quoted by tests:
 * - **JAIL-1** There is no network inside, not even this machine's own.
 * - **JAIL-2** Only the given files can be read, and only the work directory written; no secret of the server is there.
 * - **JAIL-3** Memory, CPU time and the size of a written file are bounded.
 * - **JAIL-4** At the time limit, and when the server dies, the whole tree of processes dies.
 * - **JAIL-5** Nothing inside has the rights of root.
 * - **JAIL-6** What runs inside yields the processors to the server.
 */
export interface Jail {
  /** How much of the rules this machine lets us keep; `kontor doctor` says which. */
  readonly kind: JailKind;
  run(order: JailOrder): Promise<JailResult>;
  /** For a program that is talked to while it runs. */
  start(order: JailOrder): Promise<JailedProcess>;
}

export interface JailedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Never rejects. */
  readonly ended: Promise<JailResult>;
  /** Ends the whole tree. */
  stop(): void;
}

/**
 * `bubblewrap` keeps all rules · `namespaces` cannot keep JAIL-2 (files of other owners are protected only by their
 * modes) · `limits` keeps JAIL-3, JAIL-4 and JAIL-6 · `timeLimit` only the time.
 */
export type JailKind = "bubblewrap" | "namespaces" | "limits" | "timeLimit";

export interface JailOrder {
  readonly program: string;
  readonly args: readonly string[];
  /** The only place that can be written; it keeps its path inside. Handed over to the jail's user. */
  readonly workDirectory: string;
  /** Read-only, same path inside; the system's programs, libraries and fonts are there anyway. */
  readonly readOnly?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly outputBytes: number;
  readonly signal?: AbortSignal;
}

export type JailResult =
  | { readonly status: "ended"; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly status: "timeout" }
  /** By a signal: out of its memory or CPU time, or a crash. */
  | { readonly status: "killed"; readonly signal: string; readonly stderr: string }
  | { readonly status: "missing"; readonly program: string };
