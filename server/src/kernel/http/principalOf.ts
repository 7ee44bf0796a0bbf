import type { IncomingMessage } from "node:http";
import type { Request } from "express";
import { DomainError } from "@kontor/shared/base";
import type { Principal } from "../principal.ts";

export const SESSION_COOKIE = "kontor_session";

export interface AuthenticationDeps {
  readonly publicUrl: string | undefined;
  /** Who sent this; undefined for nobody. Throws for a token that is not (any longer) valid. */
  authenticate(
    credentials: { token: string; via: "bearer" | "cookie" },
    request: { ip: string },
  ): Promise<Principal | undefined>;
}

/** The caller, from the bearer token or, for the console, from its cookie; a cookie counts only with our own Origin. */
export async function principalOf(request: Request | IncomingMessage, deps: AuthenticationDeps): Promise<Principal> {
  const ip = "ip" in request ? (request.ip ?? "") : (request.socket.remoteAddress ?? "");
  const bearer = /^Bearer ([\w.~+/=-]{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
  const cookie = bearer === undefined ? cookieOf(request.headers.cookie, SESSION_COOKIE) : undefined;
  if (cookie !== undefined && !["GET", "HEAD"].includes(request.method ?? "")) checkOrigin(request, deps.publicUrl);
  const token = bearer ?? cookie;
  const principal =
    token === undefined
      ? undefined
      : await deps.authenticate({ token, via: bearer === undefined ? "cookie" : "bearer" }, { ip });
  if (!principal)
    throw new DomainError("unauthenticated", "Sign in first.", {
      reason: token === undefined ? "signIn.needed" : "signIn.expired",
    });
  return principal;
}

/** Against forged requests from other sites: a browser always sends Origin with a request that changes something. */
function checkOrigin(request: IncomingMessage, publicUrl: string | undefined): void {
  const origin = request.headers.origin;
  // Without a public address the Host header says who we are. A page cannot set it, and a foreign name that was made to
  // lead here has no cookie of ours.
  const own =
    publicUrl === undefined
      ? [`http://${request.headers.host}`, `https://${request.headers.host}`]
      : [new URL(publicUrl).origin];
  if (origin === undefined || !own.includes(origin))
    throw new DomainError("forbidden", "This request came from another site.", { reason: "origin.foreign" });
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value) return value;
  }
  return undefined;
}
