import { join } from "node:path";
import type { Express } from "express";
import { DomainError, type Clock } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";
import type { AccessService } from "#access";
import type { Finding, PartHealth } from "#admin";
import type { Config } from "#config";
import {
  createUploads,
  fileChangeEndpoints,
  fileEndpoints,
  importFile,
  mountSignedFiles,
  keepFiles,
  type BlobStore,
  type FilePlaces,
  type FileRows,
  type ImportedFile,
  type NewFile,
} from "#files";
import {
  createQueue,
  principalOf,
  secretState,
  type Actor,
  type AuditLog,
  type Database,
  type Doorbell,
  type Endpoint,
  type EndpointRequest,
  type Job,
  type Log,
  type Principal,
  type Queue,
  type Transaction,
} from "#kernel";
import type { RecordAccess } from "#objects";
import { createPreviewJob, createPreviews, makePdf, type Jail, type JailKind, type PdfSource } from "#previews";
import { createDiskBlobs } from "./adapters/disk/index.ts";
import { createJail } from "./adapters/jail/index.ts";
import { createOffice } from "./adapters/office/index.ts";
import { createPages } from "./adapters/pages/index.ts";
import { createS3Blobs } from "./adapters/s3/index.ts";

/** The part of the composition root that is about files and previews: names their adapters, as `main.ts` does the rest. */
export interface FilesDeps {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly db: Database;
  readonly doorbell: Doorbell;
  readonly access: AccessService;
  readonly audit: AuditLog;
  readonly parent: RecordAccess;
  readonly places: FilePlaces;
  readonly rows: FileRows;
  readonly clock: Clock;
  readonly log: Log;
  authenticate(token: string): Promise<Principal | undefined>;
  actorOf(request: EndpointRequest): Promise<Actor>;
  applyIntent(intent: Intent, actor: Actor): Promise<IntentResult>;
  /** Of other features, on the same queue. */
  readonly otherJobs: readonly Job[];
}

export interface Files {
  readonly endpoints: readonly Endpoint[];
  readonly blobs: BlobStore;
  readonly jobs: readonly Job[];
  readonly queue: Queue;
  mount(app: Express): void;
  /** Keeps a file that comes whole, with its past; makes its preview as of any other. */
  importFile(file: ImportedFile, bytes: Buffer): Promise<void>;
  /**
   * Files whose bodies are in the blob store already, in the transaction of what they hang in. `inBulk`: much comes at once, and
   * nobody waits for it.
   */
  keep(trx: Transaction, files: readonly NewFile[], options?: { readonly inBulk?: boolean }): Promise<void>;
  /** A document of ours as a PDF, made as previews are. */
  toPdf(source: PdfSource): Promise<Buffer>;
  /** How much waits to be made, and what a person should know of it. */
  waiting(): Promise<number>;
  health(): Promise<PartHealth>;
  stop(): Promise<void>;
}

const SWEEP_MS = 6 * 3600 * 1000; // parts expire after days; four looks a day are plenty

