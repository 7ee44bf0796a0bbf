import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * An OAuth 2 provider for tests: authorization code with PKCE, refresh tokens that are good once, and introspection (RFC 7662)
 * for a mail server. Whoever opens the authorize address agrees at once.
 */
export interface OAuthServer {
  readonly url: string;
  /** Grants that were asked for at the token endpoint, in their order. */
  readonly grants: readonly string[];
  /** Access tokens live so long from now on. */
  setLifetime(seconds: number): void;
  /** Every token given so far is worth nothing. */
  revoke(): void;
  /** What the token endpoint answers instead, until it is set back. */
  answer(instead: { readonly status: number; readonly body: string } | undefined): void;
  /** The address that the provider sends the browser back to. */
  agree(authorizeUrl: string, user: string): Promise<string>;
  stop(): Promise<void>;
}

export const OAUTH_CLIENT = { clientId: "kontor-test", clientSecret: "secret-of-kontor" };

export async function startOAuthServer(): Promise<OAuthServer> {
  const codes = new Map<string, { user: string; challenge: string; redirectUri: string }>();
  const refreshTokens = new Map<string, string>();
  const accessTokens = new Map<string, { user: string; until: number }>();
  const grants: string[] = [];
  let lifetimeSeconds = 3_600;
  let instead: { readonly status: number; readonly body: string } | undefined;

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = new URLSearchParams(Buffer.concat(chunks).toString());
    const reply = (status: number, json: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (request.url === "/introspect") {
      const known = accessTokens.get(body.get("token") ?? "");
      const active = known !== undefined && known.until > Date.now();
      return void reply(200, { active, ...(active && { username: known.user, scope: "mail" }) });
    }
    if (request.url !== "/token") return void reply(404, {});
    grants.push(body.get("grant_type") ?? "");
    if (instead) return void response.writeHead(instead.status).end(instead.body);
    if (body.get("client_id") !== OAUTH_CLIENT.clientId || body.get("client_secret") !== OAUTH_CLIENT.clientSecret)
      return void reply(401, { error: "invalid_client" });
    const user = body.get("grant_type") === "refresh_token" ? refresh(body) : redeem(body);
    if (user === undefined) return void reply(400, { error: "invalid_grant", error_description: "Bad\r\ngrant" });
    const [access, next] = [randomBytes(12).toString("hex"), randomBytes(12).toString("hex")];
    accessTokens.set(access, { user, until: Date.now() + lifetimeSeconds * 1_000 });
    refreshTokens.set(next, user);
    const claims = Buffer.from(JSON.stringify({ email: `${user}@elsewhere.example` })).toString("base64url");
    reply(200, {
      access_token: access,
      refresh_token: next,
      expires_in: lifetimeSeconds,
      id_token: `e30.${claims}.x`,
      token_type: "Bearer",
    });
  }

  function redeem(body: URLSearchParams): string | undefined {
    const code = body.get("code") ?? "";
    const known = codes.get(code);
    codes.delete(code);
    const challenge = createHash("sha256")
      .update(body.get("code_verifier") ?? "")
      .digest("base64url");
    return known?.challenge === challenge && known.redirectUri === body.get("redirect_uri") ? known.user : undefined;
  }

  function refresh(body: URLSearchParams): string | undefined {
    const token = body.get("refresh_token") ?? "";
    const user = refreshTokens.get(token);
    refreshTokens.delete(token);
    return user;
  }

  return {
    url,
    grants,
    setLifetime: (seconds) => (lifetimeSeconds = seconds),
    revoke() {
      refreshTokens.clear();
      accessTokens.clear();
    },
    answer: (given) => (instead = given),
    async agree(authorizeUrl, user) {
      const { searchParams } = new URL(authorizeUrl);
      const asked = (name: string) => searchParams.get(name) ?? "";
      if (asked("client_id") !== OAUTH_CLIENT.clientId || asked("code_challenge_method") !== "S256")
        throw new Error(`this is no request for a code: ${authorizeUrl}`);
      const code = randomBytes(12).toString("hex");
      codes.set(code, { user, challenge: asked("code_challenge"), redirectUri: asked("redirect_uri") });
      const back = new URL(asked("redirect_uri"));
      back.searchParams.set("code", code);
      back.searchParams.set("state", asked("state"));
      return back.href;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
