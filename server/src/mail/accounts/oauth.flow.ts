import { createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import type { Generated } from "kysely";
import { z } from "zod";
import { DomainError, type Clock } from "@kontor/shared/base";
import type { AccountReason } from "@kontor/shared/mail";
import type { Database, Seal, Transaction } from "#kernel";
import { AccountFailure } from "./account.failure.ts";
import type { OAuthProvider } from "./oauth.providers.ts";
import { redeemCode, type Fetch, type Tokens } from "./oauth.tokens.ts";

/**
 * Sign-in at a provider by authorization code with PKCE (RFC 6749 §4.1, RFC 7636), in a browser that knows nothing of Kontor.
 *
 * Whoever begins gets an address and a flow. The browser comes back either to a port of the person's own machine (RFC 8252 §7.3),
 * whose program hands us the code; or to this server, which shows some words that must be said where it was begun. Without
 * either, somebody could send the address to another person, and get their mail when they agree to it.
 */
export interface OAuthFlows {
  begin(
    userId: string,
    input: { readonly provider: string; readonly redirectUri?: string | undefined },
  ): Promise<Begun>;
  /** The browser came back to this server; returns what it shows. */
  comeBack(input: {
    readonly state: string;
    readonly code?: string | undefined;
    readonly error?: string | undefined;
  }): Promise<{ readonly words: string } | { readonly reason: AccountReason }>;
  /** By whoever began: with the code that their own machine got, or the words that the browser shows. */
  finish(
    userId: string,
    flow: string,
    proof: { readonly code: string } | { readonly words: string },
  ): Promise<{ readonly provider: OAuthProvider; readonly address: string | undefined }>;
  /** Takes the tokens of a finished flow, once. */
  take(
    trx: Transaction,
    userId: string,
    flow: string,
  ): Promise<{ readonly provider: OAuthProvider; readonly tokens: Tokens }>;
  /** The tokens of a finished flow, left where they are. */
  peek(userId: string, flow: string): Promise<{ readonly provider: OAuthProvider; readonly tokens: Tokens }>;
  readonly providers: readonly OAuthProvider[];
}

export interface Begun {
  readonly flow: string;
  readonly url: string;
  readonly expiresAt: string;
}

export interface FlowDeps {
  readonly db: Database;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly providers: readonly OAuthProvider[];
  readonly fetch: Fetch;
  /** Where browsers reach this server; without it, only programs with a port of their own can begin. */
  readonly publicUrl: string | undefined;
}

interface FlowRow {
  readonly state_sha256: Buffer;
  readonly user_id: string;
  readonly provider: string;
  readonly redirect_uri: string;
  readonly verifier_sealed: Buffer;
  readonly expires_at: string;
  readonly returned_at: string | null;
  readonly words_sha256: Buffer | null;
  readonly tries: number;
  readonly confirmed_at: string | null;
  readonly reason: AccountReason | null;
  readonly message: string | null;
  readonly address: string | null;
  readonly tokens_sealed: Buffer | null;
}

type FlowTables = {
  mail_oauth_flow: {
    [Key in keyof Omit<FlowRow, Defaulted>]: FlowRow[Key];
  } & { [Key in Defaulted]: Generated<FlowRow[Key]> };
};
type Defaulted =
  | "returned_at"
  | "words_sha256"
  | "tries"
  | "confirmed_at"
  | "reason"
  | "message"
  | "address"
  | "tokens_sealed";
const tables = (db: Database | Transaction) => db.withTables<FlowTables>();

/** Enough to find the telephone that the provider sends a code to. */
const LIFE_MS = 15 * 60_000;
/** Six letters of 32 that are not taken for one another: a billion, and five guesses. */
const WORD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const WORD_LENGTH = 6;
const MAX_TRIES = 5;
const PURPOSE = "mail.oauth";
export const CALLBACK_PATH = "/mail/oauth/callback";

const storedTokens = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  expiresAt: z.string(),
});

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

