// `npm run dist`: the desktop's installers for this system, into release/. What follows goes to electron-builder as it is
// (`npm run dist -- --dir` packs without making an installer).
import { join } from "node:path";
import { build, desktopBuild } from "./builds.ts";
import { onStopRequest, run, stopAll } from "./children.ts";
import { ensureElectron } from "./electron.ts";
import { root, toolOf } from "./repository.ts";

onStopRequest(async () => {
  await stopAll();
  process.exit(130);
});
const electron = await ensureElectron({ again: true });
if (electron.name !== "Electron") {
  console.error("An installer holds Electron's binary, and that could not be downloaded here.");
  process.exit(1);
}
console.log("Building the desktop …");
await build(desktopBuild);
const packing = [...toolOf("desktop", "electron-builder"), "--config", "../electron-builder.yml", "--publish", "never"];
const page = await homepage();
const metadata = page ? [`-c.extraMetadata.homepage=${page}`] : [];
const { code } = await run([...packing, ...metadata, ...process.argv.slice(2)], {
  cwd: join(root, "desktop"),
  output: "show",
});
process.exitCode = code;

/** A Debian package must name one; the place that this checkout came from is the truest. */
async function homepage(): Promise<string | undefined> {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY) return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  const { output } = await run(["git", "remote", "get-url", "origin"], { output: "keep" });
  return /^https:\/\/\S+/.exec(output.trim())?.[0];
}
