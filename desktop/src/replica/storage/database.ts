/**
 * One open replica file: key, pragmas, prepared statements, binds that cannot hurt, nested transactions.
 *
 * The file is opened exclusively. Two processes on one replica would each miss the other's change events, and
 * exclusive locking keeps SQLite's shared-memory file off the disk.
 */
import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync } from "node:fs";
import Libsql from "libsql";
import { keyFits, rememberKey, keyCheckFile, keyText, type ReplicaKey } from "./database.key.ts";
import { releaseStatements } from "./database.release.ts";
import { ReplicaDamaged, StorageError, toStorageError } from "./storage.errors.ts";

export type Bindable = string | number | bigint | boolean | null | undefined | Uint8Array;
export type SqlRow = unknown[];
type Statement = ReturnType<InstanceType<typeof Libsql>["prepare"]>;

export type DatabaseOptions = {
  filename: string;
  key: ReplicaKey;
  /**
   * `normal` (the default) loses the last moments when the power fails, and never half a transaction: right for rows
   * that the server still has. `full` is for what exists nowhere else.
   */
  durability?: "normal" | "full";
  /** For tests alone, which search the bytes of the file for what must be gone. */
  cipher?: "none";
};

/** Raised when the layout of our own tables changes; a newer file is refused, not guessed at. */
const FORMAT = 1;
/** 32 MB of pages: the hot indexes of 200k rows fit, and the process stays far below its memory bound. */
const CACHE_KIB = 32_768;
/** The log is cut back to 32 MB after a checkpoint, so that one large feed does not occupy the disk for ever. */
const MAX_LOG_BYTES = 33_554_432;
/** 16 MB of log: a feed then rewrites the hot pages of its indexes a quarter as often (a third faster than at 4 MB). */
const PAGES_BETWEEN_CHECKPOINTS = 4_000;
/** More distinct statements than all collections have query shapes; the oldest goes first. */
const MAX_STATEMENTS = 400;

export type Database = {
  readonly filename: string;
  /** Rows as arrays of column values. */
  all(sql: string, params?: readonly Bindable[]): SqlRow[];
  run(sql: string, params?: readonly Bindable[]): { changes: number };
  /** The steps of SQLite's plan for a statement. */
  explain(sql: string, params?: readonly Bindable[]): string[];
  /** How many columns a SELECT has. */
  columnCount(sql: string): number;
  exec(sql: string): void;
  /**
   * Runs `work` in a transaction; inside another one, in a savepoint of it. `work` must be synchronous. When it throws,
   * everything it did is undone and the error goes on to the caller.
   */
  transaction<T>(work: () => T): T;
  /** Called after the outermost COMMIT, in order; forgotten when the (sub)transaction is undone. Outside one: at once. */
  afterCommit(notify: () => void): void;
  readonly isOpen: boolean;
  /** Resolves when the file is unlocked and may be opened, moved or deleted. */
  close(): Promise<void>;
};

