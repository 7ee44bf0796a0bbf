import { lookup, type LookupAddress } from "node:dns";
import { get as getPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { get as getSecure } from "node:https";
import { fileTypeFromBuffer } from "file-type";
import ipaddr from "ipaddr.js";
import { DomainError } from "@kontor/shared/base";
import { pictureLimits, pictureMimes, type Picture, type PictureFetcher } from "#mail";

export interface PictureFetcherOptions {
  /** For tests against a server of this machine. */
  readonly allowPrivate?: boolean;
  /** Default: `pictureLimits`. */
  readonly timeoutMs?: number;
}

/**
 * Over plain HTTP(S), with nothing that tells of the reader: no cookie, no referrer, one name for all. The address is looked
 * up once and that one is connected to, so that a name cannot be public while it is checked and private when it is used.
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

function request(
  url: URL,
  { allowPrivate, signal }: { readonly allowPrivate: boolean; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:") throw noPicture();
  // A host that is an address itself is never looked up.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !allowPrivate && !isPublic(host)) throw notOutside();
  const options: RequestOptions = {
    signal,
    agent: false,
    headers: { accept: "image/*", "user-agent": "Kontor mail" },
    lookup: (name, { all }, done) =>
      lookup(name, { all: true }, (error, found) => {
        const usable = error ? [] : found.filter(({ address }) => allowPrivate || isPublic(address));
        const [first] = usable;
        if (error ?? !first) return done(error ?? notOutside(), all ? [] : "", 4);
        if (all) (done as (error: null, addresses: LookupAddress[]) => void)(null, usable);
        else done(null, first.address, first.family);
      }),
  };
  return new Promise((resolve, reject) => {
    (url.protocol === "https:" ? getSecure : getPlain)(url, options, resolve).once("error", reject);
  });
}

/** Neither this machine, nor a network behind it, nor what is reserved for neighbours and many at once. */
function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === "unicast";
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
