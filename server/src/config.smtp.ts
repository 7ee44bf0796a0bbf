import { hostname } from "node:os";
import { domainToASCII } from "node:url";
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** The keys about mail with other servers; all of it is off until it is asked for. */
const nonEmpty = z.string().trim().min(1);
const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const yesNo = z.enum(["yes", "no"]).default("no");

export type SmtpListen = { readonly host: string; readonly port: number } | { readonly path: string };

const listenAddress = nonEmpty.transform((text, context): SmtpListen => {
  if (text.startsWith("/")) return { path: text };
  const parts = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/i.exec(text)?.groups;
  const port = Number(parts?.["port"]);
  if (!parts || port > 65_535) {
    context.addIssue("is not an address such as 0.0.0.0:25, [::]:25 or a path such as /run/kontor/lmtp.sock");
    return z.NEVER;
  }
  return { host: parts["v6"] ?? (parts["host"] || "0.0.0.0"), port };
});

const hostName = nonEmpty
  .transform((name) => domainToASCII(name))
  .refine(
    (name) => /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name),
    "is not the full name of a host such as mail.example.com",
  );

const nameServers = nonEmpty
  .transform((list) => list.split(",").map((server) => server.trim()))
  .refine(
    (list) => list.every((server) => ipaddr.isValid(server) || /^(?:[\d.]+|\[[0-9a-f:]+\]):\d+$/i.test(server)),
    "is not a list of addresses such as 10.0.0.53 or 127.0.0.1:5353",
  );

export const smtpKeys = {
  KONTOR_SMTP_NAME: {
    schema: hostName.optional(),
    words:
      "Name of this server among mail servers, which the DNS knows. Default: the host of KONTOR_PUBLIC_URL, or the machine's full name.",
  },
  KONTOR_SMTP_LISTEN: {
    schema: listenAddress.optional(),
    words: "Where mail from other servers is taken, for example 0.0.0.0:25. Without it none is.",
  },
  KONTOR_LMTP_LISTEN: {
    schema: listenAddress.optional(),
    words:
      "Where a mail server of yours hands over what it has taken (LMTP): a path such as /run/kontor/lmtp.sock, or an address that only it can reach.",
  },
  KONTOR_SMTP_TLS_CERT: {
    schema: nonEmpty.optional(),
    words: "File with the certificate for STARTTLS, PEM with its chain; read again when it was renewed.",
  },
  KONTOR_SMTP_TLS_KEY: { schema: nonEmpty.optional(), words: "File with its private key, PEM." },
  KONTOR_SMTP_REFUSE_FORGED: {
    schema: yesNo,
    words: "yes: turn away mail whose domain asks for that by DMARC (p=reject). no: it goes to junk.",
  },
  KONTOR_SMTP_SEND: {
    schema: z.enum(["off", "relay", "direct"]).optional(),
    words:
      "How mail leaves for other servers: by the relay, directly to each of them (port 25 must be open), or off. Default: relay when KONTOR_SMTP_RELAY_HOST is set, otherwise off.",
  },
  KONTOR_SMTP_RELAY_HOST: { schema: nonEmpty.optional(), words: "The relay that takes what leaves." },
  KONTOR_SMTP_RELAY_PORT: { schema: count(1, 65_535).default(587), words: "Its port." },
  KONTOR_SMTP_RELAY_SECURITY: {
    schema: z.enum(["tls", "starttls", "none"]).default("starttls"),
    words: "How the way to it is encrypted: tls from the first byte, starttls, or none.",
  },
  KONTOR_SMTP_RELAY_USER: { schema: nonEmpty.optional(), words: "Whom to sign in as there." },
  KONTOR_SMTP_RELAY_PASSWORD: { schema: nonEmpty.optional(), words: "The password for it." },
  KONTOR_SMTP_RELAY_CA: {
    schema: nonEmpty.optional(),
    words: "File with the certificates to trust there instead of the usual ones, PEM.",
  },
  KONTOR_SMTP_CONNECTIONS: {
    schema: count(1, 100).default(5),
    words: "Connections at once to the relay, or to each domain, on all nodes together.",
  },
  KONTOR_SMTP_PER_MINUTE: {
    schema: count(1, 1_000_000).optional(),
    words: "Most recipients within a minute by the relay, or of each domain. Default: any number.",
  },
  KONTOR_SMTP_MX_PORT: {
    schema: count(1, 65_535).default(25),
    words: "Port on which other servers take mail; anything but 25 is for trying things out.",
  },
  KONTOR_SMTP_PRIVATE_MX: {
    schema: yesNo,
    words:
      "yes: mail is also handed to servers with addresses of a private network. no: whoever writes to a domain of theirs cannot have this server knock at machines of yours.",
  },
  KONTOR_SMTP_DNS: {
    schema: nameServers.optional(),
    words: "Name servers to ask about mail, separated by commas. Default: the machine's.",
  },
} as const satisfies Record<string, { schema: z.ZodType; words: string }>;

