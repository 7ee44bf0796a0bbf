import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { accessSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../freePorts.ts";
import { endGroup } from "./processGroup.ts";
import { untilGreets } from "./untilGreets.ts";

/**
 * A private Dovecot (Debian's) for tests and benches: real IMAP and LMTP on loopback, everything below one temporary
 * folder, as an unprivileged user, with nothing of the machine's own configuration read. Any user name signs in with
 * `password` and has a mailbox of its own, so that tests in one file do not meet.
 */
export interface Dovecot {
  readonly host: "127.0.0.1";
  /** Plain text, with STARTTLS. */
  readonly imapPort: number;
  /** TLS from the first byte. */
  readonly imapsPort: number;
  readonly lmtpPort: number;
  readonly password: string;
  /** The certificate that signs itself, PEM; a client that trusts it reaches `localhost` and 127.0.0.1. */
  readonly certificate: string;
  readonly directory: string;
  /** Where a user's mail lies on disk (Maildir). */
  maildir(user: string): string;
  /** Dovecot's own tool, on this instance. */
  doveadm(...args: readonly string[]): Promise<string>;
  /** What it has written to its log. */
  log(): Promise<string>;
  /**
   * A Maildir that is renamed at the moment at which another session holds its lock takes the lock along, and whoever opens it
   * waits for minutes: removes what is left so. Dovecot itself holds one for milliseconds.
   */
  dropLeftLocks(user: string): Promise<void>;
  /** Ends the server with all of its processes and connections; the mail stays until `stop`. */
  halt(): Promise<void>;
  /** Starts it again on the same ports. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** What clients make use of when it is there. */
type Capability =
  | "CONDSTORE"
  | "QRESYNC"
  | "MOVE"
  | "UIDPLUS"
  | "IDLE"
  | "SPECIAL-USE"
  | "ENABLE"
  | "ESEARCH"
  | "LIST-EXTENDED"
  | "LIST-STATUS";

export interface DovecotOptions {
  /**
   * What the server says it can, instead of everything: without CONDSTORE and QRESYNC for example. It takes the words out
   * of what is offered; `without` is easier to read than a full list and holds for any version.
   */
  readonly without?: readonly Capability[];
  /** Connections of one user at once (mail_max_userip_connections). Default: Dovecot's own 10. */
  readonly maxConnections?: number;
  /** Where tokens of XOAUTH2 and OAUTHBEARER are looked at (RFC 7662); without it only passwords sign in. */
  readonly introspectionUrl?: string;
  /** Signs in as anybody with exactly this password. */
  readonly password?: string;
  /** More lines for the configuration. */
  readonly extra?: string;
}

const DOVECOT = "/usr/sbin/dovecot";
const DOVEADM = "/usr/bin/doveadm";
const PASSWORD = "pass-of-a-test";

/** Why it cannot run here, or undefined when it can. */
export function dovecotMissing(): string | undefined {
  try {
    for (const program of [DOVECOT, "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp", "/usr/bin/openssl"])
      accessSync(program);
    return undefined;
  } catch {
    return "no Dovecot here: apt-get install dovecot-imapd dovecot-lmtpd dovecot-sieve openssl";
  }
}

export async function startDovecot(options: DovecotOptions = {}): Promise<Dovecot> {
  const missing = dovecotMissing();
  if (missing) throw new Error(missing);
  const directory = await mkdtemp(join(tmpdir(), "kontor-dovecot-"));
  const runner = findRunner();
  const owner: Owner | undefined = process.getuid?.() === 0 ? { uid: runner.uid, gid: runner.gid } : undefined;
  const [imapPort = 0, imapsPort = 0, lmtpPort = 0] = await freePorts(3);
  const password = options.password ?? PASSWORD;
  const configPath = join(directory, "dovecot.conf");
  const logPath = join(directory, "dovecot.log");
  let child: ChildProcess | undefined;

  try {
    await chmod(directory, 0o755);
    for (const folder of ["base", "state", "mail"]) {
      await mkdir(join(directory, folder));
      if (owner) await chown(join(directory, folder), owner.uid, owner.gid);
    }
    await writeFile(logPath, "");
    if (owner) await chown(logPath, owner.uid, owner.gid);
    const certificate = await makeCertificate(directory, owner);
    await writeFile(configPath, config({ directory, runner, imapPort, imapsPort, lmtpPort, password, options }));
    if (options.introspectionUrl)
      await writeFile(join(directory, "oauth2.conf"), oauthConfig(options.introspectionUrl));
    await resume();

    return {
      host: "127.0.0.1",
      imapPort,
      imapsPort,
      lmtpPort,
      password,
      certificate,
      directory,
      maildir: (user) => join(directory, "mail", user),
      doveadm,
      log: () => readLog(logPath),
      dropLeftLocks: (user) => dropLeftLocks(join(directory, "mail", user)),
      halt,
      resume,
      async stop() {
        await halt();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await halt();
    const words = await readLog(logPath);
    await rm(directory, { recursive: true, force: true });
    throw new Error(`Dovecot did not start: ${words.slice(-2_000)}`, { cause: error });
  }

  async function resume(): Promise<void> {
    // A group and a session of its own: Dovecot is many processes, and all of them must end with the test.
    const started = spawn(DOVECOT, ["-F", "-c", configPath], {
      ...owner,
      cwd: "/",
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      detached: true,
      stdio: "ignore",
    });
    child = started;
    await untilGreets(imapPort, started, "* OK");
  }

  async function halt(): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending?.pid !== undefined) await endGroup(ending, [ending.pid]);
  }

  async function doveadm(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(DOVEADM, ["-c", configPath, ...args], {
      ...owner,
      cwd: "/",
      maxBuffer: 256 * 1024 ** 2,
    });
    return stdout;
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface Runner extends Owner {
  readonly name: string;
  readonly group: string;
}

/** Who Dovecot runs as: this user, or for root the system's `mail`, since Dovecot takes no mail as root. */
function findRunner(): Runner {
  const who = process.getuid?.() === 0 ? ["mail"] : [];
  const ask = (flag: string) =>
    execFileSync("id", [flag, ...who])
      .toString()
      .trim();
  return { name: ask("-un"), group: ask("-gn"), uid: Number(ask("-u")), gid: Number(ask("-g")) };
}

async function makeCertificate(directory: string, owner: Owner | undefined): Promise<string> {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost";
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate];
  await promisify(execFile)("openssl", [...request.split(" "), ...names]);
  if (owner) await chown(key, owner.uid, owner.gid);
  return readFile(certificate, "utf8");
}

const readLog = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

const LEFT_MS = 5_000;

async function dropLeftLocks(maildir: string): Promise<void> {
  const folders = await readdir(maildir).catch(() => []);
  for (const folder of [".", ...folders]) {
    const path = join(maildir, folder, "dovecot-uidlist.lock");
    const since = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (since !== undefined && Date.now() - since > LEFT_MS) await rm(path, { force: true });
  }
}

/** What Dovecot 2.3 offers after sign-in, for taking words out of it. */
const CAPABILITIES =
  "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE";

function config({
  directory,
  runner: user,
  imapPort,
  imapsPort,
  lmtpPort,
  password,
  options,
}: {
  directory: string;
  runner: Runner;
  imapPort: number;
  imapsPort: number;
  lmtpPort: number;
  password: string;
  options: DovecotOptions;
}): string {
  const { without = [], maxConnections = 10 } = options;
  const offered = CAPABILITIES.split(" ").filter((word) => !(without as readonly string[]).includes(word));
  return `
base_dir = ${join(directory, "base")}
state_dir = ${join(directory, "state")}
log_path = ${join(directory, "dovecot.log")}
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = ${user.name}
default_internal_group = ${user.group}
default_login_user = ${user.name}
first_valid_uid = 1
ssl = yes
ssl_cert = <${join(directory, "certificate.pem")}
ssl_key = <${join(directory, "key.pem")}
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login${options.introspectionUrl ? " xoauth2 oauthbearer" : ""}
# A wrong password is answered at once: Dovecot's two seconds would be most of a test's time.
auth_failure_delay = 0
mail_max_userip_connections = ${maxConnections}
mail_location = maildir:~
mail_home = ${join(directory, "mail")}/%u
maildir_stat_dirs = no
mail_fsync = never
${without.length > 0 ? `imap_capability = ${offered.join(" ")}` : ""}
${
  options.introspectionUrl
    ? `passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${join(directory, "oauth2.conf")}
}`
    : ""
}
passdb {
  driver = static
  mechanisms = plain login
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${user.uid} gid=${user.gid} home=${join(directory, "mail")}/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Archive {
    special_use = \\Archive
    auto = subscribe
  }
  mailbox Junk {
    special_use = \\Junk
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
}
service anvil {
  chroot =
  # Nor does a failure make the next sign-ins from this machine wait.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  # One process for all who sign in: a test's connections are few, and each process costs 20 ms.
  service_count = 0
  process_min_avail = 0
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = ${imapsPort}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtpPort}
  }
}
${options.extra ?? ""}
`;
}

const oauthConfig = (url: string): string => `
introspection_mode = post
introspection_url = ${url}
username_attribute = username
active_attribute = active
active_value = true
`;