export function openDatabase(options: DatabaseOptions): Database {
  const { filename } = options;
  const key = keyText(options.key);
  if (key === "") throw new StorageError("invalid", "A replica file needs a key.");
  const isNew = !existsSync(filename);
  if (!isNew && keyFits(filename, key) === false)
    throw new ReplicaDamaged("wrongKey", "The replica file was written with another key.");
  const connection = connect(options, key);
  rememberKey(filename, key);

  const statements = new Map<string, Statement>();
  let depth = 0;
  let notices: (() => void)[] = [];
  let isOpen = true;

  const attempt = <T>(work: () => T): T => {
    if (!isOpen) throw new StorageError("invalid", "The replica file is closed.");
    try {
      return work();
    } catch (error) {
      throw toStorageError(error);
    }
  };

  function prepared(sql: string): Statement {
    const known = statements.get(sql);
    if (known) return known;
    const statement = connection.prepare(sql);
    if (statement.reader) statement.raw(true);
    if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value ?? "");
    statements.set(sql, statement);
    return statement;
  }

  function transaction<T>(work: () => T): T {
    const savepoint = depth === 0 ? undefined : `s${depth}`;
    const noticesBefore = notices.length;
    attempt(() => connection.exec(savepoint ? `SAVEPOINT ${savepoint}` : "BEGIN IMMEDIATE"));
    depth++;
    let result: T;
    try {
      result = work();
      if (result instanceof Promise) throw new StorageError("invalid", "A transaction must be synchronous.");
      attempt(() => connection.exec(savepoint ? `RELEASE ${savepoint}` : "COMMIT"));
    } catch (error) {
      depth--;
      notices.length = noticesBefore;
      undo(savepoint);
      throw error;
    }
    depth--;
    if (depth === 0) announce();
    return result;
  }

  function undo(savepoint: string | undefined): void {
    try {
      connection.exec(savepoint ? `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}` : "ROLLBACK");
    } catch {
      // SQLite has already rolled back by itself (full disk, damaged page); the first error is the one to report.
    }
  }

  function announce(): void {
    const due = notices;
    notices = [];
    for (const notify of due) {
      try {
        notify();
      } catch (error) {
        // A listener's fault is not the transaction's: it is committed. Let the process hear of it apart.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  return {
    filename,
    all: (sql, params = []) => attempt(() => prepared(sql).all(params.map(bindable)) as SqlRow[]),
    run: (sql, params = []) => attempt(() => ({ changes: prepared(sql).run(params.map(bindable)).changes })),
    explain: (sql, params = []) => attempt(() => explained(connection, sql, params.map(bindable))),
    columnCount: (sql) => attempt(() => prepared(sql).columns().length),
    exec: (sql) => void attempt(() => connection.exec(sql)),
    transaction,
    afterCommit(notify) {
      if (depth > 0) notices.push(notify);
      else notify();
    },
    get isOpen() {
      return isOpen;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      statements.clear();
      connection.close();
      await releaseStatements(() => isLocked(options, key));
    },
  };
}

function connect(options: DatabaseOptions, key: string): InstanceType<typeof Libsql> {
  refuseTornFile(options.filename);
  let connection: InstanceType<typeof Libsql> | undefined;
  try {
    connection = new Libsql(options.filename, settingsOf(options, key));
    connection.exec("PRAGMA locking_mode=EXCLUSIVE");
    connection.exec("PRAGMA journal_mode=WAL");
    connection.exec(`PRAGMA synchronous=${options.durability === "full" ? "FULL" : "NORMAL"}`);
    connection.exec("PRAGMA secure_delete=ON");
    connection.exec(`PRAGMA cache_size=-${CACHE_KIB}`);
    connection.exec(`PRAGMA journal_size_limit=${MAX_LOG_BYTES}`);
    connection.exec(`PRAGMA wal_autocheckpoint=${PAGES_BETWEEN_CHECKPOINTS}`);
    refuseNewerFormat(connection);
    connection.exec(`BEGIN IMMEDIATE; PRAGMA user_version=${FORMAT}; COMMIT`);
    return connection;
  } catch (error) {
    connection?.close();
    throw toStorageError(error);
  }
}

/** libsql's typings do not know its own settings. */
const settingsOf = (options: DatabaseOptions, key: string): ConstructorParameters<typeof Libsql>[1] =>
  (options.cipher === "none" ? {} : { encryptionCipher: "aes256cbc", encryptionKey: key }) as object;

/** `exec` prepares no statement that would stay behind. */
function isLocked(options: DatabaseOptions, key: string): boolean {
  if (!existsSync(options.filename)) return false;
  const probe = new Libsql(options.filename, settingsOf(options, key));
  try {
    probe.exec("SELECT count(*) FROM sqlite_master");
    return false;
  } catch (error) {
    const reason = toStorageError(error);
    return reason instanceof StorageError && reason.code === "inUse";
  } finally {
    probe.close();
  }
}

/** libsql leaves an EXPLAIN that was read to its end running, which keeps the log from being emptied; `get` ends it. */
function explained(connection: InstanceType<typeof Libsql>, sql: string, params: unknown[]): string[] {
  const statement = connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).raw(true);
  const steps = (statement.all(params) as SqlRow[]).map((step) => String(step.at(-1)));
  statement.get(params);
  return steps;
}

/**
 * Asks by an overflow, since nothing here may prepare a statement: one that an opening left behind when it failed would
 * keep the file locked (see database.release.ts).
 */
function refuseNewerFormat(connection: InstanceType<typeof Libsql>): void {
  const lowest = "-9223372036854775807";
  try {
    connection.exec(`SELECT abs(${lowest} - (user_version > ${FORMAT})) FROM pragma_user_version`);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes("integer overflow")) throw error;
    throw new StorageError("outdated", "The replica file was written by a newer version.");
  }
}

/**
 * SQLite takes an existing file shorter than its first page for a new database and would begin one in its place: the
 * loss would pass unnoticed. An empty file may be ours, from a crash between creating and writing.
 */
function refuseTornFile(filename: string): void {
  if (!existsSync(filename)) return;
  const handle = openSync(filename, "r");
  const { size } = fstatSync(handle);
  closeSync(handle);
  const SMALLEST_PAGE = 512;
  if (size > 0 && size < SMALLEST_PAGE) throw new ReplicaDamaged("damaged", "The replica file is cut short.");
}

/** libsql aborts the process on a boolean and on a missing value, and cuts text at NUL. Nothing unchecked gets there. */
function bindable(value: Bindable): string | number | bigint | null | Buffer {
  if (typeof value === "string") {
    if (value.includes("\0")) throw new StorageError("invalid", "Text with a NUL character cannot be stored.");
    return value;
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "bigint") return value;
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new StorageError("invalid", `A value of type ${typeof value} cannot be stored.`);
}

const FILE_PARTS = ["", "-wal", "-shm"];

/** Removes a closed replica file with everything beside it. */
export function deleteReplicaFile(filename: string): void {
  for (const part of FILE_PARTS) rmSync(filename + part, { force: true });
  rmSync(keyCheckFile(filename), { force: true });
}

/** Moves a damaged file out of the way, for support to look at, and returns its new name. */
export function setAsideReplicaFile(filename: string, at: Date): string {
  const aside = `${filename}.damaged-${at.toISOString().replaceAll(/[:.]/g, "-")}`;
  for (const part of FILE_PARTS) if (existsSync(filename + part)) renameSync(filename + part, aside + part);
  if (existsSync(keyCheckFile(filename))) renameSync(keyCheckFile(filename), keyCheckFile(aside));
  return aside;
}
