/** One figure: what was measured, ours against peers that ran in turns with it in the same run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

export type Figure = {
  name: string;
  metric: string;
  unit: string;
  better: "higher" | "lower";
  ours: { median: number; min: number; max: number };
  /** `ratio`: how many times better Kontor is; above 1 it is better. */
  peers: { name: string; median: number; ratio: number }[];
  when: string;
  cores: number;
  /** Processes that wanted a core in the last minute, the bench's own among them: whether the machine was shared. */
  load: number;
};

type Measured = Pick<Figure, "name" | "metric" | "unit" | "better"> & {
  ours: readonly number[];
  peers: Readonly<Record<string, readonly number[]>>;
};

export function figureOf({ ours, peers, ...what }: Measured): Figure {
  const own = spreadOf(ours);
  return {
    ...what,
    ours: own,
    peers: Object.entries(peers).map(([name, values]) => {
      const { median } = spreadOf(values);
      const ratio = what.better === "higher" ? own.median / median : median / own.median;
      return { name, median, ratio: rounded(ratio) };
    }),
    when: new Date().toISOString(),
    cores: availableParallelism(),
    load: rounded(loadavg()[0] ?? Number.NaN),
  };
}

/** Writes bench/results/<name>.json (one figure, or a list when there are several) and prints a line for each. */
export function report(name: string, figures: readonly Figure[]): void {
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const content = figures.length === 1 ? figures[0] : figures;
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(content, null, 2)}\n`);
  for (const { metric, unit, ours, peers } of figures) {
    const others = peers.map((peer) => `${peer.name} ${peer.median} (${peer.ratio}x)`).join(", ");
    console.info(`${name}: ${metric}: ${ours.median} ${unit} (${ours.min}–${ours.max})${others && `; ${others}`}`);
  }
}

/** Runs the contestants in turns, so that a noisy minute hits all of them, and collects what each returns. */
export async function inTurns<Name extends string, Result>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<Result>>>,
): Promise<Record<Name, Result[]>> {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Result[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const result = await contestants[name]();
      results[name].push(result);
      console.info(`  round ${round + 1} of ${rounds}: ${name} ${JSON.stringify(result)}`);
    }
  }
  return results;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const spreadOf = (values: readonly number[]): Figure["ours"] => ({
  median: rounded(percentile(values, 0.5)),
  min: rounded(Math.min(...values)),
  max: rounded(Math.max(...values)),
});

/** Three significant digits: more would pretend a precision that a shared machine does not have. */
const rounded = (value: number): number => Number(value.toPrecision(3));

/** Rounds of a run; `ROUNDS=1` for a quick look. */
export const roundsOf = (usual: number): number => Number(process.env.ROUNDS ?? usual);
