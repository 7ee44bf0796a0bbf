import type { MessagePortMain } from "electron";
import type { FileChunk, ToReplica } from "#contract";
import type { ReplicaHost } from "./replica.host.ts";

/** One request's worth: enough for speed, and what bounds the memory of a body of gigabytes on its way. */
const WINDOW_BYTES = 4 * 1024 * 1024;

export type CachedPart = Pick<Extract<ToReplica, { kind: "read" }>, "what" | "fileId" | "page">;
interface Head {
  readonly mime: string;
  readonly totalBytes: number;
}

export class CachedFileMissing extends Error {
  readonly code: "notFound" | "unavailable";
  constructor(code: "notFound" | "unavailable", message: string) {
    super(message);
    this.code = code;
  }
}

/** Bytes of the replica's file cache, window by window, so that nobody holds a whole body. */
export function createCachedFiles(deps: { readonly replica: Pick<ReplicaHost, "read"> }) {
  async function readWindow(part: CachedPart, start: number, end?: number): Promise<Head & { bytes: Uint8Array }> {
    const last = Math.min(end ?? Number.MAX_SAFE_INTEGER, start + WINDOW_BYTES - 1);
    const port = await deps.replica.read({ ...part, start, end: last });
    return collect(port);
  }

  /** `start` and `end` are included; the first window is read before this resolves, so errors come here. */
  async function open(part: CachedPart, range: (totalBytes: number) => { start: number; end: number } | undefined) {
    const first = await readWindow(part, 0, 0);
    const wanted = range(first.totalBytes);
    if (!wanted) return { ...first, wanted: undefined, body: undefined };
    let at = wanted.start;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        if (at > wanted.end) return controller.close();
        const { bytes } = await readWindow(part, at, wanted.end);
        if (bytes.byteLength === 0) return controller.error(new Error("the cached file is shorter than it says"));
        at += bytes.byteLength;
        controller.enqueue(new Uint8Array(bytes));
      },
    });
    return { mime: first.mime, totalBytes: first.totalBytes, wanted, body };
  }

  return { open };
}
export type CachedFiles = ReturnType<typeof createCachedFiles>;

function collect(port: MessagePortMain): Promise<Head & { bytes: Uint8Array }> {
  return new Promise((resolve, reject) => {
    let head: Head | undefined;
    const chunks: Uint8Array[] = [];
    port.on("message", ({ data }: { data: FileChunk }) => {
      if (data.kind === "head") head = data;
      if (data.kind === "chunk") chunks.push(data.bytes);
      if (data.kind === "error") {
        port.close();
        reject(new CachedFileMissing(data.code, data.message));
      }
      if (data.kind === "end") {
        port.close();
        if (head) resolve({ mime: head.mime, totalBytes: head.totalBytes, bytes: Buffer.concat(chunks) });
        else reject(new CachedFileMissing("unavailable", "no head before the end"));
      }
    });
    port.on("close", () => reject(new CachedFileMissing("unavailable", "the replica process ended")));
    port.start();
  });
}
