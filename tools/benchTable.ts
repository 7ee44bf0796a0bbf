// The shape of a benchmark's result, and the table of ratios that people read.

export interface BenchResult {
  name: string;
  metric: string;
  unit: string;
  better: "higher" | "lower";
  ours: { median: number; min: number; max: number };
  /** `ratio`: how many times better Kontor is; above 1 is better, whichever way the metric points. */
  peers: { name: string; median: number; ratio: number }[];
  when: string;
  cores: number;
}

export function tableOf(results: BenchResult[]): string {
  const rows = results.flatMap(({ name, metric, unit, ours, peers }) => {
    const own = [name, metric, `${short(ours.median)} (${short(ours.min)}–${short(ours.max)}) ${unit}`];
    if (peers.length === 0) return [[...own, "", "", ""]];
    return peers.map((peer, index) => [
      ...(index === 0 ? own : ["", "", ""]),
      peer.name,
      `${short(peer.median)} ${unit}`,
      `${short(peer.ratio)}×`,
    ]);
  });
  const table = [["benchmark", "metric", "Kontor: median (min–max)", "peer", "median", "ratio"], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Three digits that mean something: 0.0123, 4.56, 78.9, 12,345. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}
