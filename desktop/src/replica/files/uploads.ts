import { Upload, type DetailedError, type HttpRequest } from "tus-js-client";
import type { BodyCache } from "./body.cache.ts";
import type { SealedReader } from "./sealedFile.ts";

/**
 * Bodies on their way to the server, by tus 1.0: planned in the outbox's own file together with the intent that attaches
 * them (SYN-1), sent when the server knows the file, resumed where they stopped, also after kill -9.
 *
 *   waiting ──online, attached──► uploading ──all bytes there──► gone (the feed then says `stored`)
 *      ▲                            │
 *      └──network, server busy──────┴──refused for good──► failed (the reason is shown; retry is the user's)
 */
export interface UploadPlan {
  readonly fileId: string;
  readonly recordId: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly at: string;
}

export interface UploadState extends UploadPlan {
  readonly state: "waiting" | "uploading" | "failed";
  readonly sentBytes: number;
  readonly attempts: number;
  readonly reason?: string;
}

/** SQL on the outbox's file. */
export interface OutboxSql {
  run(sql: string, params?: readonly (string | number | null)[]): unknown;
  all(sql: string, params?: readonly (string | number | null)[]): readonly (readonly unknown[])[];
}

export interface UploadDeps {
  readonly sql: OutboxSql;
  readonly bodies: BodyCache;
  readonly serverUrl: string;
  /** Undefined while nobody is signed in: then nothing is sent. */
  readonly token: () => string | undefined;
  /** Whether the intent that attaches the file still waits for the server's answer. */
  readonly isAttachPending: (fileId: string) => boolean;
  readonly onChange: (fileId: string) => void;
  readonly onExpired: () => void;
}

export interface Uploads {
  /** Call inside the outbox's transaction that takes the intent. */
  plan(plan: UploadPlan): void;
  /** Call when that transaction is durable: from now on the upload is seen, and sent when it can be. */
  planned(fileId: string): void;
  list(): readonly UploadState[];
  stateOf(fileId: string): UploadState | undefined;
  /** Something changed: online again, an intent was answered, a new token. */
  wake(): void;
  setOnline(online: boolean): void;
  retry(fileId?: string): void;
  /** Forgets an upload, and stops it if it runs. */
  discard(fileId: string): Promise<void>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 4 << 20; // what a cut connection costs at most to send again
const CONCURRENT = 2; // a third would only slow down the two
const BACKOFF_MS = [1_000, 3_000, 10_000, 30_000, 60_000] as const;

export const uploadSchema = `create table if not exists upload (
  file_id text primary key, record_id text not null, name text not null, size integer not null, sha256 text not null,
  at text not null, url text, sent integer not null default 0, attempts integer not null default 0, failed text)`;

export function createUploads(deps: UploadDeps): Uploads {
  const { sql } = deps;
  sql.run(uploadSchema);
  const running = new Map<string, { stop(): Promise<void> }>();
  const notBefore = new Map<string, number>();
  let online = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const columns = "file_id, record_id, name, size, sha256, at, sent, attempts, failed, url";
  const rows = (where = "", params: readonly string[] = []) =>
    sql.all(`select ${columns} from upload ${where} order by at, file_id`, params).map((row) => {
      const [fileId, recordId, name, size, sha256, at, sent, attempts, failed, url] = row as [
        string,
        string,
        string,
        number,
        string,
        string,
        number,
        number,
        string | null,
        string | null,
      ];
      const state: UploadState = {
        fileId,
        recordId,
        name,
        size: Number(size),
        sha256,
        at,
        sentBytes: Number(sent),
        attempts: Number(attempts),
        state: failed !== null ? "failed" : running.has(fileId) ? "uploading" : "waiting",
        ...(failed === null ? {} : { reason: failed }),
      };
      return { ...state, url };
    });

  function wake() {
    if (closed || !online || deps.token() === undefined) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const upload of rows()) {
      if (running.size >= CONCURRENT) return;
      if (upload.state !== "waiting" || deps.isAttachPending(upload.fileId)) continue;
      const due = notBefore.get(upload.fileId) ?? 0;
      if (due > now) next = Math.min(next, due);
      else start(upload);
    }
    clearTimeout(timer);
    if (next < Number.POSITIVE_INFINITY) timer = setTimeout(wake, next - now);
  }

  function start(plan: UploadState & { url: string | null }) {
    const upload = runUpload(plan, deps, {
      located: (url) => void sql.run("update upload set url = ? where file_id = ?", [url, plan.fileId]),
      sent(bytes) {
        sql.run("update upload set sent = ? where file_id = ?", [bytes, plan.fileId]);
        deps.onChange(plan.fileId);
      },
    });
    const settled = upload.done
      .then(
        () => {
          running.delete(plan.fileId);
          notBefore.delete(plan.fileId);
          sql.run("delete from upload where file_id = ?", [plan.fileId]);
        },
        (error: UploadError) => {
          running.delete(plan.fileId);
          settleFailure(plan, error);
        },
      )
      .then(() => {
        deps.onChange(plan.fileId);
        wake();
      });
    running.set(plan.fileId, {
      async stop() {
        await upload.abort();
        await settled;
      },
    });
    deps.onChange(plan.fileId);
  }

