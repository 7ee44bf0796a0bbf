import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { AuditActor, Database, Scope, Transaction } from "#kernel";
import { audited, entryAbout } from "./people.audit.ts";
import { peopleTables } from "./people.tables.ts";
import { newToken } from "./token.ts";

/** Of one person, those that ended too: fewer than a list shows (500), so that there is none that cannot be found and withdrawn. */
const MAX_TOKENS = 200;

/** Personal access tokens: for a person's own scripts, with no more rights than the person has. */
export interface PersonalTokens {
  createToken(
    userId: string,
    input: { name: string; scopes: readonly Scope[]; expiresAt?: string | undefined },
    by?: AuditActor,
  ): Promise<{ id: string; token: string }>;
  /** False: there is no such token (of this owner, where one is named). */
  removeToken(token: { readonly id: string; readonly ownerId?: string }, by?: AuditActor): Promise<boolean>;
}

export function createPersonalTokens(deps: { readonly db: Database; readonly clock: Clock }): PersonalTokens {
  return {
    async createToken(userId, input, by) {
      const { token, sha256 } = newToken("kp");
      const id = newId();
      const granted = [...input.scopes];
      const expiresAt = input.expiresAt ?? null;
      await audited(deps, async (trx) => {
        await refuseMany(trx, userId);
        await peopleTables(trx)
          .insertInto("access_token")
          .values({
            id,
            user_id: userId,
            name: input.name,
            token_sha256: sha256,
            scopes: granted,
            expires_at: expiresAt,
            last_used_at: null,
          })
          .execute();
        const details = { token: id, scopes: granted, expiresAt };
        return { result: undefined, entry: entryAbout("people.tokenMade", userId, by, details) };
      });
      return { id, token };
    },
    removeToken: ({ id, ownerId }, by) =>
      audited(deps, async (trx) => {
        let query = peopleTables(trx).deleteFrom("access_token").where("id", "=", id);
        if (ownerId !== undefined) query = query.where("user_id", "=", ownerId);
        const gone = await query.returning("user_id").executeTakeFirst();
        const entry = gone && entryAbout("people.tokenWithdrawn", gone.user_id, by, { token: id });
        return { result: gone !== undefined, ...(entry && { entry }) };
      }),
  };
}

/** Holds the person's row: two tokens at once must not both be the last one. */
async function refuseMany(trx: Transaction, userId: string): Promise<void> {
  const tables = peopleTables(trx);
  await tables.selectFrom("app_user").select("id").where("id", "=", userId).forNoKeyUpdate().execute();
  const { count } = await tables
    .selectFrom("access_token")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  if (count >= MAX_TOKENS)
    throw new DomainError("conflict", `You have ${MAX_TOKENS} tokens. Withdraw those that ended first.`, {
      reason: "token.many",
      params: { limit: MAX_TOKENS },
    });
}
