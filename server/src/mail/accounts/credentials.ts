import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "@kontor/shared/base";
import type { Database, Seal } from "#kernel";
import { AccountFailure } from "./account.failure.ts";
import { accountTables, findAccount, type AccountRow } from "./accounts.repo.ts";
import type { AccountSecret } from "./imap.port.ts";
import type { OAuthProvider } from "./oauth.providers.ts";
import { refreshTokens, type Fetch, type Tokens } from "./oauth.tokens.ts";
import { findPreset } from "./presets.ts";

/** How accounts sign in at their providers: the only place where their secrets are opened. */
export interface Credentials {
  /** `isRefused`: the provider took the last token for a wrong one, whatever its time. */
  of(mailboxId: string, options?: { readonly isRefused?: boolean }): Promise<AccountLogin>;
  sealPassword(mailboxId: string, password: string): Sealed;
  sealTokens(mailboxId: string, tokens: Tokens): Sealed;
}

export interface AccountLogin {
  readonly user: string;
  readonly secret: AccountSecret;
}

export interface Sealed {
  readonly secret_sealed: Buffer;
  readonly access_expires_at: string | null;
}

export interface CredentialDeps {
  readonly db: Database;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly providers: readonly OAuthProvider[];
  readonly fetch: Fetch;
}

/** A token that ends within this is not worth a connection. */
const EARLY_MS = 60_000;
/** First part of the advisory lock's key ("oaut" in ASCII); the second is the hash of the mailbox's id. */
const LOCK = 0x6f617574;

/** Bound to the mailbox: a secret that is put into another row opens nothing. */
const purposeOf = (mailboxId: string): string => `mail.account ${mailboxId}`;

const stored = z.union([
  z.object({ password: z.string() }),
  z.object({ accessToken: z.string(), refreshToken: z.string().optional() }),
]);
type Stored = z.infer<typeof stored>;

export function createCredentials(deps: CredentialDeps): Credentials {
  const { db, seal, clock, providers, fetch } = deps;
  const open = (row: AccountRow): Stored =>
    stored.parse(JSON.parse(seal.open(row.secret_sealed, purposeOf(row.mailbox_id))));
  const close = (mailboxId: string, value: Stored): Buffer => seal.close(JSON.stringify(value), purposeOf(mailboxId));

  function sealTokens(mailboxId: string, { accessToken, refreshToken, expiresAt }: Tokens): Sealed {
    const value = { accessToken, ...(refreshToken !== undefined && { refreshToken }) };
    return { secret_sealed: close(mailboxId, value), access_expires_at: expiresAt };
  }

  const isFresh = ({ access_expires_at: expiresAt }: AccountRow): boolean =>
    expiresAt !== null && Date.parse(expiresAt) - clock.now() > EARLY_MS;

  /** One at a time on all nodes: a provider may take a refresh token once only, and give the next one with the answer. */
  const refresh = (row: AccountRow, refused: string | undefined): Promise<AccountLogin> =>
    db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(${LOCK}, hashtext(${row.mailbox_id}))`.execute(trx);
      const now = await findAccount(trx, row.mailbox_id);
      if (!now) throw new AccountFailure("auth");
      const value = open(now);
      if ("password" in value) return { user: now.user_name, secret: { kind: "password", password: value.password } };
      // Somebody else has refreshed it meanwhile.
      if (isFresh(now) && value.accessToken !== refused)
        return { user: now.user_name, secret: { kind: "oauth", accessToken: value.accessToken } };
      const provider = providers.find(({ key }) => key === findPreset(now.provider)?.oauth);
      if (!provider || value.refreshToken === undefined) throw new AccountFailure("auth.expired");
      const tokens = await refreshTokens({ provider, fetch, now: () => clock.now() }, value.refreshToken);
      const kept = { ...tokens, refreshToken: tokens.refreshToken ?? value.refreshToken };
      await accountTables(trx)
        .updateTable("mail_account")
        .set(sealTokens(now.mailbox_id, kept))
        .where("mailbox_id", "=", now.mailbox_id)
        .execute();
      return { user: now.user_name, secret: { kind: "oauth", accessToken: kept.accessToken } };
    });

  return {
    async of(mailboxId, { isRefused = false } = {}) {
      const row = await findAccount(db, mailboxId);
      if (!row) throw new AccountFailure("auth");
      const value = open(row);
      if ("password" in value) return { user: row.user_name, secret: { kind: "password", password: value.password } };
      if (isFresh(row) && !isRefused)
        return { user: row.user_name, secret: { kind: "oauth", accessToken: value.accessToken } };
      return refresh(row, isRefused ? value.accessToken : undefined);
    },
    sealPassword: (mailboxId, password) => ({
      secret_sealed: close(mailboxId, { password }),
      access_expires_at: null,
    }),
    sealTokens,
  };
}
