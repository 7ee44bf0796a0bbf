import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { Answered, Exported } from "#contract";
import type { FieldProblem, Json } from "@kontor/shared/base";

/** Requests of mail that only the server can answer, with the reasons why nobody did. */
export interface MailServer {
  request(
    method: string,
    path: string,
    body?: Json,
  ): Promise<Answered<{ readonly status: number; readonly body: Json }>>;
  bytes(path: string, maxBytes: number): Promise<Answered<{ readonly bytes: Uint8Array; readonly mime: string }>>;
  /** A file of this device as the body, however long it is. */
  upload(path: string, mime: string, file: string): Promise<Answered<{ readonly body: Json }>>;
  /** The body of the answer into a file of this device, which is there whole or not at all. */
  download(path: string, file: string): Promise<Exported>;
}

export interface MailServerDeps {
  readonly serverUrl: string;
  readonly token: () => string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly onExpired: () => void;
}

/** A test of a far account signs in at two servers that may be slow. */
const REQUEST_MS = 60_000;

export function createMailServer({ serverUrl, token, fetch, onExpired }: MailServerDeps): MailServer {
  async function send(method: string, path: string, body?: Json): Promise<Response | Failure> {
    const bearer = token();
    if (bearer === undefined) return { ok: false, reason: "signedOut", message: "The sign-in has ended." };
    try {
      const response = await fetch(new URL(path, serverUrl), {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      if (response.status === 401) onExpired();
      return response.ok ? response : await failureOf(response);
    } catch {
      return { ok: false, reason: "offline", message: "The server cannot be reached." };
    }
  }

  async function upload(path: string, mime: string, file: string): Promise<Answered<{ readonly body: Json }>> {
    const bearer = token();
    if (bearer === undefined) return { ok: false, reason: "signedOut", message: "The sign-in has ended." };
    const handle = await open(file); // a file that is not there is the caller's to know, not "offline"
    try {
      const response = await fetch(new URL(path, serverUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}`, "content-type": mime },
        body: handle.readableWebStream() as unknown as ReadableStream,
        duplex: "half", // a stream cannot be sent otherwise
      } as RequestInit);
      if (response.status === 401) onExpired();
      return response.ok ? { ok: true, body: (await response.json()) as Json } : await failureOf(response);
    } catch {
      return { ok: false, reason: "offline", message: "The server cannot be reached." };
    } finally {
      await handle.close().catch(() => undefined);
    }
  }

  /** Years of mail take longer than a request may: what counts is that something comes. */
  async function download(path: string, file: string): Promise<Exported> {
    const bearer = token();
    if (bearer === undefined) return { ok: false, reason: "signedOut", message: "The sign-in has ended." };
    const partial = `${file}.part`;
    try {
      const response = await fetch(new URL(path, serverUrl), { headers: { authorization: `Bearer ${bearer}` } });
      if (response.status === 401) onExpired();
      if (!response.ok || !response.body) return await failureOf(response);
      await pipeline(
        Readable.fromWeb(response.body as WebStream<Uint8Array>),
        createWriteStream(partial, { mode: 0o600 }),
      );
      await rename(partial, file);
      return { ok: true };
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      const isOfDisk = error instanceof Error && "syscall" in error && "path" in error;
      return isOfDisk
        ? { ok: false, reason: "file.notWritten", message: error.message }
        : { ok: false, reason: "offline", message: "The server cannot be reached." };
    }
  }

  return {
    upload,
    download,
    async request(method, path, body) {
      const response = await send(method, path, body);
      if (!(response instanceof Response)) return response;
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      // A file of contacts is text of its own.
      const said = text === "" ? null : isJson ? (JSON.parse(text) as Json) : text;
      return { ok: true, status: response.status, body: said };
    },
    async bytes(path, maxBytes) {
      const response = await send("GET", path);
      if (!(response instanceof Response)) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.byteLength > maxBytes) return { ok: false, reason: "mail.tooLarge", message: "It is too large." };
      return { ok: true, bytes, mime: response.headers.get("content-type") ?? "application/octet-stream" };
    },
  };
}

type Failure = Extract<Answered<object>, { ok: false }>;

async function failureOf(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => ({}))) as {
    reason?: string;
    detail?: string;
    title?: string;
    problems?: readonly FieldProblem[];
  };
  return {
    ok: false,
    reason: problem.reason ?? `http.${response.status}`,
    message: problem.detail ?? problem.title ?? "The server refused this.",
    ...(problem.problems ? { problems: problem.problems } : {}),
  };
}
