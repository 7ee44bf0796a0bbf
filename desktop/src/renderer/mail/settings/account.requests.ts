import { z } from "zod";
import { accountReasons } from "@kontor/shared/mail";

/** What the server answers about accounts; parsed, because a window may be newer or older than the server. */
export const securities = ["tls", "starttls", "none"] as const;
const serverSchema = z.object({ host: z.string(), port: z.number(), security: z.enum(securities) });
export type ServerAddress = z.infer<typeof serverSchema>;

export const discoveredSchema = z.object({
  found: z
    .object({
      by: z.enum(["preset", "mx", "srv", "guess"]),
      imap: serverSchema,
      smtp: serverSchema,
      userName: z.string(),
      provider: z.string().optional(),
      password: z.enum(["account", "app", "none"]),
      /** The provider's name for signing in without a password, where the server can do it. */
      oauth: z.string().optional(),
      help: z.string().optional(),
    })
    .optional(),
});
export type Discovered = NonNullable<z.infer<typeof discoveredSchema>["found"]>;

const outcomeSchema = z.object({
  ok: z.boolean(),
  reason: z.enum(accountReasons).optional(),
  message: z.string().optional(),
  help: z.string().optional(),
});
export const testedSchema = z.object({ imap: outcomeSchema, smtp: outcomeSchema });
export type Tested = z.infer<typeof testedSchema>;

export const begunSchema = z.object({ flow: z.string(), url: z.url({ protocol: /^https$/ }), expiresAt: z.string() });
export const finishedSchema = z.object({ address: z.string().optional(), imap: serverSchema, smtp: serverSchema });

export const accountSchema = z.object({
  name: z.string(),
  address: z.string(),
  userName: z.string(),
  auth: z.enum(["password", "oauth"]),
  provider: z.string().optional(),
  imap: serverSchema,
  smtp: serverSchema,
  syncedAt: z.string().optional(),
});
export type Account = z.infer<typeof accountSchema>;

/** What is typed of an account before it is there. */
export interface AccountRaw {
  readonly address: string;
  readonly name: string;
  readonly userName: string;
  readonly password: string;
  readonly imap: ServerAddress;
  readonly smtp: ServerAddress;
}

/** Where most have it (RFC 8314): encrypted from the first byte. */
export const emptyAccount: AccountRaw = {
  address: "",
  name: "",
  userName: "",
  password: "",
  imap: { host: "", port: 993, security: "tls" },
  smtp: { host: "", port: 465, security: "tls" },
};

/** The port that belongs to a way of encrypting, unless another one was written. */
export function withSecurity(server: ServerAddress, kind: "imap" | "smtp", security: ServerAddress["security"]) {
  const usual: Readonly<Record<ServerAddress["security"], number>> = PORTS[kind];
  return { ...server, security, port: Object.values(usual).includes(server.port) ? usual[security] : server.port };
}
const PORTS = {
  imap: { tls: 993, starttls: 143, none: 143 },
  smtp: { tls: 465, starttls: 587, none: 25 },
} as const satisfies Record<string, Record<ServerAddress["security"], number>>;
