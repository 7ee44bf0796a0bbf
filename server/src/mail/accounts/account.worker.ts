import { isDomainError, type Clock } from "@kontor/shared/base";
import type { BlobStore } from "#files";
import type { Database, Log } from "#kernel";
import type { ContentDeps } from "../messages/storeContent.ts";
import type { MessageReader } from "../mime/messageReader.ts";
import { AccountFailure, whatNext } from "./account.failure.ts";
import { createAccountSync, type AccountSync, type SyncHooks } from "./account.sync.ts";
import { createTransact, type AccountWork } from "./account.work.ts";
import { noteSynced, takeAccount, tellProgress, type AccountProgress, type AccountRow } from "./accounts.repo.ts";
import { backoffMs } from "./backoff.ts";
import type { Credentials } from "./credentials.ts";
import type { ImapPort, ImapSession } from "./imap.port.ts";
import { findPreset } from "./presets.ts";
import { countKnown } from "./remote.repo.ts";
import type { Slots } from "./slots.ts";

/** Looks after one account until it is told to stop or something fails; whoever started it starts it again when it is time. */
export interface AccountWorker {
  readonly mailboxId: string;
  /** Undefined until it has taken the account. */
  epoch(): number | undefined;
  /** Something is to be done there, or somebody asks for new mail. */
  wake(): void;
  stop(): Promise<void>;
  /** Resolves when it has ended, whyever; never rejects. */
  readonly ended: Promise<void>;
}

export interface WorkerDeps {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly contents: ContentDeps;
  readonly read: MessageReader["read"];
  readonly clock: Clock;
  readonly log: Log;
  readonly imap: ImapPort;
  readonly credentials: Credentials;
  readonly hooks: SyncHooks;
  /** First fillings at once on this node. */
  readonly fillings: Slots;
  /** Replicas have something to hear. */
  changed(): void;
}

/** Folders beside the inbox are looked at so often: one LIST for all of them. */
const LOOK_MS = 60_000;
/** Servers that cannot say what changed are asked for all flags of all folders so often. */
const THOROUGH_MS = 10 * 60_000;
/** While a first filling goes on, what is new and what is to be done there does not wait longer than this. */
const INTERRUPT_MS = 10_000;
/** Replicas are told of progress so often: each tells everybody who sees the account. */
const TELL_MS = 1_000;
/** A sign-in that worked before may fail once by a fault of the provider's; the second time its owner is asked. */
const SECOND_CHANCE_MS = 5 * 60_000;

export function startAccountWorker(deps: WorkerDeps, mailboxId: string): AccountWorker {
  const stopping = new AbortController();
  let waking = new AbortController();
  let epoch: number | undefined;
  const ended = run(deps, mailboxId, {
    stopping: stopping.signal,
    took: (taken) => (epoch = taken),
    takeWake() {
      waking = new AbortController();
      return waking.signal;
    },
    isAwake: () => waking.signal.aborted,
  });
  return {
    mailboxId,
    epoch: () => epoch,
    wake: () => waking.abort(),
    async stop() {
      stopping.abort();
      waking.abort();
      await ended;
    },
    ended,
  };
}

interface Wakes {
  readonly stopping: AbortSignal;
  took(epoch: number): void;
  /** Aborted by the next wake. */
  takeWake(): AbortSignal;
  /** Since the last `takeWake`. */
  isAwake(): boolean;
}

async function run(deps: WorkerDeps, mailboxId: string, wakes: Wakes): Promise<void> {
  const log = deps.log.child({ mailboxId });
  let account: AccountRow | undefined;
  try {
    account = await takeAccount(deps.db, mailboxId);
    if (!account) return;
    wakes.took(account.epoch);
    await runSession(deps, account, wakes, log);
  } catch (error) {
    if (wakes.stopping.aborted || isTaken(error)) return;
    if (account) await tellFailure(deps, account, error, log);
  }
}

const isTaken = (error: unknown): boolean => isDomainError(error) && error.details.reason === "account.taken";

async function runSession(deps: WorkerDeps, account: AccountRow, wakes: Wakes, log: Log): Promise<void> {
  const session = await connect(deps, account);
  // Told to stop, it ends in the middle of whatever it does: all of that can be done again.
  const end = () => void session.close();
  wakes.stopping.addEventListener("abort", end, { once: true });
  const { db, blobs, contents, read, clock, changed } = deps;
  const { mailbox_id: mailboxId, epoch } = account;
  const work: AccountWork = {
    db,
    blobs,
    contents,
    read,
    clock,
    log,
    mailboxId,
    session,
    savesSent: findPreset(account.provider)?.savesSent ?? false,
    transact: createTransact({ db, mailboxId, epoch, changed }),
  };
  try {
    await lookAfter(deps, account, { work, wakes, sync: createAccountSync(work, deps.hooks) });
  } finally {
    wakes.stopping.removeEventListener("abort", end);
    await session.close();
  }
}

/** A token that ended sooner than was said is refreshed once. */
async function connect({ imap, credentials }: WorkerDeps, account: AccountRow): Promise<ImapSession> {
  const { imap_host: host, imap_port: port, imap_security: security, mailbox_id: mailboxId } = account;
  const open = async (isRefused: boolean) =>
    imap.connect({ host, port, security, ...(await credentials.of(mailboxId, { isRefused })) });
  try {
    return await open(false);
  } catch (error) {
    const isOld = account.auth === "oauth" && error instanceof AccountFailure && error.reason === "auth.expired";
    if (!isOld) throw error;
    return open(true);
  }
}

