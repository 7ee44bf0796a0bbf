// `npm run sim -- --seeds N --from S`: random walks of several desks against a real server, with outages, restarts,
// changes of rows, attributes and policies, each compared at rest with an oracle that knows nothing of the engine (VIS-1).
// A seed that fails is walked again with fewer steps, and the shortest walk that still fails is printed.
import { parseArgs } from "node:util";
import { onStopRequest, run, stopAll } from "./children.ts";
import { root, toolOf } from "./repository.ts";

const WALK = "e2e/sync/visibility.test.ts";
const FULL_STEPS = 60; // as the walk's own default
const HELP = `npm run sim -- [options]
  --seeds N   how many walks (default: 20)
  --from S    the first seed (default: 1)
  --steps N   steps of each walk (default: ${FULL_STEPS})`;

const options = readOptions();
onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});

const failed: number[] = [];
for (let seed = options.from; seed < options.from + options.seeds; seed++) {
  const passed = await walk(seed, options.steps);
  console.log(`seed ${seed}: ${passed ? "holds" : "FAILS"}`);
  if (passed) continue;
  failed.push(seed);
  const steps = await shrink(seed, options.steps);
  console.log(`  the shortest walk found: npm run sim -- --from ${seed} --seeds 1 --steps ${steps}`);
}
console.log(`${options.seeds - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** The steps of a seed are the same each time; what the network makes of them is not, so a shorter walk may hold by luck. */
async function shrink(seed: number, steps: number): Promise<number> {
  let holds = 0;
  let fails = steps;
  while (fails - holds > 1) {
    const middle = Math.floor((holds + fails) / 2);
    if (await walk(seed, middle)) holds = middle;
    else fails = middle;
  }
  return fails;
}

async function walk(seed: number, steps: number): Promise<boolean> {
  const env = { ...process.env, KONTOR_SEED: String(seed), KONTOR_SEEDS: "1", KONTOR_STEPS: String(steps) };
  const { code, output } = await run([...toolOf("", "vitest"), "run", WALK], { output: "keep", cwd: root, env });
  if (code !== 0 && steps === options.steps) console.log(output);
  return code === 0;
}

function readOptions(): { seeds: number; from: number; steps: number } {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: "string", default: "20" },
        from: { type: "string", default: "1" },
        steps: { type: "string", default: String(FULL_STEPS) },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const number = (name: "seeds" | "from" | "steps") => {
      const value = Number(values[name]);
      if (!Number.isInteger(value) || value < 1)
        throw new Error(`--${name} ${values[name]} is not a whole number above 0.`);
      return value;
    };
    return { seeds: number("seeds"), from: number("from"), steps: number("steps") };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}
