import { bytesOf, openBodyCache, type BodyCache, type Part } from "./body.cache.ts";
import { createUploads, type UploadDeps, type Uploads } from "./uploads.ts";

/** File bodies of a replica: attached ones on their way up, looked-at ones on their way down. */
export interface ReplicaFiles {
  readonly uploads: Uploads;
  /** Copies a body in, durably, so that the original may vanish; say `uploads.plan` with the intent afterwards. */
  stage(
    fileId: string,
    source: { readonly path: string } | { readonly bytes: Uint8Array },
  ): Promise<{ readonly size: number; readonly sha256: string }>;
  /** Brings a part here from the server if it is not here yet. */
  fetch(file: FetchableFile, part: Part): Promise<{ readonly available: boolean; readonly reason?: string }>;
  open: BodyCache["open"];
  /** VIS-4: what access was lost to leaves this device, whatever it waited for. */
  purge(fileIds: readonly string[]): Promise<void>;
  /** Removes the bodies of files that are neither kept nor waiting to be uploaded. */
  sweep(isKept: (fileId: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface FetchableFile {
  readonly id: string;
  readonly sha256: string;
  readonly state: string;
}

export interface ReplicaFilesDeps extends Omit<UploadDeps, "bodies"> {
  readonly directory: string;
  /** 32 bytes. */
  readonly key: Buffer;
  readonly fetch: typeof globalThis.fetch;
  /** Room for what can be fetched again. */
  readonly cacheBytes?: number;
  readonly maxAttachBytes?: number;
}

const CACHE_BYTES = 2 * 1024 ** 3; // a laptop's tenth or so; bodies that wait for upload come on top
const ATTACH_BYTES = 4 * 1024 ** 3; // the server's default limit: refuse before copying what it would refuse
const TRIM_EVERY = 20;

export async function openReplicaFiles(deps: ReplicaFilesDeps): Promise<ReplicaFiles> {
  const { serverUrl, token, cacheBytes = CACHE_BYTES, maxAttachBytes = ATTACH_BYTES } = deps;
  const bodies = await openBodyCache({ directory: deps.directory, key: deps.key });
  const uploads = createUploads({ ...deps, bodies });
  interface Fetching {
    readonly fileId: string;
    readonly aborter: AbortController;
    readonly done: Promise<{ available: boolean; reason?: string }>;
  }
  const fetching = new Map<string, Fetching>();
  let fetched = 0;

  async function download(
    file: FetchableFile,
    part: Part,
    signal: AbortSignal,
  ): Promise<{ available: boolean; reason?: string }> {
    const bearer = token();
    if (bearer === undefined) return { available: false, reason: "signedOut" };
    let response: Response;
    try {
      response = await deps.fetch(`${serverUrl}/api/files/${file.id}/${addressOf(part)}`, {
        headers: { authorization: `Bearer ${bearer}` },
        signal,
      });
    } catch {
      return { available: false, reason: "offline" };
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      if (response.status === 401) deps.onExpired();
      return { available: false, reason: response.status === 404 ? "notFound" : "unavailable" };
    }
    try {
      await bodies.put(
        file.id,
        part,
        response.body as unknown as AsyncIterable<Uint8Array>,
        part === "content" ? { sha256: file.sha256 } : {},
      );
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      return {
        available: false,
        reason: code === "ENOSPC" ? "diskFull" : name === "BodyMismatch" ? "damaged" : "offline",
      };
    }
    if (++fetched % TRIM_EVERY === 0) await bodies.trim(cacheBytes, (fileId) => uploads.stateOf(fileId) !== undefined);
    return { available: true };
  }

  async function stopFetching(isMeant: (each: Fetching) => boolean): Promise<void> {
    const meant = [...fetching.values()].filter(isMeant);
    for (const { aborter } of meant) aborter.abort();
    await Promise.allSettled(meant.map(({ done }) => done));
  }

  return {
    uploads,
    open: bodies.open,
    async stage(fileId, source) {
      const stream = "path" in source ? bytesOf(source.path) : oneOf(source.bytes);
      return bodies.put(fileId, "content", stream, { maxBytes: maxAttachBytes });
    },
    async fetch(file, part) {
      if (await bodies.has(file.id, part)) return { available: true };
      const name = `${file.id}/${part}`;
      const known = fetching.get(name);
      if (known) return known.done;
      const aborter = new AbortController();
      const done = download(file, part, aborter.signal).finally(() => fetching.delete(name));
      fetching.set(name, { fileId: file.id, aborter, done });
      return done;
    },
    async purge(fileIds) {
      for (const fileId of fileIds) await uploads.discard(fileId);
      // What is on its way would be put back after it was removed.
      const lost = new Set(fileIds);
      await stopFetching(({ fileId }) => lost.has(fileId));
      await bodies.drop(fileIds);
    },
    async sweep(isKept) {
      const held = await bodies.held();
      await bodies.drop(held.filter((fileId) => uploads.stateOf(fileId) === undefined && !isKept(fileId)));
    },
    async close() {
      await Promise.all([stopFetching(() => true), uploads.close()]);
    },
  };
}

function addressOf(part: Part): string {
  if (part === "content") return "content";
  if (part === "pdf") return "preview/document.pdf";
  if (part === "thumbnail") return "preview/thumbnail";
  return `preview/pages/${part.slice("page-".length)}`;
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
