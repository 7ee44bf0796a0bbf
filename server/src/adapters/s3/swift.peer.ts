import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { accessSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../../../test/freePorts.ts";

/**
 * A real S3 server for tests: OpenStack Swift with its s3api, from Debian's packages. It was chosen because it checks
 * signatures; the servers on npm accept any secret, so they prove nothing about ours.
 */
export interface SwiftPeer {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  close(): Promise<void>;
}

const swiftPackages = ["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"];
const PROGRAMS = ["swift-proxy-server", "swift-account-server", "swift-container-server", "swift-object-server"];

/** Why the peer cannot run here, or undefined when it can. */
export function swiftMissing(): string | undefined {
  try {
    for (const program of [...PROGRAMS, "swift-ring-builder", "memcached"]) accessSync(`/usr/bin/${program}`);
    // The one file that Swift reads from a fixed place; the packages bring it.
    accessSync("/etc/swift/swift.conf");
    return undefined;
  } catch {
    return `no S3 server here: apt-get install ${swiftPackages.join(" ")}`;
  }
}

export async function startSwift(): Promise<SwiftPeer> {
  const directory = await mkdtemp(join(tmpdir(), "kontor-swift-"));
  const children: ChildProcess[] = [];
  const close = async () => {
    await Promise.all(children.map(stop));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const [proxy, account, container, object, cache] = await freePorts(5);
    await mkdir(join(directory, "devices", "d1"), { recursive: true });
    const ringPorts = { account, container, object };
    for (const [ring, port] of Object.entries(ringPorts)) await buildRing(directory, ring, port as number);

    const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
    children.push(run("memcached", ["-l", "127.0.0.1", "-p", String(cache), ...asUser]));
    for (const [part, port] of Object.entries(ringPorts)) {
      const path = join(directory, `${part}.conf`);
      await writeFile(path, storageConfig(directory, part, port as number));
      children.push(run(`swift-${part}-server`, [path]));
    }
    const path = join(directory, "proxy.conf");
    await writeFile(path, proxyConfig(directory, proxy as number, cache as number));
    children.push(run("swift-proxy-server", [path]));

    // The proxy answers before the servers behind it do, and would take them for broken for a while.
    const endpoint = `http://127.0.0.1:${proxy}`;
    for (const port of Object.values(ringPorts)) await untilHealthy(`http://127.0.0.1:${port}`, children);
    await untilHealthy(endpoint, children);
    return { endpoint, accessKeyId: "test:tester", secretAccessKey: "testing", close };
  } catch (error) {
    await close();
    throw error;
  }
}

const storageConfig = (directory: string, part: string, port: number) => `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userName()}
workers = 0
swift_dir = ${directory}
devices = ${join(directory, "devices")}
mount_check = false
disable_fallocate = true
log_address = ${join(directory, "no-syslog")}
[pipeline:main]
pipeline = healthcheck ${part}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${part}-server]
use = egg:swift#${part}
`;

const proxyConfig = (directory: string, port: number, cache: number) => `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userName()}
workers = 0
swift_dir = ${directory}
log_address = ${join(directory, "no-syslog")}
[pipeline:main]
pipeline = catch_errors healthcheck cache listing_formats s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${cache}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:listing_formats]
use = egg:swift#listing_formats
`;

const userName = () => execFileSync("id", ["-un"]).toString().trim();

async function buildRing(directory: string, ring: string, port: number): Promise<void> {
  const builder = (...args: string[]) =>
    promisify(execFile)("swift-ring-builder", [join(directory, `${ring}.builder`), ...args]);
  await builder("create", "1", "1", "1");
  await builder("add", `r1z1-127.0.0.1:${port}/d1`, "1");
  await builder("rebalance");
}

function run(program: string, args: string[]): ChildProcess {
  // A group of its own: Swift forks, and all of it must end with the test.
  return spawn(program, args, { detached: true, stdio: "ignore" });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

const START_MS = 30_000; // four Python processes on a busy machine; 3 s when it is idle

async function untilHealthy(endpoint: string, children: readonly ChildProcess[]): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const dead = children.find((child) => child.exitCode !== null);
    if (dead) throw new Error(`${dead.spawnfile} ended with ${dead.exitCode}`);
    const answer = await fetch(`${endpoint}/healthcheck`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Swift did not start within ${START_MS} ms`);
}
