import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { SignInRequest } from "@kontor/shared/people";
import { recordAudit, scopes, type AuditActor, type Database, type Principal, type Scope } from "#kernel";
import { createGuesses } from "./guesses.ts";
import { normalizeLogin } from "./login.ts";
import { checkPassword, nobodysHash } from "./password.ts";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";
import type { ServiceAccounts } from "./services.service.ts";
import { newToken, sha256Of, TOUCH_AFTER_MS } from "./token.ts";

const DAY_MS = 86_400_000;
const LIFETIME_MS = { desktop: 30 * DAY_MS, api: 30 * DAY_MS, console: DAY_MS / 2 } as const;
const BY_PASSWORD = 1; // ctx.factorLevel of a session that a password opened

/** What ended: sockets that belong to it are closed at once (VIS-6). */
export interface Ended {
  readonly userId: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
  readonly why: "signedOut" | "disabled" | "deviceRevoked";
}

export interface SessionService {
  signIn(
    request: SignInRequest,
    from: { ip: string; userAgent: string | undefined; channel: Principal["channel"] },
  ): Promise<{ token: string; sessionId: string; deviceId: string | undefined; userId: string; expiresAt: string }>;
  /** That the caller knows their own password; guesses at it are bounded as at the door. */
  confirmPassword(userId: string, password: string, ip: string): Promise<boolean>;
  authenticate(token: string): Promise<Principal | undefined>;
  signOut(principal: Principal): Promise<void>;
  /** All sessions of a user except one; tokens stay, they are signed out by deleting them. */
  signOutEverywhere(
    userId: string,
    options?: { readonly except?: string; readonly why?: Ended["why"] },
  ): Promise<number>;
  endSession(sessionId: string): Promise<void>;
  revokeDevice(deviceId: string): Promise<void>;
  /** An administrator vouches for the device, or does not any more; counts from its next request on. */
  trustDevice(deviceId: string, trusted: boolean, by: AuditActor): Promise<void>;
  createToken(
    userId: string,
    input: { name: string; scopes: readonly Scope[]; expiresAt?: string | undefined },
  ): Promise<{ id: string; token: string }>;
  onEnded(listener: (ended: Ended) => void): () => void;
}

