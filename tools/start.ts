// `npm start`: the whole of Kontor on this machine, from nothing: system parts, builds, the server with its own database
// and demo data, and the desktop. Ctrl+C stops it all, the desktop first.
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildWhereStale, consoleBuild, desktopBuild } from "./builds.ts";
import { endLeftovers, MARK_VARIABLE, onStopRequest, stopAll } from "./children.ts";
import { emptyDataFolder, prepareDataFolder } from "./dataFolder.ts";
import { openDesktop } from "./desktopProcess.ts";
import { root } from "./repository.ts";
import { startServer } from "./serverProcess.ts";
import { ensureSystemParts } from "./system.ts";

const HELP = `npm start -- [options]
  --server-only      the server alone, without the desktop
  --fresh            begin anew: delete what is in the data folder (only one that npm start has made)
  --data DIR         where the database and files are kept (default: ./data)
  --port N           the server's port (default: 7480)
  --empty            no demo company
  --fetch-electron   try again to download Electron's binary`;

const GRACE_MS = 5_000; // what the server and the desktop have started ends with them, a moment later

const options = readOptions();
const mark = { id: randomUUID() };
process.env[MARK_VARIABLE] = mark.id;
let stopping = false;
onStopRequest(async (signal) => {
  console.log("\nStopping …");
  await end(signal === "SIGINT" ? 130 : 143);
});

try {
  await bringUp();
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    await end(1);
  }
}

/** The desktop goes first, so that it can still hand over to the server what it holds. */
async function end(code: number): Promise<void> {
  stopping = true;
  await stopAll();
  await endLeftovers(mark, GRACE_MS);
  process.exit(code);
}

async function bringUp(): Promise<void> {
  await ensureSystemParts("use");
  if (options.fresh) emptyDataFolder(options.data);
  prepareDataFolder(options.data);
  await buildWhereStale(options.serverOnly ? [consoleBuild] : [consoleBuild, desktopBuild]);

  console.log(`Starting the server with its data in ${options.data} …`);
  mkdirSync(join(options.data, "log"), { recursive: true });
  const logFile = join(options.data, "log/server.log");
  const server = await startServer({ data: options.data, port: options.port, demo: !options.empty, logFile });
  console.log(`\nKontor is ready.
  Server and API     ${server.url}
  Console            ${server.url}/console/
  API, documented    ${server.url}/api/docs
  Log                ${logFile}`);

  if (options.serverOnly) console.log("\nCtrl+C stops the server.");
  else {
    const desktop = await openDesktop({
      serverUrl: server.url,
      profile: join(options.data, "desktop"),
      fetchAgain: options.fetchElectron,
    });
    console.log(desktop ? "\nCtrl+C stops the desktop and the server." : "\nCtrl+C stops the server.");
    desktop?.once(
      "exit",
      () => stopping || console.log("The desktop was closed; the server still runs. Ctrl+C stops it."),
    );
  }
  server.child.once("exit", async (code) => {
    if (stopping) return;
    console.error(`The server ended by itself (code ${code}); see ${logFile}.`);
    await end(1);
  });
}

function readOptions(): {
  data: string;
  port: number | undefined;
  serverOnly: boolean;
  fresh: boolean;
  empty: boolean;
  fetchElectron: boolean;
} {
  try {
    const { values } = parseArgs({
      options: {
        "server-only": { type: "boolean", default: false },
        fresh: { type: "boolean", default: false },
        empty: { type: "boolean", default: false },
        "fetch-electron": { type: "boolean", default: false },
        data: { type: "string", default: join(root, "data") },
        port: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535))
      throw new Error(`--port ${values.port} is not a port: 0 (any free one) to 65535.`);
    return {
      data: resolve(process.env.INIT_CWD ?? root, values.data),
      port,
      serverOnly: values["server-only"],
      fresh: values.fresh,
      empty: values.empty,
      fetchElectron: values["fetch-electron"],
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    process.exit(2);
  }
}
