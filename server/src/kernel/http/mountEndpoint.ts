import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { DomainError } from "@kontor/shared/base";
import type { AuditLog } from "../audit.ts";
import type { Endpoint } from "../define.ts";
import type { Log } from "../log.ts";
import type { Principal, Scope } from "../principal.ts";
import { addressKey } from "./addressKey.ts";
import { denialOf } from "./denial.ts";
import { principalOf, type AuthenticationDeps } from "./principalOf.ts";
import { sendProblem } from "./problem.ts";

export interface EndpointDeps extends AuthenticationDeps {
  readonly log: Log;
  /** Whether this principal may do a `system` action. */
  maySystem(principal: Principal, action: string, ip: string): Promise<boolean>;
  /** Where denials are noted before they are answered (POL-12). */
  readonly audit: Pick<AuditLog, "note">;
}

const BODY_BYTES = 1 << 20; // a card's worth of text many times over; files travel by tus and not in bodies
const BODY_LEVELS = 100; // a formatted text has a dozen
const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = Buffer.from('"\\[]{}');
const REQUEST_ID_LENGTH = 200; // several UUIDs, or a trace id with its parts
const BODY_MS = 30_000; // a mebibyte over a bad telephone line; who drips bytes for longer holds a socket for nothing

/** Limit, caller, scope, access, input, handler, answer: the same order for every endpoint. */
export function mountEndpoint(app: Express, endpoint: Endpoint, deps: EndpointDeps): void {
  const limiter = endpoint.rateLimit
    ? new RateLimiterMemory({ points: endpoint.rateLimit.perMinute, duration: 60 })
    : undefined;
  const handle = async (request: Request, response: Response) => {
    response.locals.route = endpoint.path;
    const requestId = response.locals.requestId as string;
    const ip = request.ip ?? "";
    const aborted = new AbortController();
    response.on("close", () => aborted.abort());
    let principal: Principal | undefined;
    try {
      await limiter?.consume(addressKey(ip)).catch((limit: unknown) => {
        throw tooMany(limit);
      });
      principal = endpoint.access.kind === "anybody" ? undefined : await principalOf(request, deps);
      if (principal) {
        response.locals.userId = principal.userId;
        checkScope(principal, endpoint);
        refuseServiceWithoutAccount(principal, endpoint);
        if (endpoint.access.kind === "system" && !(await deps.maySystem(principal, endpoint.access.action, ip)))
          throw new DomainError("forbidden", "This needs an administrator's rights.", { reason: "access.system" });
      }
      if (endpoint.body) refuseOtherBodies(request);
      const input = {
        params: endpoint.params?.parse(request.params),
        query: endpoint.query?.parse(request.query),
        body: endpoint.body?.parse(request.body ?? {}),
      };
      // Answers are for their reader and for now: a shared computer's browser must not keep them.
      if (!endpoint.stream) response.setHeader("cache-control", "no-store");
      const raw = { request, response };
      const reply = await endpoint.handle(input, {
        principal,
        requestId,
        ip,
        log: deps.log,
        signal: aborted.signal,
        raw,
      });
      if (endpoint.stream || response.headersSent) return;
      if (!endpoint.reply) return void response.status(endpoint.status ?? 204).end();
      response.status(endpoint.status ?? 200).json(reply);
    } catch (thrown) {
      const denial = denialOf(thrown, request, { endpoint, principal });
      const failure = denial && (await deps.audit.note([denial]).catch((error: unknown) => ({ error })));
      if (aborted.signal.aborted && !response.writable) return; // the caller hung up: nobody to tell
      sendProblem(response, failure ? failure.error : thrown, { requestId, log: deps.log });
    }
  };
  const before = [...(endpoint.root ? [speakStandard] : []), ...(endpoint.body ? [readJson(endpoint.bodyBytes)] : [])];
  app[endpoint.method](addressOf(endpoint), ...before, handle);
}

export const addressOf = ({ path, root }: Pick<Endpoint, "path" | "root">): string => (root ? path : `/api${path}`);

/**
 * RFC 9110 knows 400 for what cannot be read, and so do standards; ours tell 422 apart for what can be read and is wrong.
 * The identifier given back is the caller's own, as the caller wrote it: bounded, since it travels back in a header.
 */
function speakStandard(request: Request, response: Response, next: NextFunction): void {
  response.locals.invalidStatus = 400;
  const requestId = request.get("x-request-id");
  if (requestId !== undefined && requestId.length <= REQUEST_ID_LENGTH) response.setHeader("x-request-id", requestId);
  next();
}

/** What a token must carry for this endpoint. */
export const scopeOf = ({ access, method, scope }: Pick<Endpoint, "access" | "method" | "scope">): Scope =>
  scope ?? (access.kind === "system" ? "admin" : method === "get" ? "read" : "write");

export function tooMany(limit: unknown): unknown {
  if (!(limit instanceof RateLimiterRes)) return limit;
  return new DomainError("rateLimited", "Too many attempts. Try again a little later.", {
    reason: "rateLimited",
    retryAfterMs: limit.msBeforeNext,
  });
}

const jsonOf = (limit: number) =>
  express.json({
    limit,
    strict: false,
    // A mebibyte of `[` parses, and then overflows the stack of whatever walks the value.
    verify: (_request, _response, bytes) => {
      if (isDeeper(bytes, BODY_LEVELS))
        throw new DomainError("invalid", `The body is nested deeper than ${BODY_LEVELS} levels.`, {
          reason: "body.tooDeep",
          params: { limit: BODY_LEVELS },
        });
    },
  });

const parseJson = jsonOf(BODY_BYTES);

function isDeeper(json: Buffer, levels: number): boolean {
  let level = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (isText && character === BACKSLASH) at++;
    else if (character === QUOTE) isText = !isText;
    else if (isText) continue;
    else if (character === OPEN_BRACKET || character === OPEN_BRACE) level++;
    else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) level--;
    if (level > levels) return true;
  }
  return false;
}

function readJson(bytes: number | undefined) {
  const parse = bytes === undefined ? parseJson : jsonOf(bytes);
  return (request: Request, response: Response, next: NextFunction): void => {
    const timer = setTimeout(() => request.destroy(), BODY_MS);
    response.once("close", () => clearTimeout(timer));
    parse(request, response, (error?: unknown) => {
      clearTimeout(timer);
      next(error);
    });
  };
}

/** A body of another kind would look like an empty one, and the answer would complain of missing fields. */
function refuseOtherBodies(request: Request): void {
  const hasBody = request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"]) > 0;
  if (hasBody && request.body === undefined)
    throw new DomainError("invalid", "Send the body as JSON, with `content-type: application/json`.", {
      reason: "body.notJson",
    });
}

/** What concerns the caller's own account is about a person's: a service has neither sessions nor a profile. */
function refuseServiceWithoutAccount(principal: Principal, endpoint: Endpoint): void {
  if (principal.isService && endpoint.access.kind === "self")
    throw new DomainError("forbidden", "This concerns a person's own account, and a service has none.", {
      reason: "service.noAccount",
    });
}

function checkScope(principal: Principal, endpoint: Endpoint): void {
  const scope = scopeOf(endpoint);
  if (!principal.scopes.includes(scope))
    throw new DomainError("forbidden", `This token lacks the scope "${scope}".`, {
      reason: "token.scope",
      params: { scope },
    });
}
