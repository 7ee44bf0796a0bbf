import { lookup, type LookupAddress } from "node:dns";
import { request as requestPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestSecure } from "node:https";
import ipaddr from "ipaddr.js";

/** Asked for an address of this machine, of a network behind it, or of neighbours and many at once. */
export class NotOutside extends Error {
  override readonly name = "NotOutside";
}

export interface OutsideRequest {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Private networks and this machine as well. */
  readonly allowPrivate: boolean;
  /** PEM, in place of the authorities that Node knows. */
  readonly ca?: readonly string[] | undefined;
}

/**
 * One request to an address that somebody else chose. The name is looked up once and what was found is connected to, so that it cannot
 * be public while it is checked and private when it is used. Throws `NotOutside`; where it is sent on to is the caller's to decide.
 */
export function requestOutside(
  url: URL,
  { method, headers, body, signal, allowPrivate, ca }: OutsideRequest,
): Promise<IncomingMessage> {
  // A host that is an address itself is never looked up.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !allowPrivate && !isPublic(host)) return Promise.reject(new NotOutside());
  const options: RequestOptions & { ca?: string[] } = {
    method,
    headers,
    signal,
    agent: false,
    ...(ca && { ca: [...ca] }),
    lookup: (name, { all }, done) =>
      lookup(name, { all: true }, (error, found) => {
        const usable = error ? [] : found.filter(({ address }) => allowPrivate || isPublic(address));
        const [first] = usable;
        if (error ?? !first) return done(error ?? new NotOutside(), all ? [] : "", 4);
        if (all) (done as (error: null, addresses: LookupAddress[]) => void)(null, usable);
        else done(null, first.address, first.family);
      }),
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === "https:" ? requestSecure : requestPlain;
    send(url, options, resolve).once("error", reject).end(body);
  });
}

const isPublic = (address: string): boolean => ipaddr.process(address).range() === "unicast";
