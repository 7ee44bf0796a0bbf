// `npm run kontor -- <command>`: the server's command line, with its exit code. Paths mean what they mean where it is
// typed. It may ask for a password, so it gets the terminal itself and is not a child in a group of its own.
import { spawn } from "node:child_process";
import { root, script } from "./repository.ts";

const [node = "", ...args] = script("server/src/cli.ts", ...process.argv.slice(2));
const child = spawn(node, args, {
  cwd: process.env.INIT_CWD ?? root, // npm moves to the root and leaves the caller's folder in INIT_CWD
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
