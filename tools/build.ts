// `npm run build`: the console and the desktop, where their sources are newer than what was built; `-- console` for one.
import { buildWhereStale, consoleBuild, desktopBuild } from "./builds.ts";
import { onStopRequest, stopAll } from "./children.ts";

const asked = process.argv.slice(2);
const builds = [consoleBuild, desktopBuild].filter(({ name }) => asked.length === 0 || asked.includes(name));
if (builds.length === 0) {
  console.error(`There is no build ${asked.join(", ")}: console, desktop.`);
  process.exit(2);
}
onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});
try {
  await buildWhereStale(builds);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
