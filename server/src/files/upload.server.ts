import type { IncomingMessage } from "node:http";
import type { Express, Request, Response } from "express";
import { Server } from "@tus/server";
import { DomainError, isDomainError, isId, type ErrorCode } from "@kontor/shared/base";
import { auditActor, type AuditLog, type Database, type Log, type Principal, type Transaction } from "#kernel";
import type { BlobStore } from "./blob.port.ts";
import type { FileRows } from "./fileRows.ts";
import { fileTables, findFiles, type FileRow } from "./files.repo.ts";
import { asStorageError } from "./hashingWrite.ts";
import { fileNotFound, type FilePlaces, type FileReader } from "./place.port.ts";
import { createFinish } from "./upload.finish.ts";
import { UploadStore } from "./upload.store.ts";

export interface UploadDeps {
  readonly db: Database;
  readonly log: Log;
  readonly audit: Pick<AuditLog, "note">;
  readonly blobs: BlobStore;
  readonly places: FilePlaces;
  readonly rows: FileRows;
  /** Where the parts lie; on the blob store's file system a finished one is moved and not copied. */
  readonly directory: string;
  readonly maxBytes: number;
  /** Throws `unauthenticated`. */
  principalOf(request: IncomingMessage): Promise<Principal>;
  actorOf(principal: Principal, ip: string): Promise<FileReader>;
  onStored(trx: Transaction, file: FileRow): Promise<void>;
  /** After a commit that replicas should hear of. */
  changed(): void;
}

export interface Uploads {
  mount(app: Express): void;
  /** Finishes what a kill left between "all bytes are here" and "stored". Run once at start. */
  resume(): Promise<void>;
  /** Drops parts nobody came back for; returns how many. */
  sweep(): Promise<number>;
}

const PATH = "/api/uploads";

/**
 * Uploads by tus 1.0 (https://tus.io/protocols/resumable-upload): the file's row comes first, by `file.attach`, then
 * `POST /api/uploads` with its id as the metadata `fileId`. The upload has the file's id, so a client that lost the
 * Location can build it.
 */
export function createUploads(deps: UploadDeps): Uploads {
  const { db, log, places } = deps;
  const store = new UploadStore({ db, directory: deps.directory });
  const finish = createFinish({ ...deps, store });
  const principals = new WeakMap<object, Caller>();

  const tus = new ProblemServer({
    path: PATH,
    datastore: store,
    relativeLocation: true,
    maxSize: deps.maxBytes,
    // The desktop's replica is no browser page; the console does not upload. No other origin has business here.
    allowedOrigins: () => false,
    disableTerminationForFinishedUploads: true,
    namingFunction: (_request, metadata) => {
      const id = metadata?.["fileId"];
      if (!isId(id)) throw new DomainError("invalid", "The metadata lacks fileId.", { reason: "upload.fileId" });
      return id;
    },
    async onUploadCreate(request, upload) {
      const caller = callerOf(request);
      const file = await attachableFile(caller, upload.id);
      if (upload.size !== file.size) {
        throw new DomainError("invalid", `The file was announced with ${file.size} bytes.`, { reason: "upload.size" });
      }
      return { metadata: { owner: caller.principal.userId } };
    },
    async onIncomingRequest(request, id) {
      if (request.method === "POST") return;
      const upload = isId(id) ? await store.find(id) : undefined;
      if (!upload || upload.owner !== callerOf(request).principal.userId) throw fileNotFound();
      // A client that finds all its bytes here is done; so what they were sent for must be done too.
      if (request.method === "HEAD") await finish(id);
    },
    async onUploadFinish(_request, upload) {
      await finish(upload.id);
      return {};
    },
    onResponseError: (request, thrown) => problemOf(thrown, nodeOf(request)?.res as Response | undefined, log),
  });

  const callerOf = (request: object): Caller => {
    const caller = principals.get(nodeOf(request)?.req ?? {});
    if (!caller) throw new Error("an upload request without a caller");
    return caller;
  };

  /** The one who attached it uploads it, while they may still see where it goes. */
  async function attachableFile({ principal, ip }: Caller, id: string): Promise<FileRow> {
    const [file] = await findFiles(db, [id]);
    if (!file || file.created_by !== principal.userId || file.deleted_at !== null) throw fileNotFound();
    if (!(await places.of(file).isReadable(db, await deps.actorOf(principal, ip), file))) throw fileNotFound();
    if (file.state === "refused") {
      throw new DomainError("conflict", "This file was refused. Attach it once more.", { reason: "upload.refused" });
    }
    return file;
  }

  async function handle(request: Request, response: Response): Promise<void> {
    response.locals["route"] = "/uploads/:id";
    try {
      const principal = await deps.principalOf(request);
      response.locals["userId"] = principal.userId;
      if (!principal.scopes.includes("write")) {
        const details = { door: "http", method: "post", path: "/uploads", reason: "token.scope" };
        const by = auditActor(principal, request.ip);
        await deps.audit.note([
          { action: "access.denied", outcome: "denied", by, object: { kind: "uploads" }, details },
        ]);
        throw new DomainError("forbidden", 'This token lacks the scope "write".', { reason: "token.scope" });
      }
      principals.set(request, { principal, ip: request.ip ?? "" });
      await tus.handle(request, response);
    } catch (error) {
      const { status_code, body } = problemOf(error, response, log);
      if (response.headersSent) response.destroy();
      else response.status(status_code).type("application/problem+json").send(body);
    }
  }

  return {
    mount(app) {
      app.all(PATH, handle);
      app.all(`${PATH}/:id`, handle);
    },
    async resume() {
      const received = await fileTables(db)
        .selectFrom("upload")
        .select("file_id")
        .where("received_at", "is not", null)
        .where("finished_at", "is", null)
        .execute();
      for (const { file_id } of received) {
        await finish(file_id).catch((error: unknown) =>
          log.warn({ err: error, fileId: file_id }, "upload not finished"),
        );
      }
    },
    sweep: () => store.deleteExpired(),
  };
}

