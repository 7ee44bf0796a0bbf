import { DomainError, newId, type Clock } from "@kontor/shared/base";
import type { SignInRequest } from "@kontor/shared/people";
import {
  auditActor,
  createAuditLog,
  recordAudit,
  scopes,
  type AuditActor,
  type AuditEntry,
  type AuditLog,
  type Database,
  type Principal,
  type Scope,
} from "#kernel";
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
    options?: { readonly except?: string; readonly why?: Ended["why"]; readonly by?: AuditActor },
  ): Promise<number>;
  endSession(sessionId: string, by?: AuditActor): Promise<void>;
  revokeDevice(deviceId: string, by?: AuditActor): Promise<void>;
  /** An administrator vouches for the device, or does not any more; counts from its next request on. */
  trustDevice(deviceId: string, trusted: boolean, by: AuditActor): Promise<void>;
  createToken(
    userId: string,
    input: { name: string; scopes: readonly Scope[]; expiresAt?: string | undefined },
    by?: AuditActor,
  ): Promise<{ id: string; token: string }>;
  /** False: there is no such token (of this owner, where one is named). */
  removeToken(token: { readonly id: string; readonly ownerId?: string }, by?: AuditActor): Promise<boolean>;
  onEnded(listener: (ended: Ended) => void): () => void;
}