type Values = { readonly [Key in keyof typeof smtpKeys]: z.output<(typeof smtpKeys)[Key]["schema"]> };

export interface SmtpConfig {
  readonly name: string;
  readonly listen: SmtpListen | undefined;
  readonly lmtpListen: SmtpListen | undefined;
  /** Files. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly refusesForged: boolean;
  readonly send: "off" | "relay" | "direct";
  readonly relay:
    | {
        readonly host: string;
        readonly port: number;
        readonly security: "tls" | "starttls" | "none";
        readonly user: string | undefined;
        readonly password: string | undefined;
        /** File. */
        readonly ca: string | undefined;
      }
    | undefined;
  readonly connections: number;
  readonly perMinute: number | undefined;
  readonly mxPort: number;
  readonly allowPrivate: boolean;
  readonly nameServers: readonly string[] | undefined;
}

/** What is wrong with several keys together. */
export function smtpProblems(values: Values): readonly string[] {
  const problems: string[] = [];
  if ((values.KONTOR_SMTP_TLS_CERT === undefined) !== (values.KONTOR_SMTP_TLS_KEY === undefined))
    problems.push("KONTOR_SMTP_TLS_CERT and KONTOR_SMTP_TLS_KEY: one is of no use without the other");
  if (values.KONTOR_SMTP_SEND === "relay" && values.KONTOR_SMTP_RELAY_HOST === undefined)
    problems.push("KONTOR_SMTP_RELAY_HOST: needed when KONTOR_SMTP_SEND is relay");
  if ((values.KONTOR_SMTP_RELAY_USER === undefined) !== (values.KONTOR_SMTP_RELAY_PASSWORD === undefined))
    problems.push("KONTOR_SMTP_RELAY_USER and KONTOR_SMTP_RELAY_PASSWORD: one is of no use without the other");
  const isNear = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(values.KONTOR_SMTP_RELAY_HOST ?? "");
  if (values.KONTOR_SMTP_RELAY_SECURITY === "none" && values.KONTOR_SMTP_RELAY_PASSWORD !== undefined && !isNear)
    problems.push("KONTOR_SMTP_RELAY_SECURITY: none would send the password to another machine as it is");
  return problems;
}

export function smtpConfigOf(values: Values, publicUrl: string | undefined): SmtpConfig {
  const host = values.KONTOR_SMTP_RELAY_HOST;
  const { KONTOR_SMTP_TLS_CERT: cert, KONTOR_SMTP_TLS_KEY: key } = values;
  return {
    name: values.KONTOR_SMTP_NAME ?? ownName(publicUrl),
    listen: values.KONTOR_SMTP_LISTEN,
    lmtpListen: values.KONTOR_LMTP_LISTEN,
    tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    refusesForged: values.KONTOR_SMTP_REFUSE_FORGED === "yes",
    send: values.KONTOR_SMTP_SEND ?? (host === undefined ? "off" : "relay"),
    relay:
      host === undefined
        ? undefined
        : {
            host,
            port: values.KONTOR_SMTP_RELAY_PORT,
            security: values.KONTOR_SMTP_RELAY_SECURITY,
            user: values.KONTOR_SMTP_RELAY_USER,
            password: values.KONTOR_SMTP_RELAY_PASSWORD,
            ca: values.KONTOR_SMTP_RELAY_CA,
          },
    connections: values.KONTOR_SMTP_CONNECTIONS,
    perMinute: values.KONTOR_SMTP_PER_MINUTE,
    mxPort: values.KONTOR_SMTP_MX_PORT,
    allowPrivate: values.KONTOR_SMTP_PRIVATE_MX === "yes",
    nameServers: values.KONTOR_SMTP_DNS,
  };
}

/** A machine without a name in the DNS says so: far servers refuse names that are made up (RFC 5321 §4.1.1.1). */
function ownName(publicUrl: string | undefined): string {
  const host = publicUrl === undefined ? "" : new URL(publicUrl).hostname;
  if (host.includes(".") && !ipaddr.isValid(host)) return host;
  const machine = domainToASCII(hostname());
  return machine.includes(".") ? machine : "kontor.invalid";
}
