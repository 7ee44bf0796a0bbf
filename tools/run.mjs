// The door of every command: `npm start`, `npm test` and the others arrive here on whatever Node the machine has (20 or
// newer). It brings the pinned Node and pnpm into `.toolchain/`, installs the packages when the lockfile changed, and
// hands over to `tools/<command>.ts` on the pinned Node. It uses nothing but Node itself.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_VERSION = "24.21.0"; // Electron 45's line: what runs on the server is what runs in the app
const PNPM_VERSION = "12.21.0";
const COMMANDS = ["start", "test", "e2e", "bench", "sim", "kontor", "check", "build", "dist"];
const OLDEST_NODE = 20; // Debian 12's neighbour: older ones lack what this file itself uses
const ORPHAN_CHECK_MS = 2_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, ".toolchain");
const onWindows = process.platform === "win32";
const [command, ...args] = process.argv.slice(2);

if (!COMMANDS.includes(command)) fail(`Unknown command "${command ?? ""}". Known: ${COMMANDS.join(", ")}.`, 2);
if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
  fail(
    `Node ${process.versions.node} is too old to set Kontor up: install Node ${OLDEST_NODE} or newer (https://nodejs.org).`,
  );
}

const node = alone(() => {
  const pinned = ensureToolchain();
  ensurePackages(pinned);
  return pinned;
});
handOver();

function handOver() {
  const script = join(root, "tools", `${command}.ts`);
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", script, ...args], {
    stdio: "inherit",
    env: environment(node),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
  stopWithNpm(child);
}

/** npm killed outright passes nothing on: without this, `kill -9` of `npm start` would leave a server behind. */
function stopWithNpm(child) {
  if (!process.env.npm_lifecycle_event || onWindows) return;
  const before = launchers();
  setInterval(() => launchers() !== before && child.kill("SIGTERM"), ORPHAN_CHECK_MS).unref();
}

/** This process's parent and, where that is the shell through which npm starts its scripts, the parent's parent. */
function launchers() {
  try {
    const [, name, ofParent] = /\((.*)\) \S+ (\d+)/.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8"));
    return name.endsWith("sh") ? `${process.ppid} ${ofParent}` : `${process.ppid}`;
  } catch {
    return `${process.ppid}`;
  }
}

function environment(pinned) {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return {
    ...process.env,
    PATH: [dirname(pinned), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
    // without any locale, Chromium and LibreOffice take the names of files for ASCII and cannot open "договор.docx"
    ...(process.platform === "linux" && !(LC_ALL || LC_CTYPE || LANG) ? { LANG: "C.UTF-8" } : {}),
  };
}

/** The path of a Node of the pinned line; installs it from the npm registry when it is not there yet. */
function ensureToolchain() {
  const packageName = { linux: `node-linux-${process.arch}`, win32: `node-win-${process.arch}` }[process.platform];
  const binary = packageName
    ? join(toolchain, "node_modules", packageName, "bin", onWindows ? "node.exe" : "node")
    : join(toolchain, "node_modules/node/bin/node");
  const stamp = join(toolchain, "versions");
  const wanted = `${packageName ?? "node"}@${NODE_VERSION} pnpm@${PNPM_VERSION}`;
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return binary;

  console.log(`Setting up Node ${NODE_VERSION} and pnpm ${PNPM_VERSION} in .toolchain (once) …`);
  writeFileSync(join(toolchain, "package.json"), '{ "private": true }\n');
  // On macOS the `node` package brings the binary by its install script, so scripts are allowed there.
  const scripts = packageName ? ["--ignore-scripts"] : [];
  // npm's own limits are minutes of silence
  const network = [
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
  ];
  const install = [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-save",
    "--loglevel=error",
    ...network,
    ...scripts,
    ...wanted.split(" "),
  ];
  const done = spawnSync(onWindows ? "npm.cmd" : "npm", install, {
    cwd: toolchain,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    shell: onWindows,
  });
  if (done.status !== 0 || !existsSync(binary)) {
    console.error(done.error?.message ?? done.stderr);
    fail(
      `Could not install ${wanted} from the npm registry. ${advice(done.stderr)}\nTo see more, type: cd .toolchain && npm ${install.join(" ")}`,
    );
  }
  writeFileSync(stamp, wanted);
  return binary;
}

/** Installs the workspace's packages once per lockfile. */
function ensurePackages(pinned) {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  const stamp = join(root, "node_modules/.kontor-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;

  console.log("Installing packages (a minute or two the first time) …");
  const pnpm = join(toolchain, "node_modules/pnpm/bin/pnpm.mjs");
  const done = spawnSync(pinned, [pnpm, "install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    env: { ...environment(pinned), CI: "true" }, // never a question: there may be nobody to answer
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.status !== 0) {
    const said = `${done.stdout}\n${done.stderr}`;
    console.error(said);
    fail(`Installing packages failed; the lines above say why. ${advice(said)} Nothing else was done.`);
  }
  writeFileSync(stamp, wanted);
}

function advice(said = "") {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(said)) {
    return "The registry cannot be reached: check the network, or a proxy (npm config set proxy …), and run this again; what is there already is kept.";
  }
  if (/ENOSPC/.test(said)) return "The disk is full: Kontor needs about 3 GB for its packages.";
  if (/EACCES|EPERM/.test(said)) return `This user may not write in ${root}: take the folder over, or clone it anew.`;
  return "";
}

/** Two commands started at once on a fresh clone would unpack over each other: the second waits for the first. */
function alone(work) {
  const lock = join(toolchain, "lock");
  mkdirSync(toolchain, { recursive: true });
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") fail(`Cannot write in ${toolchain}: ${error.message}. ${advice(error.code)}`);
    }
    if (!isAlive(holderOf(lock))) rmSync(lock, { force: true });
    else if (!told) console.log("Another command is setting up; waiting for it …");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  process.on("exit", () => rmSync(lock, { force: true })); // also when setting up fails
  const result = work();
  rmSync(lock, { force: true });
  return result;
}

function holderOf(lock) {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    return 0; // let go of in this very moment
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function fail(words, code = 1) {
  console.error(words);
  process.exit(code);
}