  function settleFailure(plan: UploadState, error: UploadError) {
    if (closed) return;
    if (error.kind === "aborted") return;
    if (error.kind === "expired") return deps.onExpired();
    if (error.kind === "gone") sql.run("update upload set url = null, sent = 0 where file_id = ?", [plan.fileId]);
    if (error.kind === "refused")
      return void sql.run("update upload set failed = ?, attempts = attempts + 1 where file_id = ?", [
        error.reason,
        plan.fileId,
      ]);
    sql.run("update upload set attempts = attempts + 1 where file_id = ?", [plan.fileId]);
    notBefore.set(
      plan.fileId,
      Date.now() + (error.retryAfterMs ?? BACKOFF_MS[Math.min(plan.attempts, BACKOFF_MS.length - 1)] ?? 60_000),
    );
  }

  return {
    plan: ({ fileId, recordId, name, size, sha256, at }) =>
      void sql.run(
        "insert or ignore into upload (file_id, record_id, name, size, sha256, at) values (?, ?, ?, ?, ?, ?)",
        [fileId, recordId, name, size, sha256, at],
      ),
    planned(fileId) {
      deps.onChange(fileId);
      wake();
    },
    list: () => rows(),
    stateOf: (fileId) => rows("where file_id = ?", [fileId])[0],
    wake,
    setOnline(now) {
      online = now;
      if (now) {
        notBefore.clear();
        wake();
      }
    },
    retry(fileId) {
      if (fileId === undefined) sql.run("update upload set failed = null");
      else sql.run("update upload set failed = null where file_id = ?", [fileId]);
      notBefore.clear();
      wake();
    },
    async discard(fileId) {
      await running.get(fileId)?.stop();
      sql.run("delete from upload where file_id = ?", [fileId]);
      deps.onChange(fileId);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await Promise.all([...running.values()].map((upload) => upload.stop()));
    },
  };
}

interface UploadError {
  readonly kind: "aborted" | "network" | "expired" | "gone" | "refused";
  readonly reason: string;
  readonly retryAfterMs?: number;
}

function runUpload(
  plan: UploadState & { url: string | null },
  { bodies, serverUrl, token }: UploadDeps,
  on: { located(url: string): void; sent(bytes: number): void },
): { done: Promise<void>; abort(): Promise<void> } {
  let upload: Upload | undefined;
  let reader: SealedReader | undefined;
  let aborted = false;
  let rejectDone: (error: UploadError) => void = () => undefined;

  const sending = new Promise<void>((resolve, reject: (error: UploadError) => void) => {
    rejectDone = reject;
    void (async () => {
      reader = await bodies.open(plan.fileId, "content");
      if (!reader) return reject({ kind: "refused", reason: "upload.bodyMissing" });
      if (aborted) return reject({ kind: "aborted", reason: "aborted" });
      upload = new Upload(Buffer.alloc(0), {
        endpoint: `${serverUrl}/api/uploads`,
        ...(plan.url === null ? {} : { uploadUrl: plan.url }),
        metadata: { fileId: plan.fileId, sha256: plan.sha256 },
        uploadSize: plan.size,
        chunkSize: CHUNK_BYTES,
        retryDelays: null, // the outbox has its own patience
        storeFingerprintForResuming: false,
        fileReader: sealedSource(reader),
        onBeforeRequest: (request: HttpRequest) => request.setHeader("authorization", `Bearer ${token() ?? ""}`),
        onUploadUrlAvailable: () => upload?.url && on.located(upload.url),
        onChunkComplete: (_chunk, accepted) => on.sent(accepted),
        onSuccess: () => resolve(),
        onError: (error) => reject(errorOf(error)),
      });
      upload.start();
    })().catch((error: unknown) =>
      reject({
        kind: "refused",
        reason: (error as Error).name === "SealBroken" ? "upload.bodyDamaged" : "upload.bodyMissing",
      }),
    );
  });

  return {
    done: sending.finally(() => reader?.close()),
    async abort() {
      aborted = true;
      await upload?.abort();
      rejectDone({ kind: "aborted", reason: "aborted" });
    },
  };
}

/** Lets tus read the sealed body piece by piece; a piece is small enough to be held. */
const sealedSource = (reader: SealedReader) => ({
  openFile: async () => ({
    size: reader.size,
    async slice(start: number, end: number) {
      const parts: Uint8Array[] = [];
      for await (const part of reader.read({ start, end })) parts.push(Buffer.from(part));
      const piece = Buffer.concat(parts);
      // tus counts by `size`, which a buffer does not have by itself; without it every piece counts as none.
      return { value: Object.assign(piece, { size: piece.length }), done: end >= reader.size };
    },
    close: () => undefined, // `done` closes it, whichever way the upload ends
  }),
});

function errorOf(error: Error | DetailedError): UploadError {
  const response = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return { kind: "network", reason: "network" };
  const status = response.getStatus();
  const problem = problemOf(response.getBody());
  const retryAfter = Number(response.getHeader("retry-after"));
  const later = {
    kind: "network",
    reason: problem ?? `http.${status}`,
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1_000 } : {}),
  } as const;
  if (status === 401) return { kind: "expired", reason: "signIn.expired" };
  if (status === 404 || status === 410) return { kind: "gone", reason: problem ?? "upload.gone" };
  if (status === 409 || status === 423 || status === 429 || status >= 500) return later;
  return { kind: "refused", reason: problem ?? `http.${status}` };
}

function problemOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { reason?: string }).reason;
  } catch {
    return undefined;
  }
}
