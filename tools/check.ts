// `npm run check`: formatting, lint, types and unused code. `-- --fix` formats and mends first.
import { parseArgs } from "node:util";
import { fix, runChecks } from "./checks.ts";
import { onStopRequest, stopAll } from "./children.ts";
import { createStages } from "./stages.ts";

const { values } = parseArgs({ options: { fix: { type: "boolean" } } });
onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});
if (values.fix) await fix();
const stages = createStages();
await runChecks(stages);
process.exitCode = stages.finish();