interface Care {
  readonly work: AccountWork;
  readonly wakes: Wakes;
  readonly sync: AccountSync;
}

async function lookAfter(deps: WorkerDeps, account: AccountRow, { work, wakes, sync }: Care): Promise<void> {
  const teller = createTeller(deps, account);
  let lastThorough = deps.clock.now();
  let isFilled = false;
  await sync.round({ thorough: true });
  for (;;) {
    if (!isFilled) {
      isFilled = await fillForAWhile(deps, { work, wakes, sync }, teller);
      if (wakes.stopping.aborted) return;
      // What was lost is looked for in all that is here now.
      await sync.round();
      if (!isFilled) continue;
    }
    await teller.ready();
    const wake = wakes.takeWake();
    const inbox = sync.inbox();
    if (inbox) await work.session.select(inbox.path);
    const news = await work.session.waitForNews({ maxMs: LOOK_MS, signal: wake });
    if (wakes.stopping.aborted) return;
    const thorough = !work.session.offers.condstore && deps.clock.now() - lastThorough > THOROUGH_MS;
    if (thorough) lastThorough = deps.clock.now();
    await sync.round({ thorough, inbox: news === "news" });
    isFilled = await sync.bringRest({ goOn: () => true });
  }
}

/** Fills until something else is to be done; true when all is here. */
async function fillForAWhile(deps: WorkerDeps, { work, wakes, sync }: Care, teller: Teller): Promise<boolean> {
  const release = await deps.fillings.take(wakes.stopping);
  if (!release) return false;
  try {
    wakes.takeWake();
    const began = deps.clock.now();
    let done = await countKnown(deps.db, work.mailboxId);
    teller.filling(done, sync.total());
    return await sync.bringRest({
      goOn(count) {
        done += count;
        teller.filling(done, sync.total());
        return !wakes.stopping.aborted && !wakes.isAwake() && deps.clock.now() - began < INTERRUPT_MS;
      },
    });
  } finally {
    // Before anything else is said of the account, by whoever hears how this ended.
    await teller.settled();
    release();
  }
}

/* ---------- what its owner is told ---------- */

interface Teller {
  /**
   * Waits for nothing: the account's row is held while a batch is written, and the next one would be fetched only after it. Throws
   * what kept the last from being told.
   */
  filling(done: number, total: number): void;
  /** What was to be told is told, or never will be. */
  settled(): Promise<void>;
  ready(): Promise<void>;
}

function createTeller(deps: WorkerDeps, account: AccountRow): Teller {
  let told: AccountProgress["state"] | undefined;
  let at = Number.NEGATIVE_INFINITY;
  let telling: Promise<void> = Promise.resolve();
  let failure: { readonly error: unknown } | undefined;
  const tell = async (progress: AccountProgress) => {
    told = progress.state;
    at = deps.clock.now();
    const { mailbox_id: mailboxId, epoch } = account;
    if (!(await tellProgress(deps.db, { mailboxId, epoch }, progress)))
      throw new AccountFailure("internal", "The account is no longer this worker's.");
    deps.changed();
  };
  return {
    filling(done, total) {
      if (failure) throw failure.error;
      if (told === "syncing" && deps.clock.now() - at < TELL_MS) return;
      told = "syncing";
      at = deps.clock.now();
      const progress = { state: told, done: Math.min(done, total), total } as const;
      telling = telling
        .then(() => tell(progress))
        .catch((error: unknown) => {
          failure = { error };
        });
    },
    settled: () => telling,
    async ready() {
      await telling;
      if (failure) throw failure.error;
      const syncedAt = new Date(deps.clock.now()).toISOString();
      if (told === "ready") await noteSynced(deps.db, account.mailbox_id, syncedAt);
      else await tell({ state: "ready", syncedAt });
    },
  };
}

async function tellFailure(deps: WorkerDeps, account: AccountRow, error: unknown, log: Log): Promise<void> {
  const failure = error instanceof AccountFailure ? error : new AccountFailure("internal", undefined, error);
  const failures = account.failures + 1;
  const isFirstTime = account.last_synced_at !== null && account.failures === 0;
  const isForOwner = whatNext[failure.reason] === "signIn" && !isFirstTime;
  const waitMs = whatNext[failure.reason] === "signIn" ? SECOND_CHANCE_MS : backoffMs(failures);
  const isOurs = failure.reason === "internal";
  log[isOurs ? "error" : "info"]({ err: error, reason: failure.reason, failures }, "an account cannot be reached");
  const retryAt = new Date(deps.clock.now() + waitMs).toISOString();
  try {
    await tellProgress(
      deps.db,
      { mailboxId: account.mailbox_id, epoch: account.epoch },
      {
        state: isForOwner ? "needsSignIn" : isOurs ? "failed" : "waiting",
        reason: failure.reason,
        ...(failure.words !== undefined && { message: failure.words }),
        ...(!isForOwner && { retryAt }),
        failures,
      },
    );
    deps.changed();
  } catch (again) {
    log.warn({ err: again }, "the failure of an account could not be noted");
  }
}