export function createOAuthFlows({ db, seal, clock, providers, fetch, publicUrl }: FlowDeps): OAuthFlows {
  const now = () => new Date(clock.now()).toISOString();
  const providerOf = (key: string): OAuthProvider => {
    const provider = providers.find((each) => each.key === key);
    if (!provider)
      throw new DomainError("notFound", "Sign-in at this provider is not set up on this server.", {
        reason: "oauth.provider",
      });
    return provider;
  };

  async function find(trx: Database | Transaction, flow: string): Promise<FlowRow> {
    const row = await tables(trx)
      .selectFrom("mail_oauth_flow")
      .selectAll()
      .where("state_sha256", "=", sha256(flow))
      .executeTakeFirst();
    if (!row || row.expires_at <= now()) throw flowNotFound();
    return row;
  }

  const set = async (row: FlowRow, values: Partial<Omit<FlowRow, "state_sha256">>): Promise<void> => {
    await tables(db).updateTable("mail_oauth_flow").set(values).where("state_sha256", "=", row.state_sha256).execute();
  };

  /** The code is good once: of two that come with it, one redeems it. */
  async function redeem(row: FlowRow, code: string): Promise<Tokens> {
    const claimed = await tables(db)
      .updateTable("mail_oauth_flow")
      .set({ returned_at: now() })
      .where("state_sha256", "=", row.state_sha256)
      .where("returned_at", "is", null)
      .returning("provider")
      .executeTakeFirst();
    if (!claimed) throw flowNotFound();
    const deps = { provider: providerOf(row.provider), fetch, now: () => clock.now() };
    const verifier = seal.open(row.verifier_sealed, PURPOSE);
    try {
      return await redeemCode(deps, { code, verifier, redirectUri: row.redirect_uri });
    } catch (error) {
      const { reason, words } = error instanceof AccountFailure ? error : new AccountFailure("internal");
      await set(row, { reason, message: words ?? null });
      throw error;
    }
  }

  const keep = (row: FlowRow, { address, ...tokens }: Tokens, values: Partial<FlowRow>): Promise<void> =>
    set(row, {
      address: address ?? null,
      tokens_sealed: seal.close(JSON.stringify(tokens), PURPOSE),
      ...values,
    });

  function tokensOf(row: FlowRow): Tokens {
    if (!row.confirmed_at || !row.tokens_sealed) throw flowNotFound();
    const { refreshToken, ...rest } = storedTokens.parse(JSON.parse(seal.open(row.tokens_sealed, PURPOSE)));
    return { ...rest, refreshToken, address: row.address ?? undefined };
  }

  async function own(trx: Database | Transaction, userId: string, flow: string): Promise<FlowRow> {
    const row = await find(trx, flow);
    if (row.user_id !== userId) throw flowNotFound();
    return row;
  }

  return {
    providers,

    async begin(userId, { provider: key, redirectUri: given }) {
      const provider = providerOf(key);
      const redirectUri = given ?? (publicUrl && `${publicUrl.replace(/\/$/, "")}/api${CALLBACK_PATH}`);
      if (redirectUri === undefined)
        throw new DomainError("invalid", "Without KONTOR_PUBLIC_URL a browser cannot come back to this server.", {
          reason: "oauth.noPublicUrl",
        });
      if (given !== undefined && !isLoopback(given))
        throw new DomainError("invalid", "The address to come back to must be of the caller's own machine.", {
          reason: "oauth.redirect",
        });
      const [flow, verifier] = [randomBytes(32).toString("base64url"), randomBytes(48).toString("base64url")];
      const expiresAt = new Date(clock.now() + LIFE_MS).toISOString();
      await tables(db).deleteFrom("mail_oauth_flow").where("expires_at", "<=", now()).execute();
      await tables(db)
        .insertInto("mail_oauth_flow")
        .values({
          state_sha256: sha256(flow),
          user_id: userId,
          provider: provider.key,
          redirect_uri: redirectUri,
          verifier_sealed: seal.close(verifier, PURPOSE),
          expires_at: expiresAt,
        })
        .execute();
      const url = new URL(provider.authorizeUrl);
      const query = {
        response_type: "code",
        client_id: provider.clientId,
        redirect_uri: redirectUri,
        scope: provider.scopes.join(" "),
        state: flow,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
        ...provider.extra,
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      return { flow, url: url.href, expiresAt };
    },

    async comeBack({ state, code, error }) {
      const row = await find(db, state);
      if (code === undefined) {
        await set(row, { returned_at: now(), reason: "auth", message: error?.slice(0, 100) ?? null });
        return { reason: "auth" };
      }
      try {
        const tokens = await redeem(row, code);
        const words = Array.from({ length: WORD_LENGTH }, () => WORD_LETTERS[randomInt(WORD_LETTERS.length)]).join("");
        await keep(row, tokens, { words_sha256: sha256(words) });
        return { words };
      } catch (failure) {
        if (failure instanceof AccountFailure) return { reason: failure.reason };
        throw failure;
      }
    },

    async finish(userId, flow, proof) {
      const row = await own(db, userId, flow);
      const provider = providerOf(row.provider);
      if ("code" in proof) {
        // One that comes back to us was shown to whoever had the browser: there the words are needed.
        if (!isLoopback(row.redirect_uri)) throw flowNotFound();
        const tokens = await redeem(row, proof.code);
        await keep(row, tokens, { confirmed_at: now() });
        return { provider, address: tokens.address };
      }
      if (row.reason) throw new AccountFailure(row.reason, row.message ?? undefined);
      if (!row.words_sha256)
        throw new DomainError("conflict", "Sign in at the provider in the browser first.", { reason: "oauth.waiting" });
      await countTry(row);
      if (!timingSafeEqual(sha256(proof.words.trim().toUpperCase()), row.words_sha256))
        throw new DomainError("invalid", "These are not the letters that the browser shows.", {
          reason: "oauth.words",
          problems: [{ field: "words", reason: "oauth.words", message: "Not what the browser shows." }],
        });
      await set(row, { confirmed_at: now() });
      return { provider, address: row.address ?? undefined };
    },

    async take(trx, userId, flow) {
      const row = await own(trx, userId, flow);
      const tokens = tokensOf(row);
      await tables(trx).deleteFrom("mail_oauth_flow").where("state_sha256", "=", row.state_sha256).execute();
      return { provider: providerOf(row.provider), tokens };
    },

    async peek(userId, flow) {
      const row = await own(db, userId, flow);
      return { provider: providerOf(row.provider), tokens: tokensOf(row) };
    },
  };

  async function countTry(row: FlowRow): Promise<void> {
    const counted = await tables(db)
      .updateTable("mail_oauth_flow")
      .set((update) => ({ tries: update("tries", "+", 1) }))
      .where("state_sha256", "=", row.state_sha256)
      .where("tries", "<", MAX_TRIES)
      .returning("tries")
      .executeTakeFirst();
    if (!counted) throw flowNotFound();
  }
}

/** RFC 8252 §7.3: whatever port the system gave the program. */
function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

const flowNotFound = () =>
  new DomainError("notFound", "There is no such sign-in under way. Begin again.", { reason: "oauth.flow" });
