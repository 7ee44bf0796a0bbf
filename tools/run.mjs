// The door of every command: `npm start`, `npm test` and the others arrive here on whatever Node the machine has (20 or
// newer). It brings the pinned Node and pnpm into `.toolchain/`, installs the packages when the lockfile changed, and
// hands over to `tools/<command>.ts` on the pinned Node. It uses nothing but Node itself.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_VERSION = "24.21.0"; // Electron 45's line: what runs on the server is what runs in the app
const PNPM_VERSION = "12.21.0";
const COMMANDS = ["start", "test", "e2e", "bench", "sim", "kontor", "check"];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchain = join(root, ".toolchain");
const [command, ...args] = process.argv.slice(2);

if (!COMMANDS.includes(command)) {
  console.error(`Unknown command "${command ?? ""}". Known: ${COMMANDS.join(", ")}.`);
  process.exit(2);
}

const node = ensureToolchain();
const env = {
  ...process.env,
  PATH: [dirname(node), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
  ELECTRON_SKIP_BINARY_DOWNLOAD: "1", // fetched later, with a time limit, by `npm start`
  KONTOR_ROOT: root,
};
ensurePackages();

const child = spawn(node, ["--disable-warning=ExperimentalWarning", join(root, "tools", `${command}.ts`), ...args], {
  stdio: "inherit",
  env,
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));

/** The path of a Node of the pinned line; installs it from the npm registry when this one is another. */
function ensureToolchain() {
  const packageName = { linux: `node-linux-${process.arch}`, win32: `node-win-${process.arch}` }[process.platform];
  const binary = packageName
    ? join(toolchain, "node_modules", packageName, "bin", process.platform === "win32" ? "node.exe" : "node")
    : join(toolchain, "node_modules/node/bin/node");
  const stamp = join(toolchain, "versions");
  const wanted = `${packageName ?? "node"}@${NODE_VERSION} pnpm@${PNPM_VERSION}`;
  if (existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return binary;
  console.log(`Setting up Node ${NODE_VERSION} and pnpm ${PNPM_VERSION} in .toolchain …`);
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, "package.json"), '{ "private": true }\n');
  // On macOS the `node` package brings the binary by its install script, so that one script is allowed there.
  const scripts = packageName ? ["--ignore-scripts"] : [];
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const install = ["install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", ...scripts, ...wanted.split(" ")];
  const done = spawnSync(npm, install, { cwd: toolchain, stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" });
  if (done.status !== 0 || !existsSync(binary)) {
    console.error(`Could not install ${wanted} from the npm registry. Check the network, or run: npm ${install.join(" ")}`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
  return binary;
}

/** Installs the workspace's packages once per lockfile. */
function ensurePackages() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  const stamp = join(root, "node_modules/.kontor-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log("Installing packages …");
  const pnpm = join(toolchain, "node_modules/pnpm/bin/pnpm.mjs");
  const done = spawnSync(node, [pnpm, "install", "--frozen-lockfile", "--reporter=append-only"], { cwd: root, env, encoding: "utf8" });
  if (done.status !== 0) {
    console.error(done.stdout, done.stderr);
    console.error("Installing packages failed; the lines above say why. Nothing else was done.");
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
