/**
 * Resident memory of the replica process with 200,000 messages: opened, then used (200 lists, 200 searches, a feed of
 * 20,000 changes). The peer holds the same messages in RxDB's memory storage and answers the same lists.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runContestant, runReplica } from "./harness/child.ts";
import { figureOf, inTurns, report, roundsOf } from "./harness/figure.ts";

const CONTESTANTS = fileURLToPath(new URL("harness/memory.contestants.ts", import.meta.url));
const ROWS = Number(process.env.ROWS ?? 200_000);
const MAX_MB = 250;

type Memory = { opened: number; used: number };

const folder = mkdtempSync(join(tmpdir(), "kontor-bench-"));
const filename = join(folder, "replica.db");
try {
  await runContestant(CONTESTANTS, "fill", filename, String(ROWS));
  const results = await inTurns(roundsOf(3), {
    ours: () => runReplica<Memory>(CONTESTANTS, "ours", filename, String(ROWS)),
    "RxDB memory storage": () => runContestant<Memory>(CONTESTANTS, "memory", filename, String(ROWS)),
  });
  const figure = (name: string, metric: string, part: keyof Memory) =>
    figureOf({
      name,
      metric,
      unit: "MB",
      better: "lower",
      ours: results.ours.map((memory) => memory[part]),
      peers: { "RxDB memory storage": results["RxDB memory storage"].map((memory) => memory[part]) },
    });
  const used = figure("storage-memory", `resident with ${ROWS} rows, in use (bound: ${MAX_MB} MB)`, "used");
  report("storage-memory", [
    used,
    figure("storage-memory-opened", `resident with ${ROWS} rows, just opened`, "opened"),
  ]);
  if (used.ours.max > MAX_MB) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
