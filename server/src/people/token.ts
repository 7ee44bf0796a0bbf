import { createHash, randomBytes } from "node:crypto";

/** `ks`: a session, `kp`: a personal access token, `kv`: a service's. Which table to ask stands in the token itself. */
export type TokenKind = "ks" | "kp" | "kv";

const DAY_MS = 86_400_000;
/** Of a session since it was last used, by channel. */
export const LIFETIME_MS = { desktop: 30 * DAY_MS, api: 30 * DAY_MS, console: DAY_MS / 2 } as const;

export const TOUCH_AFTER_MS = 60_000; // how fresh "last seen" is kept: a write a minute and token, not one a request

export function newToken(kind: TokenKind): { token: string; sha256: Buffer } {
  const token = `${kind}_${randomBytes(32).toString("base64url")}`;
  return { token, sha256: sha256Of(token) };
}

// A token is 256 random bits: a plain hash of it cannot be searched for, and costs nothing on each request.
export const sha256Of = (token: string): Buffer => createHash("sha256").update(token).digest();
