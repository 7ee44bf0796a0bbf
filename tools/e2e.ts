// `npm run e2e -- <feature> …`: the Playwright specs of those features (none: all). What follows a second `--` goes to
// Playwright as it is: `npm run e2e -- objects -- --headed`.
import { buildWhereStale, consoleBuild, desktopBuild } from "./builds.ts";
import { onStopRequest, stopAll } from "./children.ts";
import { findElectron, ensureElectron } from "./electron.ts";
import { featuresWithSpecs } from "./features.ts";
import { runSpecs } from "./specs.ts";
import { createStages } from "./stages.ts";

const [features, more] = split(process.argv.slice(2));
const known = featuresWithSpecs();
const unknown = features.filter((feature) => !known.includes(feature));
if (unknown.length > 0) {
  console.error(`No specs for ${unknown.join(", ")}. There are: ${known.join(", ") || "none yet"}.`);
  process.exit(2);
}
onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});
await buildWhereStale([consoleBuild, desktopBuild]);
const mustBeReal = process.env.KONTOR_REAL_ELECTRON === "1"; // where passing on the stand-in would prove too little
const electron = mustBeReal ? await ensureElectron({ again: true }) : findElectron();
if (mustBeReal && electron.name !== "Electron") {
  console.error("KONTOR_REAL_ELECTRON=1 asks for Electron itself, and its binary cannot be had here.");
  process.exit(1);
}
const stages = createStages();
await stages.run(`Specs on ${electron.name}`, () =>
  runSpecs({ features: features.length > 0 ? features : known, more }),
);
process.exitCode = stages.finish();

function split(args: string[]): [string[], string[]] {
  const at = args.findIndex((arg) => arg === "--" || arg.startsWith("-"));
  if (at < 0) return [args, []];
  return [args.slice(0, at), args.slice(args[at] === "--" ? at + 1 : at)];
}
