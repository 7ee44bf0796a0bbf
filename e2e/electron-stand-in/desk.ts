// The desktop around the app: browser, clipboard, tray, notifications, screens, power. A machine for tests has none of
// them: what the app tells them is written to the journal. Where a person sits before it, files and links do open.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type Electron from "electron";
import { app } from "./app.ts";
import { BrowserWindow } from "./browserWindow.ts";
import { note } from "./journal.ts";
import { StandInEmitter, strict } from "./strict.ts";

const shellMembers: Pick<Electron.Shell, "openExternal" | "openPath" | "showItemInFolder" | "beep"> = {
  openExternal: async (url) => {
    note("shell.openExternal", url);
    if (app.hasPerson) await openOnDesktop(url);
  },
  openPath: async (path) => {
    note("shell.openPath", path);
    if (!existsSync(path)) return "Failed to open path";
    return app.hasPerson ? openOnDesktop(path).then(() => "", String) : "";
  },
  showItemInFolder: (path) => note("shell.showItemInFolder", path),
  beep: () => note("shell.beep"),
};
export const shell = strict(shellMembers, "shell");

/** Rejects when the system has nothing to open it with. */
function openOnDesktop(target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const opener = spawn("xdg-open", [target], { stdio: "ignore", detached: true });
    opener.once("error", () => reject(new Error(`xdg-open is not installed, so nothing can open ${target}`)));
    opener.once("spawn", () => resolve());
    opener.unref();
  });
}

let clipboardText = "";
const clipboardMembers: Pick<Electron.Clipboard, "writeText" | "readText" | "clear"> = {
  async writeText(text) {
    clipboardText = text;
    const page = app.hasPerson ? BrowserWindow.getFocusedWindow()?.webContents.page : undefined;
    const expression = `navigator.clipboard.writeText(${JSON.stringify(text)})`;
    await page?.send("Runtime.evaluate", { expression, awaitPromise: true, userGesture: true });
  },
  readText: async () => clipboardText,
  clear: () => void (clipboardText = ""),
};
export const clipboard = strict(clipboardMembers, "clipboard");

class NativeImage {
  private readonly png: Buffer;

  constructor(png: Buffer) {
    this.png = png;
  }
  isEmpty(): boolean {
    return this.png.length === 0;
  }
  toPNG(): Buffer {
    return this.png;
  }
  toDataURL(): string {
    return `data:image/png;base64,${this.png.toString("base64")}`;
  }
  getSize(): Electron.Size {
    const hasHeader = this.png.length > 24; // PNG: width and height are in the first chunk, at 16 and 20
    return hasHeader
      ? { width: this.png.readUInt32BE(16), height: this.png.readUInt32BE(20) }
      : { width: 0, height: 0 };
  }
  setTemplateImage(): void {}
}

const image = (png: Buffer): NativeImage => strict(new NativeImage(png), "NativeImage");
export const nativeImage = strict(
  {
    createEmpty: () => image(Buffer.alloc(0)),
    createFromPath: (path: string) => image(existsSync(path) ? readFileSync(path) : Buffer.alloc(0)),
    createFromDataURL: (url: string) => image(Buffer.from(url.split(",")[1] ?? "", "base64")),
  },
  "nativeImage",
);

export class Tray extends StandInEmitter {
  private destroyed = false;

  constructor(_image: unknown) {
    super("Tray", ["click", "right-click", "double-click", "balloon-click"]);
    note("tray");
    return strict<Tray>(this, "Tray");
  }
  setToolTip(text: string): void {
    note("tray.setToolTip", text);
  }
  setTitle(text: string): void {
    note("tray.setTitle", text);
  }
  setImage(): void {}
  setContextMenu(): void {}
  destroy(): void {
    this.destroyed = true;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
}

export class Notification extends StandInEmitter {
  readonly title: string;
  readonly body: string;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super("Notification", ["show", "click", "close", "reply", "action", "failed"]);
    this.title = options.title ?? "";
    this.body = options.body ?? "";
    return strict<Notification>(this, "Notification");
  }
  static isSupported(): boolean {
    return true;
  }
  show(): void {
    note("notification", this.title, this.body);
    setImmediate(() => this.emit("show", {}));
  }
  close(): void {
    this.emit("close", {});
  }
}

class PowerMonitor extends StandInEmitter {
  readonly onBatteryPower = false;
  constructor() {
    super("powerMonitor", ["suspend", "resume", "on-ac", "on-battery", "shutdown", "lock-screen", "unlock-screen"]);
  }
  getSystemIdleTime(): number {
    return 0;
  }
  getSystemIdleState(): "active" {
    return "active";
  }
}
export const powerMonitor = strict(new PowerMonitor(), "powerMonitor");

const area = { x: 0, y: 0, width: 1920, height: 1080 };
const size = { width: 1920, height: 1080 };
const display = {
  id: 1,
  bounds: area,
  workArea: area,
  size,
  workAreaSize: size,
  scaleFactor: 1,
  rotation: 0,
  internal: false,
};

class Screen extends StandInEmitter {
  constructor() {
    super("screen", ["display-added", "display-removed", "display-metrics-changed"]);
  }
  getPrimaryDisplay(): typeof display {
    return display;
  }
  getDisplayMatching(): typeof display {
    return display;
  }
  getAllDisplays(): (typeof display)[] {
    return [display];
  }
}
export const screen = strict(new Screen(), "screen");

const shortcuts = new Map<string, () => void>();
export const globalShortcut = strict(
  {
    register(accelerator: string, callback: () => void): boolean {
      shortcuts.set(accelerator, callback);
      return true;
    },
    unregister: (accelerator: string): void => void shortcuts.delete(accelerator),
    unregisterAll: (): void => shortcuts.clear(),
    isRegistered: (accelerator: string): boolean => shortcuts.has(accelerator),
  },
  "globalShortcut",
);
