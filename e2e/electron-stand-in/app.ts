// `app`: names, paths, the life cycle and its events.
//
// Electron's interface is one set of objects per process, and so are these modules: they hold their state at module level,
// which nothing else in this repository does.
import { mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type Launch, parseLaunch } from "./launch.ts";
import { note } from "./journal.ts";
import { claimInstance } from "./singleInstance.ts";
import { StandInEmitter, StandInEvent, strict } from "./strict.ts";

/** What `app` needs of a window: browserWindow.ts registers them here. */
export interface OpenWindow {
  close(): void;
}

const events = [
  "ready", "will-finish-launching", "window-all-closed", "activate", "before-quit", "will-quit", "quit", "second-instance",
  "web-contents-created", "browser-window-created", "browser-window-focus", "browser-window-blur", "render-process-gone", "child-process-gone", "open-url", "open-file", "login", "certificate-error",
]; // prettier-ignore

class App extends StandInEmitter {
  readonly isPackaged = false;
  readonly openWindows = new Set<OpenWindow>();
  /** Run in order when the process ends in good order. */
  readonly atExit: (() => Promise<void> | void)[] = [];
  readonly switches = new Map<string, string>();
  /** Somebody sits before it (`npm start` with a display), and not a spec, which always starts it with --inspect. */
  readonly hasPerson: boolean;
  /** The stand-in's own `isReady`: Playwright's loader replaces the public one. */
  hasStarted = false;

  readonly commandLine = strict(
    {
      appendSwitch: (name: string, value = ""): void => void this.switches.set(name, String(value)),
      hasSwitch: (name: string): boolean => this.switches.has(name) || this.launch.switches.has(name),
      getSwitchValue: (name: string): string => this.switches.get(name) ?? this.launch.switches.get(name) ?? "",
      removeSwitch: (name: string): void => void this.switches.delete(name),
    },
    "app.commandLine",
  );

  readonly launch: Launch;
  private readonly paths = new Map<string, string>();
  private readonly started = Promise.withResolvers<object>();
  private name_: string;
  private badge = 0;
  private quitting = false;
  private exiting = false;

  constructor(launch: Launch) {
    super("app", events);
    this.launch = launch;
    this.hasPerson = process.env["STAND_IN_HEADFUL"] === "1" && !launch.switches.has("inspect");
    this.name_ = launch.manifest.productName ?? launch.manifest.name ?? "Electron";
  }

  get name(): string {
    return this.name_;
  }
  set name(name: string) {
    this.name_ = name;
  }
  getName(): string {
    return this.name_;
  }
  setName(name: string): void {
    this.name_ = name;
  }
  getVersion(): string {
    return this.launch.manifest.version ?? "0.0.0";
  }
  getAppPath(): string {
    return this.launch.appDir;
  }
  getLocale(): string {
    return this.commandLine.getSwitchValue("lang") || "en-US";
  }
  getPreferredSystemLanguages(): string[] {
    return [this.getLocale()];
  }

  getPath(name: string): string {
    const set = this.paths.get(name);
    if (set) return set;
    const home = homedir();
    const appData = process.env["XDG_CONFIG_HOME"] ?? join(home, ".config");
    switch (name) {
      case "home":
        return home;
      case "appData":
        return appData;
      case "userData":
        return this.launch.switches.get("user-data-dir") || join(appData, this.name_);
      case "sessionData":
        return this.getPath("userData");
      case "logs":
        return join(this.getPath("userData"), "logs");
      case "temp":
        return tmpdir();
      case "exe":
        return process.execPath;
      case "desktop":
        return join(home, "Desktop");
      case "documents":
        return join(home, "Documents");
      case "downloads":
        return join(home, "Downloads");
      default:
        throw new Error(`Failed to get '${name}' path`);
    }
  }

  setPath(name: string, path: string): void {
    if (name === "userData" || name === "sessionData") mkdirSync(path, { recursive: true });
    this.paths.set(name, path);
  }

  isReady(): boolean {
    return this.hasStarted;
  }
  whenReady(): Promise<object> {
    return this.started.promise;
  }
  /** Called once, by the entry, when the browser is there. */
  start(): void {
    this.hasStarted = true;
    this.emit("will-finish-launching");
    this.started.resolve({});
    this.emit("ready", {}, {});
  }

  requestSingleInstanceLock(additionalData: object = {}): boolean {
    const message = { argv: process.argv, workingDirectory: process.cwd(), additionalData };
    return claimInstance(join(this.getPath("userData"), "stand-in-instance"), message, (second) => {
      void this.whenReady().then(() =>
        this.emit("second-instance", {}, second.argv, second.workingDirectory, second.additionalData),
      );
    });
  }

  setBadgeCount(count = 0): boolean {
    note("app.setBadgeCount", count);
    this.badge = count;
    return true;
  }
  getBadgeCount(): number {
    return this.badge;
  }
  relaunch(options?: object): void {
    note("app.relaunch", options);
  }
  focus(): void {
    note("app.focus");
  }
  setAppUserModelId(): void {}
  setAsDefaultProtocolClient(scheme: string): boolean {
    note("app.setAsDefaultProtocolClient", scheme);
    return true;
  }
  disableHardwareAcceleration(): void {}
  enableSandbox(): void {} // every window of the stand-in is sandboxed; see browserWindow.ts

  quit(): void {
    if (this.quitting || this.exiting) return;
    const event = new StandInEvent();
    this.emit("before-quit", event);
    if (event.defaultPrevented) return;
    this.quitting = true;
    for (const window of this.openWindows) window.close();
    this.continueQuit();
  }

  /** A window refused to close: the quit is off, as in Electron. */
  cancelQuit(): void {
    this.quitting = false;
  }

  windowClosed(window: OpenWindow): void {
    this.openWindows.delete(window);
    if (this.openWindows.size > 0) return;
    if (this.quitting) this.continueQuit();
    else if (this.listenerCount("window-all-closed") > 0) this.emit("window-all-closed");
    else this.quit();
  }

  exit(code = 0): void {
    if (this.exiting) return;
    this.exiting = true;
    this.emit("quit", {}, code);
    void this.finish(code);
  }

  private continueQuit(): void {
    if (this.openWindows.size > 0 || this.exiting) return;
    const event = new StandInEvent();
    this.emit("will-quit", event);
    if (event.defaultPrevented) this.quitting = false;
    else this.exit(0);
  }

  private async finish(code: number): Promise<void> {
    for (const step of this.atExit) await step();
    process.exit(code);
  }
}

export const app = strict(new App(parseLaunch(process.argv.slice(2))), "app");
