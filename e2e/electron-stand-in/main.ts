// The stand-in for Electron: Node and the system's Chromium behaving like it, for tests on machines that cannot have the
// binary. README.md says what it is and what it cannot show; this entry wires its parts and starts the app.
import inspector from "node:inspector";
import { createRequire, registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { app } from "./app.ts";
import { BrowserWindow, useBrowserForWindows } from "./browserWindow.ts";
import { proxyCdp } from "./cdpProxy.ts";
import { Chromium } from "./chromium.ts";
import { Notification, Tray, clipboard, globalShortcut, nativeImage, powerMonitor, screen, shell } from "./desk.ts";
import { dialog } from "./dialog.ts";
import { ipcMain } from "./ipcMain.ts";
import { journal } from "./journal.ts";
import { startLoopback } from "./loopback.ts";
import { Menu, MenuItem } from "./menu.ts";
import { nativeTheme } from "./nativeTheme.ts";
import { resolverRule } from "./origins.ts";
import { MessageChannelMain } from "./ports.ts";
import { net, protocol } from "./protocol.ts";
import { safeStorage } from "./safeStorage.ts";
import { defaultSession, session } from "./session.ts";
import { strict } from "./strict.ts";
import { utilityProcess } from "./utilityProcess.ts";
import { WebContents } from "./webContents.ts";

const electron = {
  app, BrowserWindow, clipboard, dialog, globalShortcut, ipcMain, Menu, MenuItem, MessageChannelMain, nativeImage, nativeTheme, net,
  Notification, powerMonitor, protocol, safeStorage, screen, session, shell, Tray, utilityProcess, webContents: WebContents,
}; // prettier-ignore

await main();

async function main(): Promise<void> {
  const { launch } = app;
  provideElectron();
  describeProcess();
  if (launch.switches.has("inspect")) inspector.open(0, "127.0.0.1"); // prints the line that Playwright waits for
  const require = createRequire(import.meta.url);
  for (const script of launch.preloads) require(script);
  await import(pathToFileURL(launch.entry).href);
  await startBrowser(process.env["STAND_IN_HEADFUL"] === "1");
  app.start();
}

async function startBrowser(headful: boolean): Promise<void> {
  let chromium: Chromium | undefined;
  const loopback = await startLoopback({
    onDevtools(client) {
      if (!chromium) return client.close();
      proxyCdp(client, chromium.devtoolsUrl, {
        onOutsideNavigation: ({ targetId, url }) => WebContents.fromDevToolsTargetId(targetId)?.expectNavigation(url),
        preloadRegistered: (targetId) => WebContents.preloadRegistered(targetId),
      });
    },
    onRenderer(key, accept) {
      const contents = WebContents.withKey(key);
      if (contents) void accept().then((socket) => contents.link.connect(socket));
      return contents !== undefined;
    },
  });
  chromium = await Chromium.start({
    profileDir: join(app.getPath("sessionData"), "stand-in-chromium"),
    headful,
    resolverRule: resolverRule(loopback.port),
    switches: app.switches,
  });
  endWith(chromium);
  await useBrowserForWindows(chromium, headful);
  await defaultSession.useBrowser(chromium);
  process.stderr.write(`DevTools listening on ${loopback.devtoolsUrl}\n`);
}

/** App and browser are one thing to the outside: neither lives without the other. */
function endWith(chromium: Chromium): void {
  app.atExit.push(() => chromium.close());
  chromium.onExit = (inOrder) => {
    if (!inOrder) {
      console.error("stand-in: Chromium crashed, so the app ends");
      process.exit(1);
    }
    // Its user closed the last window, or Ctrl-C reached it as well: the app has its windows closed, and ends in good order.
    for (const window of BrowserWindow.getAllWindows()) window.markClosed();
  };
  process.on("exit", () => chromium.kill());
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => app.quit());
}

/** `import … from "electron"` and `require("electron")`, in the app and in Playwright's `electronApp.evaluate`. */
function provideElectron(): void {
  const place = Symbol.for("kontor.stand-in");
  Object.defineProperty(globalThis, place, { value: { electron: strict(electron, "electron"), journal } });
  const root = `globalThis[Symbol.for("kontor.stand-in")].electron`;
  const names = Object.keys(electron).join(", ");
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "electron" && specifier !== "electron/main") return next(specifier, context);
      const kind = context.conditions.includes("require") ? "commonjs" : "module";
      return { url: `stand-in:electron-${kind}`, format: kind, shortCircuit: true };
    },
    load(url, context, next) {
      if (url === "stand-in:electron-commonjs")
        return { format: "commonjs", source: `module.exports = ${root};`, shortCircuit: true };
      if (url !== "stand-in:electron-module") return next(url, context);
      return {
        format: "module",
        source: `const electron = ${root};\nexport default electron;\nexport const { ${names} } = electron;\n`,
        shortCircuit: true,
      };
    },
  });
}

/** What an app finds in `process` under Electron. */
function describeProcess(): void {
  process.argv = [process.execPath, ...app.launch.args];
  const { version } = createRequire(import.meta.url)("electron/package.json") as { version: string };
  Object.defineProperty(process.versions, "electron", { value: version, enumerable: true });
  Object.defineProperty(process, "type", { value: "browser" });
  Object.defineProperty(process, "defaultApp", { value: true });
  Object.defineProperty(process, "resourcesPath", { value: join(app.getAppPath(), "resources") });
}
