// `npm run bench -- <name> …`: runs those benchmarks against their peers, one after the other; no name: all. Each writes
// bench/results/<name>.json, and what is printed here is read from there.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type BenchResult, tableOf } from "./benchTable.ts";
import { onStopRequest, run, stopAll } from "./children.ts";
import { readJson, root, script } from "./repository.ts";
import { ensureSystemParts } from "./system.ts";

const known = readdirSync(join(root, "bench"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -".ts".length))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0 || known.length === 0) {
  console.error(`No benchmark ${unknown.join(", ")}. There are: ${known.join(", ") || "none yet"}.`);
  process.exit(2);
}
onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});

// Mail's peers are programs of their own. A bench whose peer is missing fails, and says so.
await ensureSystemParts("tests");

const failed: string[] = [];
const results: BenchResult[] = [];
for (const name of asked.length > 0 ? asked : known) {
  console.log(`\n── ${name}`);
  const began = Date.now();
  const { code } = await run(script(`bench/${name}.ts`), { output: "show" });
  const file = join(root, "bench/results", `${name}.json`);
  const written = existsSync(file) ? readJson<BenchResult | BenchResult[]>(file) : undefined;
  const fresh = [written ?? []].flat().filter(({ when }) => Date.parse(when) >= began - 1_000);
  if (code !== 0 || fresh.length === 0) failed.push(`${name} (${code === 0 ? "wrote no new result" : `code ${code}`})`);
  results.push(...fresh);
}
if (results.length > 0) console.log(`\n${tableOf(results)}`);
if (failed.length > 0) console.error(`\nFailed: ${failed.join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
