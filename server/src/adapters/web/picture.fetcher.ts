import type { IncomingMessage } from "node:http";
import { fileTypeFromBuffer } from "file-type";
import { DomainError } from "@kontor/shared/base";
import { pictureLimits, pictureMimes, type Picture, type PictureFetcher } from "#mail";
import { NotOutside, requestOutside } from "./outside.ts";

export interface PictureFetcherOptions {
  /** Of a private network, too: an office whose own servers have the pictures. */
  readonly allowPrivate?: boolean;
  /** Default: `pictureLimits`. */
  readonly timeoutMs?: number;
}

/**
 * Over plain HTTP(S), with nothing that tells of the reader: no cookie, no referrer, one name for all.
 */
export function createPictureFetcher({
  allowPrivate = false,
  timeoutMs = pictureLimits.timeoutMs,
}: PictureFetcherOptions = {}): PictureFetcher {
  async function fetchPicture(address: string, signal: AbortSignal): Promise<Picture> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    let url = new URL(address);
    for (let hop = 0; hop <= pictureLimits.maxRedirects; hop++) {
      const answer = await request(url, { allowPrivate, signal: inTime });
      const { statusCode = 0, headers } = answer;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        answer.destroy();
        url = new URL(headers.location, url);
        continue;
      }
      if (statusCode !== 200) {
        answer.destroy();
        throw noPicture();
      }
      return await read(answer);
    }
    throw noPicture();
  }
  return {
    fetchPicture: (address, signal) =>
      fetchPicture(address, signal).catch((error: unknown) => {
        if (error instanceof DomainError) throw error;
        throw new DomainError(
          "unavailable",
          "The server of this picture does not answer.",
          { reason: "picture.unreachable" },
          error,
        );
      }),
  };
}

const HEADERS = { accept: "image/*", "user-agent": "Kontor mail" };

async function request(
  url: URL,
  { allowPrivate, signal }: { readonly allowPrivate: boolean; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:") throw noPicture();
  try {
    return await requestOutside(url, { method: "GET", headers: HEADERS, signal, allowPrivate });
  } catch (error) {
    throw error instanceof NotOutside ? notOutside() : error;
  }
}

async function read(answer: IncomingMessage): Promise<Picture> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > pictureLimits.maxBytes) {
      answer.destroy();
      throw new DomainError("tooLarge", `The picture is larger than ${pictureLimits.maxBytes} bytes.`, {
        reason: "picture.tooLarge",
        params: { maxBytes: pictureLimits.maxBytes },
      });
    }
    pieces.push(piece);
  }
  const bytes = Buffer.concat(pieces);
  const kind = await fileTypeFromBuffer(bytes);
  if (!kind || !pictureMimes.includes(kind.mime)) throw noPicture();
  return { mime: kind.mime, bytes };
}

const noPicture = () => new DomainError("notFound", "There is no picture at this address.", { reason: "picture.none" });
const notOutside = () =>
  new DomainError("forbidden", "This address is not one of the public internet.", { reason: "picture.private" });
