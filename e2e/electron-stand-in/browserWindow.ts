// `BrowserWindow`: one Chromium window with one page.
import type Electron from "electron";
import { app } from "./app.ts";
import type { Chromium } from "./chromium.ts";
import { debug } from "./journal.ts";
import { StandInEmitter, StandInEvent, strict } from "./strict.ts";
import { WebContents } from "./webContents.ts";

type Bounds = Electron.Rectangle;
type WindowState = "normal" | "minimized" | "maximized" | "fullscreen";

const events = [
  "ready-to-show", "show", "hide", "focus", "blur", "close", "closed", "resize", "resized", "move", "moved", "minimize", "restore",
  "maximize", "unmaximize", "enter-full-screen", "leave-full-screen", "page-title-updated", "unresponsive", "responsive",
]; // prettier-ignore

/** The browser's side of windows: pages come paused, each is claimed by the window that asked for it. */
class Pages {
  private readonly sessionIds = new Map<string, string>(); // by target id
  private readonly claims = new Map<string, (sessionId: string) => void>();
  private spare: string | undefined;
  readonly chromium: Chromium;

  constructor(chromium: Chromium) {
    this.chromium = chromium;
  }

  /** With a display Chromium starts with one window that looks like an app's; the first BrowserWindow takes it. */
  offerSpare(targetId: string): void {
    this.spare = targetId;
  }

  async open({ width, height }: Bounds): Promise<{ targetId: string; sessionId: string }> {
    const targetId =
      this.takeSpare() ??
      (await this.chromium.root.send("Target.createTarget", { url: "about:blank", newWindow: true, width, height }))
        .targetId;
    const sessionId =
      this.sessionIds.get(targetId) ?? (await new Promise<string>((resolve) => this.claims.set(targetId, resolve)));
    return { targetId, sessionId };
  }

  attached(targetId: string, sessionId: string): void {
    this.sessionIds.set(targetId, sessionId);
    this.claims.get(targetId)?.(sessionId);
    this.claims.delete(targetId);
  }

  private takeSpare(): string | undefined {
    const spare = this.spare;
    this.spare = undefined;
    return spare;
  }
}

let pages: Pages | undefined;

/** Called once, by the entry, before `ready`. */
export async function useBrowserForWindows(chromium: Chromium, headful: boolean): Promise<void> {
  const ours = new Pages(chromium);
  pages = ours;
  const { root } = chromium;
  root.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    ours.attached(targetInfo.targetId, sessionId);
    if (!targetInfo.openerId) return;
    // A page opened it in a way that the main world does not catch (a form, a middle click): it is still paused and ends here.
    WebContents.fromDevToolsTargetId(targetInfo.openerId)?.denyWindowOpen({
      url: targetInfo.url,
      frameName: "",
      features: "",
    });
    root
      .send("Target.closeTarget", { targetId: targetInfo.targetId })
      .catch((error: unknown) => debug("popup:", String(error)));
  });
  root.on("Target.targetDestroyed", ({ targetId }) => {
    BrowserWindow.getAllWindows()
      .find((window) => window.webContents.targetId === targetId)
      ?.markClosed();
  });
  await root.send("Target.setDiscoverTargets", { discover: true, filter: [{ type: "page" }] });
  await root.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter: [{ type: "page" }],
  });
  if (!headful) return;
  const { targetInfos } = await root.send("Target.getTargets", { filter: [{ type: "page" }] });
  if (targetInfos[0]) ours.offerSpare(targetInfos[0].targetId);
}

export class BrowserWindow extends StandInEmitter {
  private static lastId = 0;
  private static windows: BrowserWindow[] = [];
  private static focused: BrowserWindow | null = null;

  readonly id: number;
  readonly webContents: WebContents;
  readonly opened: Promise<void>;
  private readonly options: Electron.BrowserWindowConstructorOptions;
  private readonly self: BrowserWindow; // the loud proxy, which is what everyone outside knows
  private bounds: Bounds;
  private title: string;
  private state: WindowState = "normal";
  private visible: boolean;
  private destroyed = false;
  private closing = false;

  constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
    super("BrowserWindow", events);
    if (!app.hasStarted) throw new Error("Cannot create BrowserWindow before app is ready");
    this.id = ++BrowserWindow.lastId;
    this.self = strict<BrowserWindow>(this, "BrowserWindow");
    this.options = options;
    this.title = options.title ?? app.name;
    this.bounds = { x: options.x ?? 0, y: options.y ?? 0, width: options.width ?? 800, height: options.height ?? 600 };
    this.visible = options.show !== false;
    this.webContents = new WebContents(this.self, options.webPreferences ?? {});
    this.webContents.once("did-finish-load", () => this.emit("ready-to-show", {}));
    BrowserWindow.windows.push(this.self);
    app.openWindows.add(this.self);
    this.opened = this.open();
    this.opened.catch((error: unknown) => console.error("stand-in: the window could not be opened:", error));
    app.emit("browser-window-created", {}, this.self);
    app.emit("web-contents-created", {}, this.webContents);
    if (this.visible) this.takeFocus();
    return this.self;
  }

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.windows];
  }
  static fromWebContents(contents: WebContents | undefined): BrowserWindow | null {
    return BrowserWindow.windows.find((window) => window.webContents.id === contents?.id) ?? null;
  }
  static fromId(id: number): BrowserWindow | null {
    return BrowserWindow.windows.find((window) => window.id === id) ?? null;
  }
  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.focused;
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }
  reload(): void {
    this.webContents.reload();
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }
  isVisible(): boolean {
    return this.visible;
  }
  isFocused(): boolean {
    return BrowserWindow.focused?.id === this.id;
  }
  isMinimized(): boolean {
    return this.state === "minimized";
  }
  isMaximized(): boolean {
    return this.state === "maximized";
  }
  isFullScreen(): boolean {
    return this.state === "fullscreen";
  }
  getTitle(): string {
    return this.title;
  }
  setTitle(title: string): void {
    this.title = title;
  }
  getBounds(): Bounds {
    return { ...this.bounds };
  }
  getNormalBounds(): Bounds {
    return { ...this.bounds };
  }
  setBounds(bounds: Partial<Bounds>): void {
    const before = this.bounds;
    this.bounds = { ...before, ...bounds };
    const { width, height, x, y } = this.bounds;
    if (width !== before.width || height !== before.height) {
      this.inBrowser((windowId, { root }) => root.send("Browser.setContentsSize", { windowId, width, height }));
      this.emit("resize", {});
      this.emit("resized", {});
    }
    if (x === before.x && y === before.y) return;
    this.emit("move", {});
    this.emit("moved", {});
  }

  show(): void {
    this.showInactive();
    this.takeFocus();
  }
  showInactive(): void {
    if (this.visible) return;
    this.visible = true;
    this.setState("normal");
    this.emit("show", {});
  }
  hide(): void {
    if (!this.visible) return;
    this.visible = false;
    this.setWindowState("minimized"); // Chromium knows no hidden window; a minimized page is hidden to itself too
    this.loseFocus();
    this.emit("hide", {});
  }
  focus(): void {
    this.takeFocus();
    this.inBrowser(() => this.webContents.page.send("Page.bringToFront"));
  }
  blur(): void {
    this.loseFocus();
  }
  minimize(): void {
    this.setState("minimized");
    this.loseFocus();
    this.emit("minimize", {});
  }
  restore(): void {
    this.setState("normal");
    this.emit("restore", {});
  }
  maximize(): void {
    this.setState("maximized");
    this.emit("maximize", {});
  }
  unmaximize(): void {
    this.setState("normal");
    this.emit("unmaximize", {});
  }
  // Nothing to see on a machine without a desktop.
  setMenu(): void {}
  removeMenu(): void {}
  setMenuBarVisibility(): void {}
  setAutoHideMenuBar(): void {}
  setMinimumSize(): void {}
  setBackgroundColor(): void {}
  setIcon(): void {}
  setProgressBar(): void {}
  flashFrame(): void {}
  setTitleBarOverlay(): void {}

  /** The app may prevent it, then the page may (beforeunload); only then is the window gone. */
  close(): void {
    if (this.destroyed || this.closing) return;
    const event = new StandInEvent();
    this.emit("close", event);
    if (event.defaultPrevented) return app.cancelQuit();
    if (this.webContents.isCrashed()) return this.destroy(); // such a page has nothing to say any more
    this.closing = true;
    void this.opened.then(() => this.webContents.page.send("Page.close")).catch(() => this.markClosed());
  }

  destroy(): void {
    if (this.destroyed) return;
    const { targetId } = this.webContents;
    this.inBrowser((_, { root }) => root.send("Target.closeTarget", { targetId }));
    this.markClosed();
  }

  /** Not Electron's: the page is gone from the browser. */
  markClosed(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.loseFocus();
    this.webContents.markDestroyed();
    BrowserWindow.windows = BrowserWindow.windows.filter((window) => window.id !== this.id);
    this.emit("closed", {});
    setImmediate(() => app.windowClosed(this.self));
  }

  private async open(): Promise<void> {
    const browser = requirePages();
    const { targetId, sessionId } = await browser.open(this.bounds);
    const cdp = browser.chromium.session(sessionId);
    cdp.on("Page.javascriptDialogOpening", ({ type }) => {
      if (type !== "beforeunload" || !this.closing) return;
      this.closing = false;
      app.cancelQuit();
      cdp.send("Page.handleJavaScriptDialog", { accept: false }).catch(() => {}); // Playwright may have answered it already
    });
    await this.webContents.attach(targetId, cdp);
    const { windowId } = await browser.chromium.root.send("Browser.getWindowForTarget", { targetId });
    const { width, height } = this.bounds;
    await browser.chromium.root.send("Browser.setContentsSize", { windowId, width, height });
  }

  private setState(state: WindowState): void {
    this.state = state;
    this.setWindowState(state);
  }

  private setWindowState(windowState: WindowState): void {
    this.inBrowser((windowId, { root }) => root.send("Browser.setWindowBounds", { windowId, bounds: { windowState } }));
  }

  private inBrowser(work: (windowId: number, chromium: Chromium) => Promise<unknown>): void {
    const { chromium } = requirePages();
    const run = async (): Promise<void> => {
      await this.opened;
      const { windowId } = await chromium.root.send("Browser.getWindowForTarget", {
        targetId: this.webContents.targetId,
      });
      await work(windowId, chromium);
    };
    run().catch((error: unknown) => debug("window:", String(error))); // the window may be gone by now
  }

  private takeFocus(): void {
    const before = BrowserWindow.focused;
    if (before?.id === this.id) return;
    before?.loseFocus();
    BrowserWindow.focused = this.self;
    this.emit("focus", {});
    app.emit("browser-window-focus", {}, this.self);
  }

  private loseFocus(): void {
    if (!this.isFocused()) return;
    BrowserWindow.focused = null;
    this.emit("blur", {});
    app.emit("browser-window-blur", {}, this.self);
  }
}

function requirePages(): Pages {
  if (!pages) throw new Error("stand-in: there is no browser yet");
  return pages;
}
