// `npm run kontor -- <command>`: the server's command line, with its exit code. Paths mean what they mean where it is typed.
import { onStopRequest, run, stopAll } from "./children.ts";
import { root, script } from "./repository.ts";

onStopRequest(stopAll);
const { code } = await run(script("server/src/cli.ts", ...process.argv.slice(2)), {
  output: "show",
  cwd: process.env.INIT_CWD ?? root, // npm moves to the root and leaves the caller's folder in INIT_CWD
});
process.exitCode = code;
