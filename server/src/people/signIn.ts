import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { SignInRequest } from "@kontor/shared/people";
import { recordAudit, type AuditLog, type Database, type Principal } from "#kernel";
import { registerDevice } from "./devices.ts";
import type { Guesses } from "./guesses.ts";
import { normalizeLogin } from "./login.ts";
import { checkPassword, nobodysHash } from "./password.ts";
import { signInEntry, type Named, type Whence } from "./people.audit.ts";
import { peopleTables } from "./people.tables.ts";
import { LIFETIME_MS, newToken } from "./token.ts";

export interface SignInFrom extends Whence {
  readonly userAgent: string | undefined;
  readonly channel: Principal["channel"];
}

export interface SignedIn {
  readonly token: string;
  readonly sessionId: string;
  readonly deviceId: string | undefined;
  readonly userId: string;
  readonly expiresAt: string;
}

interface User extends Named {
  readonly password_hash: string | null;
}

/** The door: a name and a password become a session. */
export function createSignIn({
  db,
  clock,
  audit,
  guesses,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, "note">;
  readonly guesses: Guesses;
}) {
  const tables = peopleTables(db);
  void nobodysHash();
  const iso = (ms: number) => new Date(ms).toISOString();

  async function signIn(request: SignInRequest, from: SignInFrom): Promise<SignedIn> {
    const login = normalizeLogin(request.login);
    const giveBack = await guesses.attempt(login, from, () => userOf(login));
    const user = await userOf(login);
    const matches = await checkPassword(user?.state === "active" ? user.password_hash : undefined, request.password);
    if (user && matches) {
      await giveBack();
      const opened = await openSession(user, request, from);
      if (opened) return opened;
    }
    await audit.note([signInEntry("people.signInRefused", "failed", user, from)]);
    throw refused();
  }

  const userOf = (login: string) =>
    tables
      .selectFrom("app_user")
      .select(["id", "login", "state", "password_hash"])
      .where((where) => where.eb(where.fn<string>("lower", ["login"]), "=", login))
      .executeTakeFirst();

  /** Undefined: the password that was right a moment ago is not any more. */
  const openSession = (user: User, { device }: SignInRequest, from: SignInFrom): Promise<SignedIn | undefined> =>
    db.transaction().execute(async (trx) => {
      const tables = peopleTables(trx);
      // Whoever changes the password or switches the person off meanwhile waits for this row, and then ends this session
      // with the others; or was first.
      const still = await tables
        .selectFrom("app_user")
        .select("id")
        .where("id", "=", user.id)
        .where("state", "=", "active")
        .where("password_hash", "=", user.password_hash)
        .forShare()
        .executeTakeFirst();
      if (!still) return undefined;
      const now = clock.now();
      const at = iso(now);
      // First the device and then sessions, as when one is revoked: otherwise the two could wait for each other.
      const deviceId = device ? await registerDevice(trx, user.id, device, at) : undefined;
      await tables.deleteFrom("session").where("user_id", "=", user.id).where("expires_at", "<", at).execute();
      const { token, sha256 } = newToken("ks");
      const sessionId = newId();
      const expiresAt = iso(now + LIFETIME_MS[from.channel]);
      await tables
        .insertInto("session")
        .values({
          id: sessionId,
          user_id: user.id,
          device_id: deviceId ?? null,
          token_sha256: sha256,
          channel: from.channel,
          created_at: at, // by the clock that judges it, and not by the database's
          last_seen_at: at,
          expires_at: expiresAt,
          ip: from.ip,
          user_agent: from.userAgent?.slice(0, 300) ?? null,
        })
        .execute();
      const { by, ...entry } = signInEntry("people.signedIn", "done", user, from);
      const who = { ...by, ...(deviceId !== undefined && { deviceId }) };
      await recordAudit(trx, at, [{ ...entry, by: who }]);
      return { token, sessionId, deviceId, userId: user.id, expiresAt };
    });

  return signIn;
}

/** One answer for unknown, switched off and wrong: which of them it was helps only a guesser. */
const refused = () =>
  new DomainError("unauthenticated", "The name or the password is wrong.", { reason: "signIn.refused" });
