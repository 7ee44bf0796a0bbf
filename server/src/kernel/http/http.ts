import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { Counter, Histogram } from "prom-client";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { DomainError } from "@kontor/shared/base";
import type { Endpoint } from "../define.ts";
import { addressKey } from "./addressKey.ts";
import { addressOf, mountEndpoint, tooMany, type EndpointDeps } from "./mountEndpoint.ts";
import { openApiOf } from "./openapi.ts";
import { mountHealth, mountProbes, type ProbeDeps } from "./probes.ts";
import { sendProblem } from "./problem.ts";

export interface HttpServer {
  readonly app: Express;
  readonly server: Server;
  /** Where a request comes from that never gets to `app`, such as an upgrade: what `request.ip` is for the others. */
  clientOf(request: IncomingMessage): string | undefined;
  listen(): Promise<number>;
  /** Refuses new work, lets the running requests end, then closes. */
  drain(timeoutMs: number): Promise<void>;
}

export interface HttpDeps extends EndpointDeps, ProbeDeps {
  readonly host: string;
  readonly port: number;
  readonly trustProxy: string | false;
  readonly endpoints: readonly Endpoint[];
  /** Mounts what is not an endpoint: the console's files, signed file addresses, uploads. */
  mount?(app: Express): void;
}

const REQUESTS_PER_SECOND = 100; // per address: a busy desktop makes a handful

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
    // A connection whose last request ends while draining would otherwise stay open for its keep-alive time.
    response.on("close", () => draining && setImmediate(() => server.closeIdleConnections()));
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

  mountHealth(app, deps);
  app.use(async (request, response, next) => {
    try {
      await limiter.consume(addressKey(request.ip));
      next();
    } catch (limit) {
      refused.inc();
      sendProblem(response, tooMany(limit), { requestId: response.locals.requestId as string, log });
    }
  });

  mountProbes(app, deps, () => draining);
  deps.mount?.(app);
  refuseDuplicates(deps.endpoints);
  for (const endpoint of deps.endpoints) mountEndpoint(app, endpoint, deps);
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
    clientOf: (request) => clientOf(app, request),
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

/** Express knows which proxies to believe; it needs no more of a request than this. */
function clientOf(app: Express, { headers, socket }: IncomingMessage): string | undefined {
  const request = Object.create(app.request) as Request;
  return Object.assign(request, { headers, socket }).ip;
}

/** Of two endpoints at one address the second would never be asked, and nobody would notice. */
function refuseDuplicates(endpoints: readonly Endpoint[]): void {
  const seen = new Set<string>();
  for (const { method, path, ...endpoint } of endpoints) {
    const address = `${method} ${addressOf({ path, ...endpoint }).replaceAll(/:\w+/g, ":")}`;
    if (seen.has(address)) throw new Error(`Two endpoints answer ${method.toUpperCase()} ${path}.`);
    seen.add(address);
  }
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
