import { isIP } from "node:net";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import { accountReasons, accountStates, mailLimits, type AccountReason } from "@kontor/shared/mail";
import type { EndpointRequest } from "#kernel";
import type { MailRestDeps } from "../mail.rest.ts";
import type { AccountsService } from "./accounts.service.ts";
import { securities } from "./imap.port.ts";
import type { OAuthFlows } from "./oauth.flow.ts";

/* What the endpoints of accounts have in common. */

export interface AccountEndpointDeps extends Omit<MailRestDeps, "applyIntent"> {
  readonly accounts: AccountsService;
  readonly flows: OAuthFlows;
}

export const SELF = {
  kind: "self",
  because: "an account at a provider that the caller signs in to, for the caller alone",
} as const;

/** Each attempt signs in somewhere in the world: enough for somebody who mistypes, too few for guessing passwords there. */
export const TRIES = { perMinute: 20 } as const;

export const userIdOf = ({ principal }: EndpointRequest): string => {
  if (!principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
  return principal.userId;
};

/* ---------- what comes ---------- */

/** RFC 1035 §2.3.4, or an address; what is not a host must not get as far as a resolver. */
const host = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .refine(
    (text) => isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(text),
    {
      error: "This is not the name of a host.",
    },
  );
const server = z.object({ host, port: z.int().min(1).max(65_535), security: z.enum(securities) });
/** One line: it goes into commands. */
export const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // oxlint-disable-next-line no-control-regex -- naming control characters is the point
    .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), { error: "This has a control character." });
const secret = z.union([
  z.strictObject({ password: line(1_000) }),
  /** A sign-in by OAuth that was finished a moment ago. */
  z.strictObject({ flow: line(100) }),
]);
export const login = { imap: server, smtp: server, userName: line(mailLimits.maxAddressChars), secret };
export const name = z.string().trim().min(1).max(200);

/* ---------- what goes ---------- */

export const serverReply = z.object({ host: z.string(), port: z.number(), security: z.enum(securities) });
export const outcomeReply = z.object({
  ok: z.boolean(),
  reason: z.enum(accountReasons).optional(),
  message: z.string().optional(),
  help: z.string().optional(),
});

export const stateReply = {
  state: z.enum(accountStates),
  reason: z.enum(accountReasons).optional(),
  message: z.string().optional(),
  retryAt: z.string().optional(),
  syncedAt: z.string().optional(),
};

export function stateOf(row: {
  readonly state: (typeof accountStates)[number];
  readonly reason: AccountReason | null;
  readonly message: string | null;
  readonly retry_at: string | null;
  readonly last_synced_at: string | null;
}) {
  return {
    state: row.state,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.message !== null && { message: row.message }),
    ...(row.retry_at !== null && { retryAt: row.retry_at }),
    ...(row.last_synced_at !== null && { syncedAt: row.last_synced_at }),
  };
}