/** Answers errors as problem details; tus would say text/plain. */
class ProblemServer extends Server {
  override write(...[context, headers, status, body]: Parameters<Server["write"]>): ReturnType<Server["write"]> {
    if (body?.startsWith("{")) headers.set("content-type", "application/problem+json");
    return super.write(context, headers, status, body);
  }
}

interface Caller {
  readonly principal: Principal;
  readonly ip: string;
}

/** The web request that tus hands to its hooks carries Node's own one. */
const nodeOf = (request: object): { req: IncomingMessage; res: unknown } | undefined =>
  (request as { runtime?: { node?: { req: IncomingMessage; res: unknown } } }).runtime?.node;

const STATUS = {
  notFound: 404,
  forbidden: 403,
  unauthenticated: 401,
  invalid: 422,
  conflict: 409,
  tooLarge: 413,
  rateLimited: 429,
  unavailable: 503,
  outdated: 426,
  internal: 500,
} satisfies Record<ErrorCode, number>;

const INSUFFICIENT_STORAGE = 507; // RFC 4918: the one status that tells a full disk from a server that is away

/** Problem details (RFC 9457) also where tus answers: its own errors are plain objects with a status and a text. */
function problemOf(thrown: unknown, response: Response | undefined, log: Log): { status_code: number; body: string } {
  const requestId = response?.locals?.["requestId"] as string | undefined;
  // A full disk also arrives as the bare error, where the pipe to the disk broke before our own catch saw it.
  const { status, code, reason, detail } = describe(asStorageError(thrown));
  if (status >= 500) log.error({ err: thrown, requestId }, "upload failed");
  const problem = { type: `urn:kontor:problem:${reason}`, title: detail, status, detail, code, reason, requestId };
  return { status_code: status, body: JSON.stringify(problem) };
}

function describe(thrown: unknown): { status: number; code: string; reason: string; detail: string } {
  if (isDomainError(thrown)) {
    const { code, message, details } = thrown;
    const status = details.reason === "storage.full" ? INSUFFICIENT_STORAGE : STATUS[code];
    return { status, code, reason: details.reason, detail: message };
  }
  const { status_code, body } = thrown as { status_code?: unknown; body?: unknown };
  if (typeof status_code === "number" && typeof body === "string") {
    return {
      status: status_code,
      code: status_code === 404 ? "notFound" : "invalid",
      reason: "upload.protocol",
      detail: body.trim(),
    };
  }
  return { status: 500, code: "internal", reason: "internal", detail: "Something went wrong here." };
}
