import { serverInfoSchema, signInResponseSchema, type ServerInfo, type SignInResponse } from "@kontor/shared/people";
import { PROTOCOL_VERSION } from "@kontor/shared/protocol";
import type { Refusal } from "#contract";
import { parseServerAddress } from "./serverAddress.ts";

/** The calls that happen before there is a replica: what is at this address, and who am I there. */
const ANSWER_MS = 15_000; // longer than a slow mobile link needs, shorter than a person's patience

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
export interface SignInInput {
  readonly url: string;
  readonly login: string;
  readonly password: string;
  readonly device: { readonly id?: string; readonly name: string; readonly platform: string };
}

export function createServerClient(deps: { readonly fetch: Fetch }) {
  async function checkServer(address: string): Promise<{ ok: true; url: string; info: ServerInfo } | Refusal> {
    const parsed = parseServerAddress(address);
    if ("problem" in parsed) return refusal(`server.${parsed.problem}`, `Not a usable address: ${address}`);
    let response: Response;
    try {
      response = await deps.fetch(`${parsed.url}/api/info`, { signal: AbortSignal.timeout(ANSWER_MS) });
    } catch (error) {
      return unreachable(error);
    }
    const info = serverInfoSchema.safeParse(await response.json().catch(() => undefined));
    if (!info.success) {
      const isFailing = response.status >= 500;
      return isFailing
        ? refusal("server.failing", `The server answers ${response.status}.`)
        : refusal("server.notKontor", "Something answers at this address, but it is not Kontor.");
    }
    if (info.data.protocol > PROTOCOL_VERSION) return refusal("app.tooOld", "The server needs a newer app.");
    if (info.data.protocol < PROTOCOL_VERSION) return refusal("server.tooOld", "The server is older than this app.");
    return { ok: true, url: parsed.url, info: info.data };
  }

  async function signIn(input: SignInInput): Promise<{ ok: true; value: SignInResponse } | Refusal> {
    let response: Response;
    try {
      response = await deps.fetch(`${input.url}/api/sign-in`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ login: input.login, password: input.password, device: input.device }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch (error) {
      return unreachable(error);
    }
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) {
      const value = signInResponseSchema.safeParse(body);
      return value.success
        ? { ok: true, value: value.data }
        : refusal("server.notKontor", "An answer of another kind.");
    }
    return refusedSignIn(response, body);
  }

  /** Best effort: a device without a network signs out too, and its session then ends with its lease. */
  async function signOut(input: { url: string; token: string }): Promise<void> {
    await deps
      .fetch(`${input.url}/api/sign-out`, {
        method: "POST",
        headers: { authorization: `Bearer ${input.token}` },
        signal: AbortSignal.timeout(5_000),
      })
      .catch(() => undefined);
  }

  return { checkServer, signIn, signOut };
}
export type ServerClient = ReturnType<typeof createServerClient>;

function refusedSignIn(response: Response, body: unknown): Refusal {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const message = typeof problem["detail"] === "string" ? problem["detail"] : `The server answers ${response.status}.`;
  const bodyMs = problem["retryAfterMs"];
  const headerMs = Number(response.headers.get("retry-after")) * 1000;
  const retryAfterMs = typeof bodyMs === "number" ? bodyMs : headerMs > 0 ? headerMs : undefined;
  switch (response.status) {
    case 400:
    case 401:
      return refusal("signIn.refused", message);
    case 403:
      return refusal(problem["reason"] === "signIn.disabled" ? "signIn.disabled" : "signIn.refused", message);
    case 404:
      return refusal("server.notKontor", message);
    case 426:
      return refusal("app.tooOld", message);
    case 429:
      return { ...refusal("signIn.throttled", message), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    default:
      return refusal("server.failing", message);
  }
}

/** Chromium's and Node's names for the same troubles. */
const TROUBLES: readonly (readonly [RegExp, string])[] = [
  [/CERT|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME|EPROTO/i, "server.certificate"],
  [/NAME_NOT_RESOLVED|ENOTFOUND|EAI_AGAIN/i, "server.unknownName"],
  [/INTERNET_DISCONNECTED|ADDRESS_UNREACHABLE|ENETUNREACH|EHOSTUNREACH|NETWORK_CHANGED/i, "server.noNetwork"],
  [/TIMED_OUT|ETIMEDOUT|TimeoutError|aborted due to timeout/i, "server.timeout"],
  [/REFUSED|RESET|EMPTY_RESPONSE|CONNECTION_CLOSED|ECONN/i, "server.unreachable"],
];

function unreachable(error: unknown): Refusal {
  const words = wordsOf(error);
  const reason = TROUBLES.find(([pattern]) => pattern.test(words))?.[1] ?? "server.unreachable";
  return refusal(reason, words);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { code?: unknown; message?: unknown } | undefined;
  return [error.name, error.message, cause?.code, cause?.message].filter((part) => typeof part === "string").join(" ");
}

const refusal = (reason: string, message: string): Refusal => ({ ok: false, reason, message });