export async function startFiles(deps: FilesDeps): Promise<Files> {
  const { config, db, doorbell, access, parent, places, rows, clock, log } = deps;
  const blobs = await openBlobs(config);
  const jail = await createJail();
  const scratchDirectory = join(config.dataDirectory, "scratch");
  const spares = { count: config.previews.concurrency, scratchDirectory };
  const office = createOffice({ jail, spares });
  const converters = { office, pages: createPages({ jail }) };
  const changed = () => doorbell.ring();

  const job = createPreviewJob({ db, blobs, rows, ...converters, scratchDirectory, limits: config.previews, changed });
  const jobs = [job, ...deps.otherJobs];
  const queue = await createQueue({ url: deps.databaseUrl, jobs, log });
  const previews = createPreviews({ db, rows, queue, job, ...converters, scratchDirectory });
  const uploads = createUploads({
    db,
    audit: deps.audit,
    log,
    blobs,
    places,
    rows,
    directory: join(config.dataDirectory, "uploads"),
    maxBytes: config.uploadMaxBytes,
    principalOf: (request) =>
      principalOf(request, { authenticate: ({ token }) => deps.authenticate(token), publicUrl: config.publicUrl }),
    actorOf: actorFor,
    onStored: (trx, file) => previews.onStored(trx, file, "waitedFor"),
    changed,
  });

  await previews.resume();
  await uploads.resume();
  await uploads.sweep();
  const sweeping = setInterval(
    () => void uploads.sweep().catch((error: unknown) => log.warn({ err: error }, "sweeping expired uploads")),
    SWEEP_MS,
  );
  sweeping.unref();
  await tellJail(jail, converters, log);

  async function actorFor(principal: Pick<Principal, "userId" | "channel" | "deviceId">, ip: string) {
    const subject = await access.subjectOf(principal.userId);
    return { engine: access.engine(), subject, context: access.contextOf(principal, ip) };
  }

  const endpointDeps = {
    db,
    audit: deps.audit,
    blobs,
    parent,
    places,
    clock,
    log,
    key: await secretState(db, "files.signing"),
    actorOf: deps.actorOf,
    actorOfTicket: actorFor,
    previewPart: previews.part,
  };
  return {
    blobs,
    endpoints: [...fileEndpoints(endpointDeps), ...fileChangeEndpoints(deps)],
    jobs,
    queue,
    mount(app) {
      uploads.mount(app);
      mountSignedFiles(app, endpointDeps);
    },
    importFile: (file, bytes) => importFile({ db, blobs, places, rows, onStored: previews.onStored }, file, bytes),
    async keep(trx, kept, { inBulk = false } = {}) {
      const urgency = inBulk ? "inBulk" : "usual";
      await keepFiles(trx, { rows, onStored: (within, file) => previews.onStored(within, file, urgency) }, kept);
    },
    toPdf: (source) => makePdf({ office, scratchDirectory }, source),
    async waiting() {
      const counts = await queue.counts();
      return Object.values(counts).reduce((sum, { waiting, active }) => sum + waiting + active, 0);
    },
    async health() {
      const missing = [await converters.office.missing(), await converters.pages.missing()].filter(
        (words) => words !== undefined,
      );
      if (missing.length > 0) return { state: "poor", words: missing.join(" ") };
      return { state: jail.kind === "bubblewrap" ? "ok" : "poor", words: JAIL_WORDS[jail.kind] };
    },
    async stop() {
      clearInterval(sweeping);
      await queue.stop();
      await office.close();
    },
  };
}

async function openBlobs(config: Config): Promise<BlobStore> {
  const { blobs } = config;
  if (blobs.kind === "disk") return createDiskBlobs({ root: join(config.dataDirectory, "blobs") });
  const { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey } = blobs;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new DomainError("invalid", "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are needed for the S3 store.", {
      reason: "config.invalid",
    });
  }
  return createS3Blobs({
    options: { bucket, region, prefix, accessKeyId, secretAccessKey, ...(endpoint === undefined ? {} : { endpoint }) },
    spoolDirectory: join(config.dataDirectory, "uploads"),
  });
}

async function tellJail(
  jail: Jail,
  {
    office,
    pages,
  }: { office: { missing(): Promise<string | undefined> }; pages: { missing(): Promise<string | undefined> } },
  log: Log,
): Promise<void> {
  const missing = [await office.missing(), await pages.missing()].filter((words) => words !== undefined);
  log.info({ jail: jail.kind, ...(missing.length > 0 && { missing }) }, "previews");
  if (jail.kind !== "bubblewrap")
    log.warn("bubblewrap does not work here: previews are made with fewer walls (kontor doctor)");
}

const JAIL_WORDS = {
  bubblewrap: "bubblewrap: no network, no files but the document, no rights, bounded memory and time",
  namespaces: "namespaces only: no network, bounded; files that everybody may read can be read. Install bubblewrap",
  limits: "limits only: bounded memory and time, but network and readable files are open. Install bubblewrap",
  timeLimit: "a time limit only. Previews of strangers' files are a risk here",
} satisfies Record<JailKind, string>;

/** For `kontor doctor`: whether the jail and the store really work, by trying them. */
export async function examineFiles(config: Config): Promise<readonly Finding[]> {
  const { kind } = await createJail();
  const jail: Finding = { part: "jail", state: kind === "bubblewrap" ? "ok" : "poor", words: JAIL_WORDS[kind] };
  const where = config.blobs.kind === "disk" ? "in the data directory" : `bucket ${config.blobs.bucket}`;
  const store = await openBlobs(config)
    .then((blobs) => blobs.stat("0".repeat(64))) // nobody has it; asking needs the store and its credentials
    .then(
      (): Finding => ({ part: "files", state: "ok", words: where }),
      (error: Error): Finding => ({ part: "files", state: "missing", words: `${where}: ${error.message}` }),
    );
  return [jail, store];
}
