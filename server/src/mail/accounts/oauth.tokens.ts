import { z } from "zod";
import { isMailAddress } from "@kontor/shared/mail";
import { cleanWords } from "../outbound/transport.port.ts";
import { AccountFailure } from "./account.failure.ts";
import type { OAuthProvider } from "./oauth.providers.ts";

/** What a token endpoint gives (RFC 6749 §5.1); the refresh token only the first time with some. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly expiresAt: string;
  /** The account's address, from the id token. */
  readonly address: string | undefined;
}

export type Fetch = typeof fetch;

const ANSWER_MS = 15_000; // Microsoft takes up to 5 s on a bad day
const MAX_ANSWER_BYTES = 100_000; // tokens stay below 10 kB
const DEFAULT_SECONDS = 3_600; // where the endpoint does not say (RFC 6749 §5.1): what both providers give

const answer = z.object({
  access_token: z.string().min(1).max(20_000),
  refresh_token: z.string().min(1).max(20_000).optional(),
  expires_in: z.coerce
    .number()
    .positive()
    .max(86_400 * 365)
    .optional(),
  id_token: z.string().max(20_000).optional(),
});
const refusal = z.object({ error: z.string().max(200), error_description: z.string().max(2_000).optional() });

/** The code that the provider sent back with the browser, for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export const redeemCode = (
  deps: TokenDeps,
  { code, verifier, redirectUri }: { readonly code: string; readonly verifier: string; readonly redirectUri: string },
): Promise<Tokens> =>
  askForTokens(deps, {
    grant_type: "authorization_code",
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  });

/** RFC 6749 §6. */
export const refreshTokens = (deps: TokenDeps, refreshToken: string): Promise<Tokens> =>
  askForTokens(deps, { grant_type: "refresh_token", refresh_token: refreshToken });

export interface TokenDeps {
  readonly provider: OAuthProvider;
  readonly fetch: Fetch;
  now(): number;
}

async function askForTokens({ provider, fetch, now }: TokenDeps, fields: Record<string, string>): Promise<Tokens> {
  const body = new URLSearchParams({ ...fields, client_id: provider.clientId });
  if (provider.clientSecret !== undefined) body.set("client_secret", provider.clientSecret);
  let status: number;
  let text: string;
  try {
    const response = await fetch(provider.tokenUrl, {
      method: "POST",
      headers: { accept: "application/json" },
      body,
      redirect: "error", // a token endpoint that sends elsewhere would send the secret there, too
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    ({ status } = response);
    text = (await response.text()).slice(0, MAX_ANSWER_BYTES);
  } catch (error) {
    throw new AccountFailure(error instanceof DOMException ? "timeout" : "unreachable", undefined, error);
  }
  const json = parseJson(text);
  const given = answer.safeParse(json);
  if (status === 200 && given.success) {
    const { access_token, refresh_token, expires_in = DEFAULT_SECONDS, id_token } = given.data;
    return {
      accessToken: access_token,
      refreshToken: refresh_token,
      expiresAt: new Date(now() + expires_in * 1_000).toISOString(),
      address: id_token === undefined ? undefined : addressOf(id_token),
    };
  }
  const refused = refusal.safeParse(json);
  // RFC 6749 §5.2: the leave has ended or was taken back. Everything else may pass, or is for an administrator.
  if (refused.success && refused.data.error === "invalid_grant")
    throw new AccountFailure("auth.expired", wordsOf(refused.data));
  if (status === 429 || status >= 500) throw new AccountFailure("busy");
  throw new AccountFailure("server", refused.success ? wordsOf(refused.data) : `HTTP ${status}`);
}

const wordsOf = ({ error, error_description: said }: z.infer<typeof refusal>): string =>
  cleanWords(said === undefined ? error : `${error}: ${said}`);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const claims = z.object({ email: z.string().optional(), preferred_username: z.string().optional() });

/** It came from the token endpoint itself over TLS, which is all that vouches for it (OpenID Connect Core §3.1.3.7, 6). */
function addressOf(idToken: string): string | undefined {
  const payload = parseJson(Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString());
  const parsed = claims.safeParse(payload);
  if (!parsed.success) return undefined;
  return [parsed.data.email, parsed.data.preferred_username].find((text) => text !== undefined && isMailAddress(text));
}
