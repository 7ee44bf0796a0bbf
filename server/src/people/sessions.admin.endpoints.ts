import { z } from "zod";
import type { Clock } from "@kontor/shared/base";
import { auditActor, defineEndpoint, type Database, type Endpoint } from "#kernel";
import { peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";

const ADMINISTER = { kind: "system", action: "administer" } as const;
const idParams = z.object({ id: z.uuid() });

/** Who is signed in, and on which devices. */
export function sessionsAdminEndpoints({
  db,
  sessions,
  clock,
}: {
  db: Database;
  sessions: SessionService;
  clock: Clock;
}): readonly Endpoint[] {
  const tables = peopleTables(db);

  const listSessions = defineEndpoint({
    method: "get",
    path: "/admin/sessions",
    summary: "Who is signed in, last seen first",
    tag: "people",
    access: ADMINISTER,
    query: z.object({ userId: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(200) }),
    reply: z.array(
      z.object({
        id: z.uuid(),
        userId: z.uuid(),
        userName: z.string(),
        channel: z.string(),
        deviceId: z.uuid().nullable(),
        deviceName: z.string().nullable(),
        ip: z.string().nullable(),
        createdAt: z.string(),
        lastSeenAt: z.string(),
        expiresAt: z.string(),
      }),
    ),
    handle({ query }) {
      let rows = tables
        .selectFrom("session")
        .innerJoin("app_user", "app_user.id", "session.user_id")
        .leftJoin("device", "device.id", "session.device_id")
        .select([
          "session.id",
          "session.user_id as userId",
          "app_user.name as userName",
          "channel",
          "session.device_id as deviceId",
          "device.name as deviceName",
          "ip",
          "session.created_at as createdAt",
          "session.last_seen_at as lastSeenAt",
          "session.expires_at as expiresAt",
        ]);
      rows = rows.where("session.expires_at", ">", new Date(clock.now()).toISOString());
      if (query.userId) rows = rows.where("session.user_id", "=", query.userId);
      return rows.orderBy("session.last_seen_at", "desc").limit(query.limit).execute();
    },
  });
  const endSession = defineEndpoint({
    method: "delete",
    path: "/admin/sessions/:id",
    summary: "End one session",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }, { principal, ip }) => sessions.endSession(params.id, auditActor(principal, ip)),
  });

  const listDevices = defineEndpoint({
    method: "get",
    path: "/admin/devices",
    summary: "Devices that hold, or held, a replica",
    tag: "people",
    access: ADMINISTER,
    query: z.object({ userId: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(200) }),
    reply: z.array(
      z.object({
        id: z.uuid(),
        userId: z.uuid(),
        userName: z.string(),
        name: z.string(),
        platform: z.string(),
        createdAt: z.string(),
        lastSeenAt: z.string(),
        revokedAt: z.string().nullable(),
        trusted: z.boolean(),
      }),
    ),
    handle({ query }) {
      let rows = tables
        .selectFrom("device")
        .innerJoin("app_user", "app_user.id", "device.user_id")
        .select([
          "device.id",
          "device.user_id as userId",
          "app_user.name as userName",
          "device.name",
          "platform",
          "device.created_at as createdAt",
          "device.last_seen_at as lastSeenAt",
          "revoked_at as revokedAt",
          "trusted",
        ]);
      if (query.userId) rows = rows.where("device.user_id", "=", query.userId);
      return rows.orderBy("device.last_seen_at", "desc").limit(query.limit).execute();
    },
  });
  const revokeDevice = defineEndpoint({
    method: "post",
    path: "/admin/devices/:id/revoke",
    summary: "Sign a device out; it cannot come back without a new sign-in",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    handle: ({ params }, { principal, ip }) => sessions.revokeDevice(params.id, auditActor(principal, ip)),
  });

  const trustDevice = defineEndpoint({
    method: "put",
    path: "/admin/devices/:id/trust",
    summary: "Say whether a device is trusted: policies ask for it as ctx.deviceTrusted",
    tag: "people",
    access: ADMINISTER,
    params: idParams,
    body: z.object({ trusted: z.boolean() }),
    handle: ({ params, body }, { principal, ip }) =>
      sessions.trustDevice(params.id, body.trusted, auditActor(principal, ip)),
  });

  return [listSessions, endSession, listDevices, revokeDevice, trustDevice];
}
