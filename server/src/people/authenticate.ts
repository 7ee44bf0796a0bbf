import { DomainError, type Clock } from "@kontor/shared/base";
import { scopes, type Database, type Principal, type Scope } from "#kernel";
import { ADMINISTRATORS, peopleTables } from "./people.tables.ts";
import type { ServiceAccounts } from "./services.service.ts";
import { LIFETIME_MS, sha256Of, TOUCH_AFTER_MS } from "./token.ts";

const BY_PASSWORD = 1; // ctx.factorLevel of a session that a password opened

/** Whose a token is, if it is still good. Throws `forbidden` for the session of somebody who is switched off. */
export type Authenticate = (token: string) => Promise<Principal | undefined>;

export function createAuthenticate({
  db,
  clock,
  services,
}: {
  readonly db: Database;
  readonly clock: Clock;
  readonly services: Pick<ServiceAccounts, "authenticate"> | undefined;
}): Authenticate {
  const tables = peopleTables(db);
  const iso = (ms: number) => new Date(ms).toISOString();

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

  return authenticate;
}
