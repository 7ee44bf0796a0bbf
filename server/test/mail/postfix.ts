import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { accessSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Certificate } from "./certificate.ts";
import { freePorts } from "../freePorts.ts";
import { endGroup } from "./processGroup.ts";
import { untilGreets } from "./untilGreets.ts";

/**
 * A private Postfix (Debian's) for tests and benches: another mail server, with a domain of its own, on loopback, everything below
 * one temporary folder, with nothing of the machine's own configuration read. Only root can start one: its parts change to
 * users of their own.
 */
export interface Postfix {
  /** SMTP, from anybody and for anybody: it is a relay as well. */
  readonly port: number;
  readonly directory: string;
  /** What lies in a mailbox of its domain, whole messages, in the order in which they came. */
  mailbox(user: string): Promise<readonly string[]>;
  /** Addresses that still wait in its queue, with why. */
  queue(): Promise<string>;
  /** Tries everything in its queue at once. */
  flush(): Promise<void>;
  log(): Promise<string>;
  /** Ends it and starts it again; its queue stays. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostfixOptions {
  /** The domain whose mail it takes; users are whoever is named. */
  readonly domain: string;
  readonly users: readonly string[];
  /** Where mail for other domains goes: `{"ours.example": "smtp:[127.0.0.1]:2525"}` or `lmtp:unix:/path`. */
  readonly transports?: Readonly<Record<string, string>>;
  /** What it answers at RCPT instead of taking it: `{"grey@far.example": "450 4.2.0 Greylisted"}`. */
  readonly refuses?: Readonly<Record<string, string>>;
  readonly certificate?: Certificate;
  /** More lines for main.cf. */
  readonly extra?: string;
}

const DAEMONS = "/usr/lib/postfix/sbin";

/** Why it cannot run here, or undefined when it can. */
export function postfixMissing(): string | undefined {
  try {
    for (const program of ["/usr/sbin/postfix", `${DAEMONS}/master`, `${DAEMONS}/smtpd`]) accessSync(program);
  } catch {
    return "no Postfix here: apt-get install postfix";
  }
  return process.getuid?.() === 0 ? undefined : "only root can start a Postfix of its own";
}

export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  const missing = postfixMissing();
  if (missing) throw new Error(missing);
  const directory = await mkdtemp(join(tmpdir(), "kontor-postfix-"));
  const [port = 0] = await freePorts(1);
  const config = join(directory, "etc");
  const logPath = join(directory, "log", "postfix.log");
  let child: ChildProcess | undefined;

  try {
    await prepare(directory, options, port);
    await start();
  } catch (error) {
    await end();
    const words = await readFile(logPath, "utf8").catch(() => "");
    await rm(directory, { recursive: true, force: true });
    throw new Error(`Postfix did not start: ${words.slice(-2_000)}`, { cause: error });
  }

  async function start(): Promise<void> {
    // A session of its own: Postfix is many processes, and all of them must end with the test.
    const started = spawn("/usr/sbin/postfix", ["-c", config, "start-fg"], {
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      detached: true,
      stdio: "ignore",
    });
    child = started;
    await untilGreets(port, started, "220 ");
  }

  /** Its master makes a group of its own, in which all of its processes are. */
  async function end(): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending) return;
    const master = Number(await readFile(join(directory, "spool", "pid", "master.pid"), "utf8").catch(() => ""));
    await endGroup(
      ending,
      [master, ending.pid ?? 0].filter((pid) => pid > 1),
    );
  }

  const run = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, ["-c", config, ...args], { cwd: "/", maxBuffer: 64 * 1024 ** 2 })).stdout;

  return {
    port,
    directory,
    async mailbox(user) {
      const folder = join(directory, "mail", user, "new");
      const names = await readdir(folder).catch(() => []);
      return Promise.all(names.toSorted().map((name) => readFile(join(folder, name), "latin1")));
    },
    queue: () => run("/usr/sbin/postqueue", "-p"),
    flush: async () => void (await run("/usr/sbin/postqueue", "-f")),
    log: () => readFile(logPath, "utf8").catch(() => ""),
    async restart() {
      await end();
      await start();
    },
    async stop() {
      await end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function prepare(directory: string, options: PostfixOptions, port: number): Promise<void> {
  await chmod(directory, 0o755);
  for (const folder of ["etc", "spool", "data", "mail", "log"]) await mkdir(join(directory, folder));
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postfix"]).toString()));
  await chown(join(directory, "data"), uid ?? 0, gid ?? 0);
  const [mailUid, mailGid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "mail"]).toString()));
  await chown(join(directory, "mail"), mailUid ?? 0, mailGid ?? 0);
  const etc = (name: string, text: string) => writeFile(join(directory, "etc", name), text);
  if (options.certificate) {
    await etc("cert.pem", options.certificate.cert);
    await etc("key.pem", options.certificate.key);
    await chmod(join(directory, "etc", "key.pem"), 0o600);
  }
  const table = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries)
      .map(([key, value]) => `${key} ${value}\n`)
      .join("");
  await etc(
    "mailboxes",
    table(Object.fromEntries(options.users.map((user) => [`${user}@${options.domain}`, `${user}/`]))),
  );
  await etc("transports", table(options.transports ?? {}));
  await etc("refuses", table(options.refuses ?? {}));
  await etc("main.cf", mainConfig(directory, options, { uid: mailUid ?? 0, gid: mailGid ?? 0 }));
  await etc("master.cf", masterConfig(port));
}

const mainConfig = (directory: string, options: PostfixOptions, mail: { uid: number; gid: number }): string => `
compatibility_level = 3.6
queue_directory = ${directory}/spool
data_directory = ${directory}/data
command_directory = /usr/sbin
daemon_directory = ${DAEMONS}
maillog_file_prefixes = ${directory}/log
maillog_file = ${directory}/log/postfix.log
myhostname = mx.${options.domain}
mydomain = ${options.domain}
myorigin = ${options.domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:there are no local users
virtual_mailbox_domains = ${options.domain}
virtual_mailbox_base = ${directory}/mail
virtual_mailbox_maps = texthash:${directory}/etc/mailboxes
virtual_uid_maps = static:${mail.uid}
virtual_gid_maps = static:${mail.gid}
virtual_minimum_uid = 1
transport_maps = texthash:${directory}/etc/transports
smtpd_recipient_restrictions = check_recipient_access texthash:${directory}/etc/refuses, permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_host_lookup = native
# As soon as it may: a test waits for it.
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
smtpd_delay_reject = yes
smtpd_error_sleep_time = 0
in_flow_delay = 0
${
  options.certificate
    ? `smtpd_tls_cert_file = ${directory}/etc/cert.pem
smtpd_tls_key_file = ${directory}/etc/key.pem
smtpd_tls_security_level = may
smtp_tls_security_level = may`
    : ""
}
${options.extra ?? ""}
`;

/** Debian's own, without chroot, and with nothing but what mail by SMTP needs. */
const masterConfig = (port: number): string => `
127.0.0.1:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