export function createSessionService({
  db,
  clock,
  audit = createAuditLog({ db, clock }),
  services,
}: {
  db: Database;
  clock: Clock;
  /** Absent: one of its own. Sharing one writes what is noted at the same moment together. */
  audit?: Pick<AuditLog, "note">;
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
    const giveBack = await attempt(login, from, () => userOf(login));
    const user = await userOf(login);
    const matches = await checkPassword(user?.state === "active" ? user.password_hash : undefined, request.password);
    if (!user || !matches) {
      await audit.note([signInEntry("people.signInRefused", "failed", user, from)]);
      throw refused();
    }
    await giveBack();

    const { token, sha256 } = newToken("ks");
    const sessionId = newId();
    const openedAt = iso(clock.now());
    const expiresAt = iso(Date.parse(openedAt) + LIFETIME_MS[from.channel]);
    const opened = await db.transaction().execute(async (plain) => {
      const trx = peopleTables(plain);
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
      if (!still) return undefined;
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
          created_at: openedAt, // by the clock that judges it, and not by the database's
          last_seen_at: openedAt,
          expires_at: expiresAt,
          ip: from.ip,
          user_agent: from.userAgent?.slice(0, 300) ?? null,
        })
        .execute();
      const { by, ...entry } = signInEntry("people.signedIn", "done", user, from);
      const who = { ...by, ...(device !== undefined && { deviceId: device }) };
      await recordAudit(plain, iso(clock.now()), [{ ...entry, by: who }]);
      return { deviceId: device };
    });
    if (!opened) {
      await audit.note([signInEntry("people.signInRefused", "failed", user, from)]);
      throw refused();
    }
    const { deviceId } = opened;
    return { token, sessionId, deviceId, userId: user.id, expiresAt };
  }

  const userOf = (login: string) =>
    tables
      .selectFrom("app_user")
      .select(["id", "login", "state", "password_hash"])
      .where((where) => where.eb(where.fn<string>("lower", ["login"]), "=", login))
      .executeTakeFirst();

  /** Counts a guess; one too many is in the audit log. */
  async function attempt(
    name: string,
    from: Pick<SignInFrom, "ip"> & Partial<SignInFrom>,
    whose: () => Promise<Named | undefined>,
  ): Promise<() => Promise<void>> {
    try {
      return await guesses.attempt(name, from.ip);
    } catch (error) {
      await audit.note([signInEntry("people.signInThrottled", "denied", await whose(), from)]);
      throw error;
    }
  }

  async function confirmPassword(userId: string, password: string, ip: string): Promise<boolean> {
    const user = await tables
      .selectFrom("app_user")
      .select(["id", "login", "password_hash"])
      .where("id", "=", userId)
      .executeTakeFirstOrThrow();
    const giveBack = await attempt(userId, { ip }, async () => user);
    const matches = await checkPassword(user.password_hash, password);
    if (matches) await giveBack();
    else await audit.note([signInEntry("people.passwordRefused", "failed", user, { ip })]);
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

  /** One transaction for the act and its entry, so that neither exists without the other. */
  const audited = <T>(act: (trx: ReturnType<typeof peopleTables>) => Promise<{ result: T; entry?: AuditEntry }>) =>
    db.transaction().execute(async (trx) => {
      const { result, entry } = await act(peopleTables(trx));
      await recordAudit(trx, iso(clock.now()), entry ? [entry] : []);
      return result;
    });

  async function endSession(sessionId: string, action: string, by: AuditActor | undefined): Promise<boolean> {
    const ended = await audited(async (trx) => {
      const result = await trx
        .deleteFrom("session")
        .where("id", "=", sessionId)
        .returning(["user_id", "device_id"])
        .executeTakeFirst();
      return { result, ...(result && { entry: entryAbout(action, result.user_id, by, { session: sessionId }) }) };
    });
    if (!ended) return false;
    const device = ended.device_id ? { deviceId: ended.device_id } : {};
    tell({ userId: ended.user_id, sessionId, ...device, why: "signedOut" });
    return true;
  }

  return {
    signIn,
    confirmPassword,
    authenticate,
    async endSession(sessionId, by) {
      if (!(await endSession(sessionId, "people.sessionEnded", by)))
        throw new DomainError("notFound", "There is no such session.", { reason: "session.unknown" });
    },
    async signOut(principal) {
      if (principal.sessionId) await endSession(principal.sessionId, "people.signedOut", auditActor(principal));
    },
    async signOutEverywhere(userId, { except, why = "signedOut", by } = {}) {
      const ended = await audited(async (trx) => {
        let query = trx.deleteFrom("session").where("user_id", "=", userId);
        if (except) query = query.where("id", "!=", except);
        const result = await query.returning(["id", "device_id"]).execute();
        const entry = entryAbout("people.sessionsEnded", userId, by, { sessions: result.length, why });
        return { result, ...(result.length > 0 && { entry }) };
      });
      for (const session of ended)
        tell({ userId, sessionId: session.id, ...(session.device_id ? { deviceId: session.device_id } : {}), why });
      // A personal access token has no session, and a socket opened with it ends with its owner's account, too.
      if (why === "disabled") tell({ userId, why });
      return ended.length;
    },
    async revokeDevice(deviceId, by) {
      const device = await audited(async (trx) => {
        const result = await trx
          .updateTable("device")
          .set({ revoked_at: iso(clock.now()) })
          .where("id", "=", deviceId)
          .returning("user_id")
          .executeTakeFirst();
        if (!result) throw new DomainError("notFound", "There is no such device.", { reason: "device.unknown" });
        await trx.deleteFrom("session").where("device_id", "=", deviceId).execute();
        return { result, entry: entryAbout("people.deviceRevoked", result.user_id, by, { device: deviceId }) };
      });
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
    async createToken(userId, input, by) {
      const { token, sha256 } = newToken("kp");
      const id = newId();
      const granted = [...input.scopes];
      const expiresAt = input.expiresAt ?? null;
      await audited(async (trx) => {
        await trx
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
      audited(async (trx) => {
        let query = trx.deleteFrom("access_token").where("id", "=", id);
        if (ownerId !== undefined) query = query.where("user_id", "=", ownerId);
        const gone = await query.returning("user_id").executeTakeFirst();
        const entry = gone && entryAbout("people.tokenWithdrawn", gone.user_id, by, { token: id });
        return { result: gone !== undefined, ...(entry && { entry }) };
      }),
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

type SignInFrom = Parameters<SessionService["signIn"]>[1];
type Named = { readonly id: string; readonly login: string };

/** About a person; who did it is `by`, and absent when it was the server itself. */
const entryAbout = (
  action: string,
  personId: string,
  by: AuditActor | undefined,
  details: NonNullable<AuditEntry["details"]>,
): AuditEntry => ({ action, outcome: "done", ...(by && { by }), object: { kind: "person", id: personId }, details });

/** A name that nobody has is not kept: what is typed there by mistake is often the password. */
const signInEntry = (
  action: string,
  outcome: AuditEntry["outcome"],
  user: Named | undefined,
  { ip, channel }: Pick<SignInFrom, "ip"> & Partial<SignInFrom>,
): AuditEntry => ({
  action,
  outcome,
  by: { ...(user && { userId: user.id, login: user.login }), ...(channel && { channel }), ip },
  ...(!user && { details: { unknownName: true } }),
});

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
    .values({
      id,
      user_id: userId,
      name: device.name,
      platform: device.platform,
      app_version: null,
      created_at: now,
      last_seen_at: now,
      revoked_at: null,
    })
    .execute();
  return id;
}

/** One answer for unknown, switched off and wrong: which of them it was helps only a guesser. */
const refused = () =>
  new DomainError("unauthenticated", "The name or the password is wrong.", { reason: "signIn.refused" });
