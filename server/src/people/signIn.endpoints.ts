import { z } from "zod";
import { DomainError, type Clock } from "@kontor/shared/base";
import { serverInfoSchema, signInRequestSchema, signInResponseSchema, type ServerInfo } from "@kontor/shared/people";
import {
  auditActor,
  defineEndpoint,
  scopes,
  SESSION_COOKIE,
  type Database,
  type Endpoint,
  type Principal,
} from "#kernel";
import { peopleTables } from "./people.tables.ts";
import type { SessionService } from "./session.service.ts";

export interface SignInDeps {
  readonly db: Database;
  readonly sessions: SessionService;
  readonly info: ServerInfo;
  readonly leaseMs: number;
  readonly clock: Clock;
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  /** Whether the console's cookie may travel over plain HTTP: only on this machine itself. */
  readonly secureCookies: boolean;
}

const LISTED = 500; // sessions and tokens of one person; a script that signs in for every call makes many

const userSchema = z.object({
  id: z.uuid(),
  login: z.string(),
  name: z.string(),
  locale: z.enum(["en", "ru"]),
  isAdmin: z.boolean(),
});
const scopeSchema = z.enum(scopes);

export function signInEndpoints({
  db,
  sessions,
  info,
  leaseMs,
  clock,
  maySystem,
  secureCookies,
}: SignInDeps): readonly Endpoint[] {
  const tables = peopleTables(db);
  const userOf = async (userId: string) => {
    const principal = await tables
      .selectFrom("app_user")
      .select(["id", "login", "name", "locale"])
      .where("id", "=", userId)
      .executeTakeFirstOrThrow();
    return { ...principal, locale: principal.locale === "ru" ? ("ru" as const) : ("en" as const) };
  };

  const getInfo = defineEndpoint({
    method: "get",
    path: "/info",
    summary: "What answers here, before anybody signs in",
    tag: "sign-in",
    access: { kind: "anybody", because: "a person checks the address with it; it tells a name and a version" },
    reply: serverInfoSchema,
    handle: async () => info,
  });

  const signIn = defineEndpoint({
    method: "post",
    path: "/sign-in",
    summary: "Sign in with a password and register the device",
    tag: "sign-in",
    access: { kind: "anybody", because: "this is the door" },
    rateLimit: { perMinute: 60 },
    body: signInRequestSchema,
    reply: signInResponseSchema,
    async handle({ body }, request) {
      const channel = body.device && body.device.platform !== "web" ? "desktop" : "api";
      const session = await sessions.signIn(body, {
        ip: request.ip,
        userAgent: request.raw.request.get("user-agent"),
        channel,
      });
      const principal = await sessions.authenticate(session.token);
      return {
        token: session.token,
        sessionId: session.sessionId,
        ...(session.deviceId ? { deviceId: session.deviceId } : {}),
        leaseMs,
        user: { ...(await userOf(session.userId)), isAdmin: principal?.isAdmin ?? false },
        server: info,
      };
    },
  });

  const consoleSignIn = defineEndpoint({
    method: "post",
    path: "/console/sign-in",
    summary: "Sign in to the console; the session travels in an HttpOnly cookie",
    tag: "sign-in",
    access: { kind: "anybody", because: "this is the console's door" },
    rateLimit: { perMinute: 30 },
    body: signInRequestSchema.omit({ device: true }),
    reply: userSchema,
    async handle({ body }, request) {
      const session = await sessions.signIn(body, {
        ip: request.ip,
        userAgent: request.raw.request.get("user-agent"),
        channel: "console",
      });
      const principal = await sessions.authenticate(session.token);
      request.raw.response.cookie(SESSION_COOKIE, session.token, {
        httpOnly: true,
        sameSite: "strict",
        secure: secureCookies,
        path: "/",
        expires: new Date(session.expiresAt),
      });
      return { ...(await userOf(session.userId)), isAdmin: principal?.isAdmin ?? false };
    },
  });

  const signOut = defineEndpoint({
    method: "post",
    path: "/sign-out",
    summary: "End this session",
    tag: "sign-in",
    access: { kind: "self", because: "ends the caller's own session" },
    async handle(_input, request) {
      await sessions.signOut(signedIn(request));
      request.raw.response.clearCookie(SESSION_COOKIE, { path: "/" });
    },
  });

  const signOutEverywhere = defineEndpoint({
    method: "post",
    path: "/sign-out-everywhere",
    summary: "End all of the caller's sessions, this one too",
    tag: "sign-in",
    access: { kind: "self", because: "ends the caller's own sessions" },
    reply: z.object({ ended: z.number().int() }),
    async handle(_input, request) {
      const principal = signedIn(request);
      const ended = await sessions.signOutEverywhere(principal.userId, { by: auditActor(principal, request.ip) });
      request.raw.response.clearCookie(SESSION_COOKIE, { path: "/" });
      return { ended };
    },
  });

  const me = defineEndpoint({
    method: "get",
    path: "/me",
    summary: "Who the caller is",
    tag: "account",
    access: { kind: "self", because: "the caller's own account" },
    reply: userSchema.extend({ mayAudit: z.boolean().describe("May read the audit log") }),
    async handle(_input, request) {
      const principal = signedIn(request);
      const mayAudit = await maySystem(principal, "audit", request.ip);
      return { ...(await userOf(principal.userId)), isAdmin: principal.isAdmin, mayAudit };
    },
  });

  const mySessions = defineEndpoint({
    method: "get",
    path: "/me/sessions",
    summary: "The caller's sessions",
    tag: "account",
    access: { kind: "self", because: "the caller's own sessions" },
    reply: z.array(
      z.object({
        id: z.uuid(),
        channel: z.string(),
        device: z.string().nullable(),
        createdAt: z.string(),
        lastSeenAt: z.string(),
        ip: z.string().nullable(),
        current: z.boolean(),
      }),
    ),
    async handle(_input, request) {
      const principal = signedIn(request);
      const rows = await tables
        .selectFrom("session")
        .leftJoin("device", "device.id", "session.device_id")
        .select(["session.id", "channel", "device.name as device", "session.created_at", "session.last_seen_at", "ip"])
        .where("session.user_id", "=", principal.userId)
        .where("session.expires_at", ">", new Date(clock.now()).toISOString())
        .orderBy("session.last_seen_at", "desc")
        .limit(LISTED)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        channel: row.channel,
        device: row.device,
        createdAt: row.created_at,
        lastSeenAt: row.last_seen_at,
        ip: row.ip,
        current: row.id === principal.sessionId,
      }));
    },
  });

  const changePassword = defineEndpoint({
    method: "put",
    path: "/me/password",
    summary: "Change the caller's password; other sessions end",
    tag: "account",
    access: { kind: "self", because: "the caller's own password, with the old one" },
    rateLimit: { perMinute: 10 },
    body: z.object({ current: z.string().max(1024), next: z.string().max(1024) }),
    async handle({ body }, request) {
      await sessions.changePassword(signedInByHand(request), body, request.ip);
    },
  });

  const listTokens = defineEndpoint({
    method: "get",
    path: "/me/tokens",
    summary: "The caller's personal access tokens, without their secret part",
    tag: "account",
    access: { kind: "self", because: "the caller's own tokens" },
    reply: z.array(
      z.object({
        id: z.uuid(),
        name: z.string(),
        scopes: z.array(z.string()),
        createdAt: z.string(),
        expiresAt: z.string().nullable(),
        lastUsedAt: z.string().nullable(),
      }),
    ),
    async handle(_input, request) {
      const rows = await tables
        .selectFrom("access_token")
        .selectAll()
        .where("user_id", "=", signedIn(request).userId)
        .orderBy("created_at", "desc")
        .limit(LISTED)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        lastUsedAt: row.last_used_at,
      }));
    },
  });

  const createToken = defineEndpoint({
    method: "post",
    path: "/me/tokens",
    summary: "Make a personal access token; it is shown this once",
    tag: "account",
    access: { kind: "self", because: "a token never carries more than its owner's rights" },
    status: 201,
    body: z.object({
      name: z.string().trim().min(1).max(120),
      scopes: z.array(scopeSchema).min(1).max(scopes.length),
      expiresAt: z.iso.datetime().optional(),
    }),
    reply: z.object({ id: z.uuid(), token: z.string() }),
    async handle({ body }, request) {
      const principal = signedInByHand(request);
      if (body.expiresAt !== undefined && Date.parse(body.expiresAt) <= clock.now())
        throw new DomainError("invalid", "The token would have ended already.", {
          reason: "token.past",
          problems: [{ field: "expiresAt", reason: "token.past", message: "Choose a time that is still to come." }],
        });
      return sessions.createToken(
        principal.userId,
        { name: body.name, scopes: [...new Set(body.scopes)], expiresAt: body.expiresAt },
        auditActor(principal, request.ip),
      );
    },
  });

  const deleteToken = defineEndpoint({
    method: "delete",
    path: "/me/tokens/:id",
    summary: "Withdraw a personal access token",
    tag: "account",
    access: { kind: "self", because: "the caller's own tokens" },
    params: z.object({ id: z.uuid() }),
    async handle({ params }, request) {
      const principal = signedIn(request);
      const token = { id: params.id, ownerId: principal.userId };
      if (!(await sessions.removeToken(token, auditActor(principal, request.ip))))
        throw new DomainError("notFound", "There is no such token.", { reason: "token.unknown" });
    },
  });

  return [
    getInfo,
    signIn,
    consoleSignIn,
    signOut,
    signOutEverywhere,
    me,
    mySessions,
    changePassword,
    listTokens,
    createToken,
    deleteToken,
  ];
}

/** The kernel lets nobody in here without a sign-in; this states it to the compiler. */
function signedIn(request: { readonly principal: Principal | undefined }): Principal {
  if (!request.principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
  return request.principal;
}

/**
 * What changes how one gets in asks for a session: a token that could make tokens or change the password would outlive
 * its own end, and being withdrawn.
 */
function signedInByHand(request: { readonly principal: Principal | undefined }): Principal {
  const principal = signedIn(request);
  if (principal.sessionId === undefined)
    throw new DomainError("forbidden", "A personal access token cannot do this. Sign in with the password.", {
      reason: "token.notHere",
    });
  return principal;
}
