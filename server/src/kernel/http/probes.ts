import { createHash, timingSafeEqual } from "node:crypto";
import type { Express, Request } from "express";
import ipaddr from "ipaddr.js";
import { DomainError } from "@kontor/shared/base";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

export interface ProbeDeps {
  readonly version: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Who knows it reads `/metrics` from anywhere; without one only this machine does. */
  readonly metricsToken?: string | undefined;
  /** What must work before requests are sent here; `true`, or words. */
  readonly checks: Readonly<Record<string, () => Promise<string | true>>>;
}

/** `/healthz`: the process lives. Touches nothing else, so that a slow database does not get the process killed. */
export function mountHealth(app: Express, { version }: Pick<ProbeDeps, "version">): void {
  app.get("/healthz", (_request, response) => void response.json({ status: "ok", version }));
}

/** `/readyz`: whether requests should be sent here. `/metrics`: what Prometheus reads. */
export function mountProbes(app: Express, deps: ProbeDeps, isDraining: () => boolean): void {
  app.get("/readyz", async (_request, response) => {
    const checks = await runChecks(deps);
    const isReady = !isDraining() && Object.values(checks).every((state) => state === "ok");
    const status = isDraining() ? "draining" : isReady ? "ready" : "failing";
    response
      .status(isReady ? 200 : 503)
      .setHeader("cache-control", "no-store")
      .json({ status, checks });
  });
  app.get("/metrics", async (request, response) => {
    if (!mayReadMetrics(request, deps.metricsToken))
      throw new DomainError("notFound", `There is nothing at GET ${request.path}.`, { reason: "route.unknown" });
    response.type(deps.metrics.contentType).send(await deps.metrics.metrics());
  });
}

/** Why a check fails is for the log: hosts, ports and users of the database are nobody's business who asks from outside. */
async function runChecks({ checks, log }: ProbeDeps): Promise<Record<string, "ok" | "failing">> {
  const entries = Object.entries(checks).map(async ([name, check]) => {
    const state = await check().catch((error: unknown) => error);
    if (state !== true)
      log.warn(state instanceof Error ? { err: state, check: name } : { state, check: name }, "check");
    return [name, state === true ? "ok" : "failing"] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function mayReadMetrics(request: Request, token: string | undefined): boolean {
  if (token !== undefined) {
    const given = /^Bearer (.+)$/i.exec(request.get("authorization") ?? "")?.[1] ?? "";
    return timingSafeEqual(digest(given), digest(token)); // equal lengths, and a comparison that tells no prefix
  }
  // A proxy on this machine is this machine, too: what it passes on carries the header, and is from outside.
  const isPassedOn = ["x-forwarded-for", "forwarded", "via"].some((name) => request.headers[name] !== undefined);
  const peer = request.socket.remoteAddress ?? "";
  return !isPassedOn && ipaddr.isValid(peer) && ipaddr.process(peer).range() === "loopback";
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
