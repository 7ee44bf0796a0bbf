import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { Counter, Histogram } from "prom-client";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "@kontor/shared/base";
import type { Endpoint } from "../define.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Principal, Scope } from "../principal.ts";
import { openApiOf } from "./openapi.ts";
import { sendProblem } from "./problem.ts";

export interface HttpServer {
  readonly app: Express;
  readonly server: Server;
  listen(): Promise<number>;
  /** Refuses new work, lets the running requests end, then closes. */
  drain(timeoutMs: number): Promise<void>;
}

export interface HttpDeps {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly version: string;
  readonly trustProxy: string | false;
  readonly endpoints: readonly Endpoint[];
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who sent this; undefined for nobody. Throws for a token that is not (any longer) valid. */
  authenticate(
    credentials: { token: string; via: "bearer" | "cookie" },
    request: { ip: string },
  ): Promise<Principal | undefined>;
  /** Whether this principal may do a `system` action. */
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  readonly checks: Readonly<Record<string, () => Promise<string | true>>>;
  /** Mounts what is not an endpoint: the console's files, signed file addresses, uploads. */
  mount?(app: Express): void;
}

const BODY_BYTES = 1 << 20; // a card's worth of text many times over; files travel by tus and not in bodies
const REQUESTS_PER_SECOND = 100; // per address: a busy desktop makes a handful
export const SESSION_COOKIE = "kontor_session";