export function createSessionService({
  db,
  clock,
  services,
}: {
  db: Database;
  clock: Clock;
  /** Absent where no service has an account. */
  services?: Pick<ServiceAccounts, "authenticate">;
}): SessionService {
  const tables = peopleTables(db);
  const listeners = new Set<(ended: Ended) => void>();
  const guesses = createGuesses();
  void nobodysHash();
  const iso = (ms: number) => new Date(ms).toISOString();
  const tell = (ended: Ended) => {
    for (const listener of listeners) listener(ended);
  };

  async function signIn(request: SignInRequest, from: Parameters<SessionService["signIn"]>[1]) {
    const login = normalizeLogin(request.login);
    const giveBack = await guesses.attempt(login, from.ip);
    const user = await tables
      .selectFrom("app_user")
      .select(["id", "state", "password_hash"])
      .where((where) => where.eb(where.fn<string>("lower", ["login"]), "=", login))
      .executeTakeFirst();
    const matches = await checkPassword(user?.state === "active" ? user.password_hash : undefined, request.password);
    if (!user || !matches) throw refused();
    await giveBack();

    const { token, sha256 } = newToken("ks");
    const sessionId = newId();
    const expiresAt = iso(clock.now() + LIFETIME_MS[from.channel]);
    const deviceId = await tables.transaction().execute(async (trx) => {
      // Whoever changes the password or switches the person off meanwhile waits for this row, and then ends this session
      // with the others; or was first, and then the password that was right a moment ago is not any more.
      const still = await trx
        .selectFrom("app_user")
        .select("id")
        .where("id", "=", user.id)
        .where("state", "=", "active")
        .where("password_hash", "=", user.password_hash)
        .forShare()
        .executeTakeFirst();
      if (!still) throw refused();
      await trx
        .deleteFrom("session")
        .where("user_id", "=", user.id)
        .where("expires_at", "<", iso(clock.now()))
        .execute();
      const device = request.device ? await registerDevice(trx, user.id, request.device, iso(clock.now())) : undefined;
      await trx
        .insertInto("session")
        .values({
          id: sessionId,
          user_id: user.id,
          device_id: device ?? null,
          token_sha256: sha256,
          channel: from.channel,
          expires_at: expiresAt,
          ip: from.ip,
          user_agent: from.userAgent?.slice(0, 300) ?? null,
        })
        .execute();
      return device;
    });
    return { token, sessionId, deviceId, userId: user.id, expiresAt };
  }

  async function confirmPassword(userId: string, password: string, ip: string): Promise<boolean> {
    const giveBack = await guesses.attempt(userId, ip);
    const user = await tables
      .selectFrom("app_user")
      .select("password_hash")
      .where("id", "=", userId)
      .executeTakeFirstOrThrow();
    const matches = await checkPassword(user.password_hash, password);
    if (matches) await giveBack();
    return matches;
  }

  async function authenticate(token: string): Promise<Principal | undefined> {
    if (token.startsWith("kp_")) return authenticateAccessToken(token);
    if (token.startsWith("kv_")) return services?.authenticate(token);
    const now = clock.now();
    const row = await tables
      .selectFrom("session")
      .innerJoin("app_user", "app_user.id", "session.user_id")
      .leftJoin("device", "device.id", "session.device_id")
      .select([
        "session.id",
        "session.user_id",
        "session.device_id",
        "session.channel",
        "session.last_seen_at",
        "session.expires_at",
        "app_user.login",
        "app_user.name",
        "app_user.state",
        "device.revoked_at",
        "device.trusted",
      ])
      .where("token_sha256", "=", sha256Of(token))
      .executeTakeFirst();
    if (!row || Date.parse(row.expires_at) < now) return undefined;
    if (row.state === "disabled")
      throw new DomainError("forbidden", "This account has been switched off.", { reason: "signIn.disabled" });
    if (row.revoked_at !== null) return undefined;
    if (now - Date.parse(row.last_seen_at) > TOUCH_AFTER_MS) {
      await tables
        .updateTable("session")
        .set({ last_seen_at: iso(now), expires_at: iso(now + LIFETIME_MS[row.channel]) })
        .where("id", "=", row.id)
        .execute();
      if (row.device_id)
        await tables
          .updateTable("device")
          .set({ last_seen_at: iso(now) })
          .where("id", "=", row.device_id)
          .execute();
    }
    return {
      userId: row.user_id,
      login: row.login,
      name: row.name,
      isAdmin: await isAdministrator(row.user_id),
      channel: row.channel,
      sessionId: row.id,
      ...(row.device_id ? { deviceId: row.device_id, deviceTrusted: row.trusted ?? false } : {}),
      factorLevel: BY_PASSWORD,
      scopes,
    };
  }

  async function authenticateAccessToken(token: string): Promise<Principal | undefined> {
    const row = await tables
      .selectFrom("access_token")
      .innerJoin("app_user", "app_user.id", "access_token.user_id")
      .select([
        "access_token.id",
        "user_id",
        "scopes",
        "expires_at",
        "last_used_at",
        "app_user.login",
        "app_user.name",
        "app_user.state",
      ])
      .where("token_sha256", "=", sha256Of(token))
      .executeTakeFirst();
    const now = clock.now();
    if (!row || row.state === "disabled" || (row.expires_at !== null && Date.parse(row.expires_at) < now))
      return undefined;
    if (row.last_used_at === null || now - Date.parse(row.last_used_at) > TOUCH_AFTER_MS) {
      await tables
        .updateTable("access_token")
        .set({ last_used_at: iso(now) })
        .where("id", "=", row.id)
        .execute();
    }
    return {
      userId: row.user_id,
      login: row.login,
      name: row.name,
      isAdmin: await isAdministrator(row.user_id),
      channel: "api",
      scopes: row.scopes as Scope[],
    };
  }

  async function isAdministrator(userId: string): Promise<boolean> {
    const row = await tables
      .selectFrom("group_member")
      .innerJoin("user_group", "user_group.id", "group_member.group_id")
      .select("user_id")
      .where("user_id", "=", userId)
      .where("key", "=", ADMINISTRATORS)
      .executeTakeFirst();
    return row !== undefined;
  }

  async function endSession(sessionId: string): Promise<boolean> {
    const ended = await tables
      .deleteFrom("session")
      .where("id", "=", sessionId)
      .returning(["user_id", "device_id"])
      .executeTakeFirst();
    if (!ended) return false;
    const device = ended.device_id ? { deviceId: ended.device_id } : {};
    tell({ userId: ended.user_id, sessionId, ...device, why: "signedOut" });
    return true;
  }

  return {
    signIn,
    confirmPassword,
    authenticate,
    async endSession(sessionId) {
      if (!(await endSession(sessionId)))
        throw new DomainError("notFound", "There is no such session.", { reason: "session.unknown" });
    },
    async signOut(principal) {
      if (principal.sessionId) await endSession(principal.sessionId);
    },
    async signOutEverywhere(userId, { except, why = "signedOut" } = {}) {
      let query = tables.deleteFrom("session").where("user_id", "=", userId);
      if (except) query = query.where("id", "!=", except);
      const ended = await query.returning(["id", "device_id"]).execute();
      for (const session of ended)
        tell({ userId, sessionId: session.id, ...(session.device_id ? { deviceId: session.device_id } : {}), why });
      // A personal access token has no session, and a socket opened with it ends with its owner's account, too.
      if (why === "disabled") tell({ userId, why });
      return ended.length;
    },
    async revokeDevice(deviceId) {
      const device = await tables
        .updateTable("device")
        .set({ revoked_at: iso(clock.now()) })
        .where("id", "=", deviceId)
        .returning("user_id")
        .executeTakeFirst();
      if (!device) throw new DomainError("notFound", "There is no such device.", { reason: "device.unknown" });
      await tables.deleteFrom("session").where("device_id", "=", deviceId).execute();
      tell({ userId: device.user_id, deviceId, why: "deviceRevoked" });
    },
    async trustDevice(deviceId, trusted, by) {
      await db.transaction().execute(async (trx) => {
        const device = await peopleTables(trx)
          .updateTable("device")
          .set({ trusted })
          .where("id", "=", deviceId)
          .where("revoked_at", "is", null)
          .returning(["user_id", "name"])
          .executeTakeFirst();
        if (!device) throw new DomainError("notFound", "There is no such device.", { reason: "device.unknown" });
        await recordAudit(trx, iso(clock.now()), [
          {
            action: trusted ? "device.trusted" : "device.distrusted",
            outcome: "done",
            by,
            object: { kind: "device", id: deviceId, title: device.name },
            details: { userId: device.user_id },
          },
        ]);
      });
    },
    async createToken(userId, input) {
      const { token, sha256 } = newToken("kp");
      const id = newId();
      await tables
        .insertInto("access_token")
        .values({
          id,
          user_id: userId,
          name: input.name,
          token_sha256: sha256,
          scopes: [...input.scopes],
          expires_at: input.expiresAt ?? null,
          last_used_at: null,
        })
        .execute();
      return { id, token };
    },
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The device that signed in here before keeps its id; a device that was revoked, or is another's, gets a new one. */
async function registerDevice(
  trx: ReturnType<typeof peopleTables>,
  userId: string,
  device: NonNullable<SignInRequest["device"]>,
  now: string,
): Promise<string> {
  if (device.id) {
    const known = await trx
      .updateTable("device")
      .set({ name: device.name, platform: device.platform, last_seen_at: now })
      .where("id", "=", device.id)
      .where("user_id", "=", userId)
      .where("revoked_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (known) return known.id;
  }
  const id = newId();
  await trx
    .insertInto("device")
    .values({ id, user_id: userId, name: device.name, platform: device.platform, app_version: null, revoked_at: null })
    .execute();
  return id;
}

/** One answer for unknown, switched off and wrong: which of them it was helps only a guesser. */
const refused = () =>
  new DomainError("unauthenticated", "The name or the password is wrong.", { reason: "signIn.refused" });
