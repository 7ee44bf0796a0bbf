/** A contestant in a process of its own, so that no heap, cache or optimised code is shared with the others. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { replicaNodeOptions } from "@kontor/desktop/contract";

/** Starts a file with arguments and returns what it printed last, as JSON. */
export const runContestant = <Result>(file: string, ...args: string[]): Promise<Result> => run([], file, args);

/** The same, started as the app starts its replica. */
export const runReplica = <Result>(file: string, ...args: string[]): Promise<Result> =>
  run(replicaNodeOptions, file, args);

async function run<Result>(options: readonly string[], file: string, args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...options, file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  const last = output.trim().split("\n").at(-1);
  if (code !== 0 || !last) throw new Error(`${file} ${args.join(" ")} ended with ${code}: ${output}`);
  return JSON.parse(last) as Result;
}