export function createHttp(deps: HttpDeps): HttpServer {
  const { log, metrics } = deps;
  const app = express();
  const server = createServer({ requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 65_000 }, app);
  let draining = false;

  const seconds = new Histogram({
    name: "kontor_http_request_seconds",
    help: "Time to answer",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10],
    registers: [metrics],
  });
  const refused = new Counter({
    name: "kontor_http_rate_limited_total",
    help: "Requests refused for being too many",
    registers: [metrics],
  });
  const limiter = new RateLimiterMemory({ points: REQUESTS_PER_SECOND * 10, duration: 10 });

  app.disable("x-powered-by");
  app.set("trust proxy", deps.trustProxy);
  app.set("query parser", "simple");

  app.use((request, response, next) => {
    const requestId = randomUUID();
    response.locals.requestId = requestId;
    response.setHeader("x-request-id", requestId);
    const started = process.hrtime.bigint();
    response.on("finish", () => {
      const took = Number(process.hrtime.bigint() - started) / 1e9;
      const route = (response.locals.route as string | undefined) ?? "other";
      seconds.labels(request.method, route, String(response.statusCode)).observe(took);
      const entry = {
        requestId,
        method: request.method,
        route,
        status: response.statusCode,
        ms: Math.round(took * 1000),
        ip: request.ip,
        userId: response.locals.userId as string | undefined,
      };
      if (response.statusCode >= 500) log.error(entry, "request");
      else log.debug(entry, "request");
    });
    if (draining) response.setHeader("connection", "close");
    next();
  });
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'self'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", "'unsafe-inline'"], // Mantine sets sizes in style attributes
          imgSrc: ["'self'", "data:", "blob:"],
          fontSrc: ["'self'", "data:"],
          connectSrc: ["'self'"],
          objectSrc: ["'none'"],
          baseUri: ["'none'"],
          frameAncestors: ["'none'"],
          formAction: ["'self'"],
        },
      },
      crossOriginEmbedderPolicy: false,
      strictTransportSecurity: deps.publicUrl?.startsWith("https:") ? { maxAge: 15_552_000 } : false,
    }),
  );

  app.get("/healthz", (_request, response) => void response.json({ status: "ok", version: deps.version }));
  app.get("/readyz", async (_request, response) => {
    const checks = await runChecks(deps.checks);
    const ready = !draining && Object.values(checks).every((check) => check === true);
    response.status(ready ? 200 : 503).json({ status: draining ? "draining" : ready ? "ready" : "failing", checks });
  });
  app.get(
    "/metrics",
    async (_request, response) => void response.type(metrics.contentType).send(await metrics.metrics()),
  );

  app.use(async (request, response, next) => {
    try {
      await limiter.consume(request.ip ?? "");
      next();
    } catch (limit) {
      refused.inc();
      sendProblem(response, tooMany(limit), { requestId: response.locals.requestId as string, log });
    }
  });

  deps.mount?.(app);

  const json = express.json({ limit: BODY_BYTES, strict: false });
  for (const endpoint of deps.endpoints) mountEndpoint(app, endpoint, json, deps);
  app.get(
    "/api/openapi.json",
    (request, response) =>
      void response.json(
        openApiOf(deps.endpoints, {
          version: deps.version,
          serverUrl: deps.publicUrl ?? `${request.protocol}://${request.get("host")}`,
        }),
      ),
  );

  app.use((request, response) => {
    sendProblem(
      response,
      new DomainError("notFound", `There is nothing at ${request.method} ${request.path}.`, {
        reason: "route.unknown",
      }),
      { requestId: response.locals.requestId as string, log },
    );
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    sendProblem(response, error, { requestId: response.locals.requestId as string, log }),
  );

  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  return {
    app,
    server,
    listen: () => listen(server, deps),
    async drain(timeoutMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, timeoutMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE")
        reject(
          new DomainError(
            "unavailable",
            `Port ${port} is in use by another program. Stop that one, or choose another: --port ${port + 1}`,
            { reason: "port.inUse" },
          ),
        );
      else if (error.code === "EACCES")
        reject(
          new DomainError(
            "unavailable",
            `Port ${port} needs rights that this user does not have. Choose one above 1023, or put a proxy in front.`,
            { reason: "port.denied" },
          ),
        );
      else reject(error);
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function mountEndpoint(app: Express, endpoint: Endpoint, json: express.Handler, deps: HttpDeps): void {
  const limiter = endpoint.rateLimit
    ? new RateLimiterMemory({ points: endpoint.rateLimit.perMinute, duration: 60 })
    : undefined;
  const handle = async (request: Request, response: Response) => {
    response.locals.route = endpoint.path;
    const requestId = response.locals.requestId as string;
    const aborted = new AbortController();
    response.on("close", () => aborted.abort());
    try {
      await limiter?.consume(request.ip ?? "").catch((limit: unknown) => {
        throw tooMany(limit);
      });
      const principal = endpoint.access.kind === "anybody" ? undefined : await principalOf(request, deps);
      if (principal) {
        response.locals.userId = principal.userId;
        checkScope(principal, endpoint);
        if (
          endpoint.access.kind === "system" &&
          !(await deps.maySystem(principal, endpoint.access.action, request.ip ?? ""))
        ) {
          throw new DomainError("forbidden", "This needs an administrator's rights.", { reason: "access.system" });
        }
      }
      const input = {
        params: endpoint.params?.parse(request.params),
        query: endpoint.query?.parse(request.query),
        body: endpoint.body?.parse(request.body ?? {}),
      };
      const reply = await endpoint.handle(input, {
        principal,
        requestId,
        ip: request.ip ?? "",
        log: deps.log,
        signal: aborted.signal,
        raw: { request, response },
      });
      if (endpoint.stream || response.headersSent) return;
      if (!endpoint.reply) return void response.status(endpoint.status ?? 204).end();
      response.status(endpoint.status ?? 200).json(reply);
    } catch (error) {
      if (aborted.signal.aborted && !response.writable) return; // the caller hung up: nobody to tell
      sendProblem(response, error, { requestId, log: deps.log });
    }
  };
  app[endpoint.method](`/api${endpoint.path}`, ...(endpoint.body ? [json] : []), handle);
}

/** The caller, from the bearer token or, for the console, from its cookie; a cookie counts only with our own Origin. */
export async function principalOf(
  request: Request | IncomingMessage,
  deps: Pick<HttpDeps, "authenticate" | "publicUrl">,
): Promise<Principal> {
  const ip = "ip" in request ? (request.ip ?? "") : (request.socket.remoteAddress ?? "");
  const bearer = /^Bearer ([\w.~+/=-]{1,512})$/i.exec(request.headers.authorization ?? "")?.[1];
  const cookie = bearer === undefined ? cookieOf(request.headers.cookie, SESSION_COOKIE) : undefined;
  if (cookie !== undefined && !["GET", "HEAD"].includes(request.method ?? "")) checkOrigin(request, deps.publicUrl);
  const token = bearer ?? cookie;
  const principal =
    token === undefined
      ? undefined
      : await deps.authenticate({ token, via: bearer === undefined ? "cookie" : "bearer" }, { ip });
  if (!principal)
    throw new DomainError("unauthenticated", "Sign in first.", {
      reason: token === undefined ? "signIn.needed" : "signIn.expired",
    });
  return principal;
}

/** Against forged requests from other sites: a browser always sends Origin with a request that changes something. */
function checkOrigin(request: IncomingMessage, publicUrl: string | undefined): void {
  const origin = request.headers.origin;
  const own =
    publicUrl === undefined
      ? [`http://${request.headers.host}`, `https://${request.headers.host}`]
      : [new URL(publicUrl).origin];
  if (origin === undefined || !own.includes(origin))
    throw new DomainError("forbidden", "This request came from another site.", { reason: "origin.foreign" });
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value) return value;
  }
  return undefined;
}

function checkScope(principal: Principal, endpoint: Endpoint): void {
  const needed: Scope = endpoint.access.kind === "system" ? "admin" : endpoint.method === "get" ? "read" : "write";
  if (!principal.scopes.includes(needed))
    throw new DomainError("forbidden", `This token lacks the scope "${needed}".`, {
      reason: "token.scope",
      params: { scope: needed },
    });
}

function tooMany(limit: unknown): unknown {
  if (!(limit instanceof RateLimiterRes)) return limit;
  return new DomainError("rateLimited", "Too many attempts. Try again a little later.", {
    reason: "rateLimited",
    retryAfterMs: limit.msBeforeNext,
  });
}

async function runChecks(checks: HttpDeps["checks"]): Promise<Record<string, string | true>> {
  const entries = Object.entries(checks).map(
    async ([name, check]) => [name, await check().catch((error: unknown) => (error as Error).message)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
