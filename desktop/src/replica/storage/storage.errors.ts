/**
 * What can go wrong with the replica's file. Codes are stable: the composition root decides by them
 * (set the file aside and rebuild, ask for the key again, tell the user that the disk is full).
 * No message carries a document: messages reach logs and, over the port, every window.
 */
export type StorageErrorCode = "damaged" | "wrongKey" | "inUse" | "full" | "outdated" | "scan" | "denied" | "invalid";

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StorageError";
    this.code = code;
  }
}

/** The file cannot be trusted (`damaged`) or cannot be read with this key (`wrongKey`). */
export class ReplicaDamaged extends StorageError {
  constructor(code: "damaged" | "wrongKey", message: string, cause?: unknown) {
    super(code, message, cause);
    this.name = "ReplicaDamaged";
  }
}

/** A query that no index narrows on a table too big to read through. */
export class ScanRefused extends StorageError {
  constructor(collection: string, reason: string) {
    super("scan", `${collection}: ${reason}. Add an index for this query, or narrow it.`);
    this.name = "ScanRefused";
  }
}

const sqliteCodeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : "";

/** Gives SQLite's failures our codes; what is not SQLite's passes unchanged. */
export function toStorageError(error: unknown): unknown {
  const code = sqliteCodeOf(error);
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return new ReplicaDamaged("damaged", "The replica file is damaged.", error);
  if (code === "SQLITE_FULL") return new StorageError("full", "The disk is full.", error);
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new StorageError("inUse", "Another process has the replica file open.", error);
  return error;
}

/** The machine's doing, not the file's. */
const NOT_DAMAGE = /^SQLITE_(CANTOPEN|IOERR|NOMEM|PERM|READONLY|AUTH|INTERRUPT)/;

/**
 * For SQL that is ours and fixed (opening, verifying): whatever SQLite says against it comes from the file, for example
 * from a catalogue that a flipped byte made say something else.
 */
export function blamingTheFile<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = toStorageError(error);
    const code = sqliteCodeOf(reason);
    if (!code.startsWith("SQLITE_") || NOT_DAMAGE.test(code)) throw reason;
    throw new ReplicaDamaged("damaged", "The replica file is damaged.", error);
  }
}
