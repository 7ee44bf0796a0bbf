import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { domainToASCII } from "node:url";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";
import { accountKeys, accountsConfigOf, type AccountsConfig } from "./config.accounts.ts";
import { smtpConfigOf, smtpKeys, smtpProblems, type SmtpConfig } from "./config.smtp.ts";
import { webhookKeys, webhooksConfigOf, type WebhooksConfig } from "./config.webhooks.ts";

/**
 * The one reader of the environment. Every key can stand in the environment or in `kontor.config.json` inside the data
 * directory; the environment wins. `docs/configuration.md` lists them from `configKeys` below.
 */
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const nonEmpty = z.string().trim().min(1);
const isAddressRange = (text: string) =>
  ["loopback", "linklocal", "uniquelocal"].includes(text) || ipaddr.isValid(text) || ipaddr.isValidCIDR(text);

/** As they stand in the DNS: lower case, names beyond ASCII in their A-labels. */
const domainList = (list: string) =>
  list
    .split(",")
    .map((name) => domainToASCII(name.trim()))
    .filter((name, index, all) => all.indexOf(name) === index);

export const configKeys = {
  KONTOR_NAME: { schema: nonEmpty.max(120).default("Kontor"), words: "Name of this installation, shown at sign-in." },
  KONTOR_HOST: {
    schema: nonEmpty.default("127.0.0.1"),
    words: "Address to listen on. 0.0.0.0 for all; put a TLS proxy in front.",
  },
  KONTOR_PORT: { schema: count(0, 65_535).default(7480), words: "Port to listen on; 0 takes a free one." },
  KONTOR_PUBLIC_URL: {
    schema: z.url({ protocol: /^https?$/ }).optional(),
    words: "The address by which people reach this server, when a proxy stands in front.",
  },
  KONTOR_TRUST_PROXY: {
    schema: nonEmpty
      .refine(
        (list) => list.split(",").every((address) => isAddressRange(address.trim())),
        "is not a list of addresses such as `loopback` or 10.0.0.0/8",
      )
      .optional(),
    words: "Addresses of the proxies whose X-Forwarded-For is believed, for example `loopback` or 10.0.0.0/8.",
  },
  KONTOR_METRICS_TOKEN: {
    schema: nonEmpty.min(16).optional(),
    words: "Who sends this as bearer token may read /metrics. Without it only this machine itself may.",
  },
  KONTOR_LOG_LEVEL: {
    schema: z.enum(["silent", "error", "warn", "info", "debug", "trace"]).default("info"),
    words: "How much is logged, as JSON lines on standard output.",
  },
  DATABASE_URL: {
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//, "must start with postgres://")
      .optional(),
    words: "A PostgreSQL 15 or newer. Without it an embedded one runs in the data directory.",
  },
  DATABASE_POOL: { schema: count(2, 200).default(10), words: "Most connections of this node to the database." },
  KONTOR_TIME_ZONE: {
    schema: z
      .string()
      .refine(
        (zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC",
        "is not a time zone such as Europe/Berlin",
      )
      .default(Intl.DateTimeFormat().resolvedOptions().timeZone),
    words: 'Where the office is: "today" and the year of a number are asked there. Default: the machine\'s.',
  },
  KONTOR_LEASE_HOURS: {
    schema: z.coerce
      .number()
      .min(1)
      .max(24 * 365)
      .default(24 * 14),
    words: "Hours after which a desktop that has not heard from the server locks its replica.",
  },
  KONTOR_AUDIT_DAYS: {
    schema: count(30, 36_500).default(1_095),
    words: "Days for which entries of the audit log are kept; at least 30.",
  },
  KONTOR_UPLOAD_MAX_BYTES: {
    schema: z.coerce
      .number()
      .int()
      .min(1)
      .default(4 * 1024 ** 3),
    words: "Largest file that can be uploaded.",
  },
  KONTOR_MAIL_DOMAINS: {
    schema: nonEmpty
      .transform(domainList)
      .refine((names) => names.every((name) => /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(name)), "is not a list of domains")
      .optional(),
    words:
      "Domains whose mail this server is for, separated by commas; the first is the main one. Without it the host of KONTOR_PUBLIC_URL, or kontor.example, until domains are added in the console.",
  },
  KONTOR_MAIL_TRASH_DAYS: {
    schema: count(1, 3_650).default(30),
    words: "Days after which what lies in the trash of a mailbox is deleted for good.",
  },
  KONTOR_MAIL_PICTURES_PRIVATE: {
    schema: z.enum(["yes", "no"]).default("no"),
    words:
      "yes: pictures that messages show from elsewhere are also fetched from addresses of a private network. no: nobody's message can have this server knock at machines of yours.",
  },
  ...accountKeys,
  ...webhookKeys,
  ...smtpKeys,
  KONTOR_BLOB_STORE: {
    schema: z.enum(["disk", "s3"]).default("disk"),
    words: "Where file bodies are kept: in the data directory, or in an S3 bucket.",
  },
  S3_ENDPOINT: { schema: z.url().optional(), words: "Address of the S3 service; absent for AWS itself." },
  S3_REGION: { schema: nonEmpty.default("us-east-1"), words: "Region of the bucket." },
  S3_BUCKET: { schema: nonEmpty.optional(), words: "Bucket for file bodies." },
  S3_PREFIX: { schema: z.string().default(""), words: "Prefix of every key in the bucket." },
  S3_ACCESS_KEY_ID: { schema: nonEmpty.optional(), words: "Access key." },
  S3_SECRET_ACCESS_KEY: { schema: nonEmpty.optional(), words: "Secret key." },
  KONTOR_PREVIEW_CONCURRENCY: { schema: count(1, 32).default(2), words: "Previews made at once on this node." },
  KONTOR_PREVIEW_TIMEOUT_SECONDS: {
    schema: count(5, 3_600).default(120),
    words: "Longest that one conversion may take.",
  },
  KONTOR_PREVIEW_MAX_BYTES: {
    schema: count(1, 2_147_483_647).default(200 * 1024 ** 2),
    words: "Files larger than this get no preview.",
  },
  KONTOR_PREVIEW_MAX_PAGES: { schema: count(1, 10_000).default(500), words: "Pages of a document that become images." },
} as const satisfies Record<string, { schema: z.ZodType; words: string }>;

type Values = { readonly [Key in keyof typeof configKeys]: z.output<(typeof configKeys)[Key]["schema"]> };

export interface Config {
  readonly dataDirectory: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly trustProxy: string | false;
  readonly metricsToken: string | undefined;
  readonly logLevel: string;
  readonly databaseUrl: string | undefined;
  readonly databasePool: number;
  readonly timeZone: string;
  readonly leaseMs: number;
  readonly auditDays: number;
  readonly uploadMaxBytes: number;
  readonly mail: {
    readonly domains: readonly string[];
    /** The domain of an installation that was told none. */
    readonly fallbackDomain: string;
    readonly trashDays: number;
    readonly picturesPrivate: boolean;
  };
  /** Mail with other servers. */
  readonly accounts: AccountsConfig;
  readonly webhooks: WebhooksConfig;
  readonly smtp: SmtpConfig;
  readonly blobs:
    | { readonly kind: "disk" }
    | {
        readonly kind: "s3";
        readonly endpoint: string | undefined;
        readonly region: string;
        readonly bucket: string;
        readonly prefix: string;
        readonly accessKeyId: string | undefined;
        readonly secretAccessKey: string | undefined;
      };
  readonly previews: {
    readonly concurrency: number;
    readonly timeoutMs: number;
    readonly maxBytes: number;
    readonly maxPages: number;
  };
}

export interface ConfigOverrides {
  readonly dataDirectory?: string | undefined;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
}

export function readConfig(environment: NodeJS.ProcessEnv, overrides: ConfigOverrides = {}): Config {
  const dataDirectory = resolve(overrides.dataDirectory ?? environment.KONTOR_DATA ?? "data");
  const file = join(dataDirectory, "kontor.config.json");
  const fromFile = existsSync(file) ? parseFile(file) : {};
  const values: Record<string, unknown> = {};
  const problems: string[] = [];

  for (const key of Object.keys(fromFile))
    if (!(key in configKeys)) problems.push(`${file}: there is no setting "${key}"`);
  for (const [key, { schema }] of Object.entries(configKeys)) {
    const given = environment[key] === undefined || environment[key] === "" ? fromFile[key] : environment[key];
    const parsed = schema.safeParse(given);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${key}: ${parsed.error.issues.map((issue) => issue.message).join("; ")}`);
  }
  const settings = values as Values;
  if (settings.KONTOR_BLOB_STORE === "s3" && !settings.S3_BUCKET)
    problems.push("S3_BUCKET: needed when KONTOR_BLOB_STORE is s3");
  // With a mistake in one of them, the others may be missing.
  if (problems.length === 0) problems.push(...smtpProblems(settings));
  if (problems.length > 0) {
    throw new DomainError(
      "invalid",
      `The configuration has ${problems.length === 1 ? "a mistake" : "mistakes"}:\n  ${problems.join("\n  ")}`,
      { reason: "config.invalid" },
    );
  }

  return {
    dataDirectory,
    name: settings.KONTOR_NAME,
    host: overrides.host ?? settings.KONTOR_HOST,
    port: overrides.port ?? settings.KONTOR_PORT,
    publicUrl: settings.KONTOR_PUBLIC_URL,
    trustProxy: settings.KONTOR_TRUST_PROXY ?? false,
    metricsToken: settings.KONTOR_METRICS_TOKEN,
    logLevel: settings.KONTOR_LOG_LEVEL,
    databaseUrl: settings.DATABASE_URL,
    databasePool: settings.DATABASE_POOL,
    timeZone: settings.KONTOR_TIME_ZONE,
    leaseMs: settings.KONTOR_LEASE_HOURS * 3_600_000,
    auditDays: settings.KONTOR_AUDIT_DAYS,
    uploadMaxBytes: settings.KONTOR_UPLOAD_MAX_BYTES,
    mail: {
      domains: settings.KONTOR_MAIL_DOMAINS ?? [],
      fallbackDomain: fallbackDomain(settings.KONTOR_PUBLIC_URL),
      trashDays: settings.KONTOR_MAIL_TRASH_DAYS,
      picturesPrivate: settings.KONTOR_MAIL_PICTURES_PRIVATE === "yes",
    },
    accounts: accountsConfigOf(settings),
    webhooks: webhooksConfigOf(settings),
    smtp: smtpConfigOf(settings, settings.KONTOR_PUBLIC_URL),
    blobs:
      settings.KONTOR_BLOB_STORE === "disk"
        ? { kind: "disk" }
        : {
            kind: "s3",
            endpoint: settings.S3_ENDPOINT,
            region: settings.S3_REGION,
            bucket: settings.S3_BUCKET ?? "",
            prefix: settings.S3_PREFIX,
            accessKeyId: settings.S3_ACCESS_KEY_ID,
            secretAccessKey: settings.S3_SECRET_ACCESS_KEY,
          },
    previews: {
      concurrency: settings.KONTOR_PREVIEW_CONCURRENCY,
      timeoutMs: settings.KONTOR_PREVIEW_TIMEOUT_SECONDS * 1_000,
      maxBytes: settings.KONTOR_PREVIEW_MAX_BYTES,
      maxPages: settings.KONTOR_PREVIEW_MAX_PAGES,
    },
  };
}

/** `kontor.example` belongs to nobody (RFC 2606): mail works inside, and nothing leaves by mistake. */
function fallbackDomain(publicUrl: string | undefined): string {
  const host = publicUrl === undefined ? "" : new URL(publicUrl).hostname;
  return host.includes(".") && !ipaddr.isValid(host) ? host : "kontor.example";
}

function parseFile(file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new DomainError(
      "invalid",
      `${file} is not a JSON object: ${(error as Error).message}`,
      { reason: "config.notJson" },
      error,
    );
  }
}
