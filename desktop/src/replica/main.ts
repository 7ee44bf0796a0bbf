import process from "node:process";
import type { FromReplica, ToReplica } from "#contract";
import { electronPort } from "#replica/storage";
import { runReplicaProcess } from "./replica.process.ts";
import type { ClosablePort } from "./window.ports.ts";

/** Entry of the utility process. Of Electron it knows nothing but the shape of its parent port. */
interface UtilityPort {
  postMessage(message: unknown): void;
  on(event: "message" | "close", listener: (value: unknown) => void): unknown;
  start?(): void;
  close(): void;
}
interface UtilityParent {
  postMessage(message: FromReplica): void;
  on(event: "message", listener: (event: { data: ToReplica; ports: UtilityPort[] }) => void): unknown;
}

const { parentPort } = process as typeof process & { readonly parentPort?: UtilityParent };
if (!parentPort) throw new Error("This file is the entry of the replica's utility process.");

const closable = (port: UtilityPort): ClosablePort => ({ ...electronPort(port), close: () => port.close() });

/** Main starts the process again when it ends. */
const RESTART_EXIT_CODE = 75; // EX_TEMPFAIL in sysexits.h: try again

runReplicaProcess({
  parent: {
    post: (message) => parentPort.postMessage(message),
    onMessage: (receive) => void parentPort.on("message", ({ data, ports }) => receive(data, ports.map(closable))),
  },
  log: {
    // Standard output goes to the app's own log; nothing of a document is ever written there.
    info: (message, details) => process.stdout.write(`${JSON.stringify({ level: "info", message, ...details })}\n`),
    warn: (message, details) => process.stderr.write(`${JSON.stringify({ level: "warn", message, ...details })}\n`),
  },
  restart: () => process.exit(RESTART_EXIT_CODE),
});
