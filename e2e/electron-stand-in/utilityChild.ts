// The first script of a utility process: gives it `process.parentPort`, then becomes the module it was forked for.
import { EventEmitter } from "node:events";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createPortRelay } from "./portRelay.ts";
import { MessagePortMain, nodePorts } from "./ports.ts";
import type { UtilityFrame } from "./wire.ts";

const post = (frame: UtilityFrame): void => {
  if (process.connected) process.send?.(frame);
};
const relay = createPortRelay("utility-", nodePorts, post);

class ParentPort extends EventEmitter {
  postMessage(data: unknown): void {
    post({ kind: "message", data, ports: [] });
  }
}
const parentPort = new ParentPort();

// Messages that came before the module listens are kept for it.
let early: object[] | undefined = [];
parentPort.on("newListener", (event) => {
  if (event !== "message" || !early) return;
  const kept = early;
  early = undefined;
  queueMicrotask(() => kept.forEach((message) => parentPort.emit("message", message)));
});

process.on("message", (frame: UtilityFrame) => {
  if (frame.kind !== "message") return relay.onFrame(frame);
  const message = { data: frame.data, ports: frame.ports.map((id) => new MessagePortMain(relay.receive(id))) };
  if (early) early.push(message);
  else parentPort.emit("message", message);
});
process.on("disconnect", () => process.exit(0));

Object.defineProperty(process, "parentPort", { value: parentPort });
Object.defineProperty(process, "type", { value: "utility" });
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "electron" || specifier.startsWith("electron/"))
      throw new Error(`stand-in: "${specifier}" is not implemented in a utility process`);
    return next(specifier, context);
  },
});

process.argv.splice(1, 1); // [executable, module, ...args], as in Electron
const [, modulePath = ""] = process.argv;
await import(pathToFileURL(resolve(modulePath)).href);
