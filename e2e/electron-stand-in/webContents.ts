// `webContents`: one page, its preload, its IPC.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type Electron from "electron";
import { app } from "./app.ts";
import type { Cdp } from "./chromium.ts";
import { debug, note } from "./journal.ts";
import { nativeTheme } from "./nativeTheme.ts";
import { toApp, toBrowser } from "./origins.ts";
import { type MessagePortMain, takePort } from "./ports.ts";
import { createInjection } from "./renderer/injection.ts";
import { socketPath, workerPath } from "./renderer/socketWorker.ts";
import { RendererLink } from "./rendererLink.ts";
import { guardRequests } from "./requestGate.ts";
import { type Session, defaultSession } from "./session.ts";
import { StandInEmitter, strict } from "./strict.ts";
import { WebFrameMain } from "./webFrameMain.ts";

/** What a page needs of its window: browserWindow.ts implements it. */
export interface ContentsOwner {
  close(): void;
  destroy(): void;
  focus(): void;
  /** Resolves when the page exists in the browser. */
  readonly opened: Promise<void>;
}

type WindowOpenHandler = (details: Electron.HandlerDetails) => { action: "allow" | "deny" };

const events = [
  "will-navigate", "did-navigate", "did-navigate-in-page", "did-start-loading", "did-stop-loading", "did-finish-load", "did-fail-load",
  "dom-ready", "render-process-gone", "will-attach-webview", "preload-error", "console-message", "destroyed", "will-frame-navigate",
  "will-redirect", "did-create-window", "before-input-event", "context-menu",
]; // prettier-ignore

const all = new Set<WebContents>();
// Whether a page's preload is registered, by target id: Playwright may ask before the window knows its page.
const wired = new Map<string, PromiseWithResolvers<void>>();

function wiredOf(targetId: string): PromiseWithResolvers<void> {
  const known = wired.get(targetId) ?? Promise.withResolvers<void>();
  wired.set(targetId, known);
  return known;
}

export class WebContents extends StandInEmitter {
  private static lastId = 0;

  readonly id: number;
  readonly session: Session = defaultSession;
  readonly mainFrame: WebFrameMain;
  readonly owner: ContentsOwner;
  readonly link: RendererLink;
  targetId = "";
  private readonly self: WebContents;
  private readonly preferences: Electron.WebPreferences;
  private cdp: Cdp | undefined;
  private browserUrl = "";
  private outside: string | undefined; // see `expectNavigation`
  private windowOpenHandler: WindowOpenHandler | undefined;
  private destroyed = false;
  private crashed = false;
  private loading = false;

  constructor(owner: ContentsOwner, preferences: Electron.WebPreferences) {
    super("webContents", events);
    if (preferences.sandbox === false || preferences.contextIsolation === false || preferences.nodeIntegration) {
      throw new Error("stand-in: only windows with sandbox and contextIsolation, and without nodeIntegration");
    }
    this.id = ++WebContents.lastId;
    this.owner = owner;
    this.preferences = preferences;
    const self = strict<WebContents>(this, "webContents"); // what everyone outside knows
    this.mainFrame = strict(new WebFrameMain(self), "WebFrameMain");
    this.link = new RendererLink(self);
    this.self = self;
    all.add(self);
    return self;
  }

  static getAllWebContents(): WebContents[] {
    return [...all];
  }
  static fromId(id: number): WebContents | undefined {
    return [...all].find((contents) => contents.id === id);
  }
  /** Playwright finds the window of a page by this. */
  static fromDevToolsTargetId(targetId: string): WebContents | undefined {
    return [...all].find((contents) => contents.targetId === targetId);
  }
  /** Resolves when documents of this page may start. */
  static preloadRegistered(targetId: string): Promise<void> {
    return wiredOf(targetId).promise;
  }
  static withKey(key: string): WebContents | undefined {
    return [...all].find((contents) => contents.link.key === key);
  }

  // --- Electron's interface

  getURL(): string {
    return toApp(this.browserUrl);
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  isCrashed(): boolean {
    return this.crashed;
  }
  isLoading(): boolean {
    return this.loading;
  }
  openDevTools(): void {
    note("webContents.openDevTools");
  }
  closeDevTools(): void {}
  isDevToolsOpened(): boolean {
    return false;
  }
  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.windowOpenHandler = handler;
  }
  setZoomFactor(factor: number): void {
    note("webContents.setZoomFactor", factor);
  }
  focus(): void {
    this.owner.focus();
  }

  send(channel: string, ...args: unknown[]): void {
    if (!this.destroyed) this.link.deliver({ channel, args, ports: [] });
  }
  postMessage(channel: string, message: unknown, transfer: MessagePortMain[] = []): void {
    if (!this.destroyed) this.link.deliver({ channel, args: [message], ports: transfer.map(takePort) });
  }

  async loadURL(url: string): Promise<void> {
    await this.owner.opened;
    const cdp = this.page;
    this.loading = true;
    this.emit("did-start-loading");
    const loaded = new Promise<void>((resolve) => this.once("did-finish-load", () => resolve()));
    this.expectNavigation(toBrowser(url));
    const { errorText } = await cdp.send("Page.navigate", { url: toBrowser(url) });
    if (errorText) {
      this.loading = false;
      this.emit("did-fail-load", {}, -2, errorText, url, true);
      throw Object.assign(new Error(`${errorText} (-2) loading '${url}'`), { code: errorText, errno: -2, url });
    }
    await loaded;
  }

  reload(): void {
    this.expectNavigation(undefined);
    this.fireAndForget(this.page.send("Page.reload"));
  }

  async executeJavaScript(code: string): Promise<unknown> {
    await this.owner.opened;
    const { result, exceptionDetails } = await this.page.send("Runtime.evaluate", {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as unknown;
  }

  forcefullyCrashRenderer(): void {
    this.fireAndForget(this.page.send("Page.crash"));
  }

  /** Playwright's `page.close()` comes here. */
  close(options: { waitForBeforeUnload?: boolean } = {}): void {
    if (options.waitForBeforeUnload) this.owner.close();
    else this.owner.destroy();
  }

  // --- the stand-in's own

  /** Prepares the page while it is still paused: preload, request gate, theme, events. */
  async attach(targetId: string, cdp: Cdp): Promise<void> {
    this.targetId = targetId;
    this.cdp = cdp;
    this.listenToPage(cdp);
    const { preload } = this.preferences;
    const source = preload === undefined ? undefined : { file: preload, source: readFileSync(preload, "utf8") };
    const eventName = randomBytes(12).toString("hex");
    const { platform, arch, version, versions } = process;
    const argv = [process.execPath, ...(this.preferences.additionalArguments ?? [])];
    const options = {
      eventName,
      key: this.link.key,
      workerPath,
      socketPath,
      process: { platform, arch, version, versions: { ...versions }, argv },
    };
    const { mainWorld, isolatedWorld } = createInjection(options, source);
    const applyTheme = (): Promise<unknown> => cdp.send("Emulation.setEmulatedMedia", { features: [colorScheme()] });
    const onTheme = (): void => this.fireAndForget(applyTheme());
    nativeTheme.on("updated", onTheme);
    this.once("destroyed", () => nativeTheme.off("updated", onTheme));

    await Promise.all([
      cdp.send("Page.enable"),
      cdp.send("Inspector.enable"),
      cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: mainWorld }),
      cdp.send("Page.addScriptToEvaluateOnNewDocument", {
        source: isolatedWorld,
        worldName: "Electron Isolated Context",
      }),
      guardRequests(this.self, cdp),
      applyTheme(),
      // Debugging slows a page down, so only for a preload that asks for paths; see `answerPath`.
      ...(source?.source.includes("getPathForFile") ? [cdp.send("DOM.enable"), cdp.send("Debugger.enable")] : []),
    ]);
    wiredOf(targetId).resolve();
    await cdp.send("Runtime.runIfWaitingForDebugger");
  }

  /**
   * The next document load of `url` (undefined: of any) was asked for by main or by the spec. Everything else was started by
   * the page, so `will-navigate` hears of it.
   */
  expectNavigation(url: string | undefined): void {
    this.outside = url === undefined ? "*" : withoutFragment(url);
  }

  isOutsideNavigation(browserUrl: string): boolean {
    const isExpected = this.outside === "*" || this.outside === browserUrl || this.outside === `${browserUrl}/`;
    if (isExpected) this.outside = undefined;
    return isExpected;
  }

  /** A page wants another window; the answer is always no, but the app's handler is asked, as it may open a browser instead. */
  denyWindowOpen(details: { url: string; frameName: string; features: string }): void {
    const disposition = details.features ? "new-window" : "foreground-tab";
    const { action } = this.windowOpenHandler?.({
      ...details,
      url: toApp(details.url),
      disposition,
      referrer: { url: this.getURL(), policy: "default" },
    }) ?? { action: "allow" };
    if (action !== "deny")
      console.error(
        `stand-in: popups are not implemented, ${toApp(details.url)} was not opened. Deny it in setWindowOpenHandler.`,
      );
  }

  markDestroyed(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    all.delete(this.self);
    wired.delete(this.targetId);
    this.link.disconnect();
    this.emit("destroyed");
  }

  get page(): Cdp {
    if (!this.cdp) throw new Error("stand-in: the page is not there yet");
    return this.cdp;
  }

  private listenToPage(cdp: Cdp): void {
    cdp.on("Page.frameNavigated", ({ frame }) => {
      if (frame.parentId) return;
      this.browserUrl = frame.url + (frame.urlFragment ?? "");
      this.crashed = false;
      this.emit("did-navigate", {}, this.getURL(), 200, "OK");
    });
    cdp.on("Page.navigatedWithinDocument", ({ frameId, url }) => {
      if (frameId !== this.targetId) return;
      this.browserUrl = url;
      this.outside = undefined;
      this.emit("did-navigate-in-page", {}, this.getURL(), true);
    });
    cdp.on("Page.domContentEventFired", () => this.emit("dom-ready", {}));
    cdp.on("Page.loadEventFired", () => {
      this.loading = false;
      this.emit("did-finish-load", {});
      this.emit("did-stop-loading");
    });
    cdp.on("Inspector.targetCrashed", () => {
      this.crashed = true;
      this.link.disconnect();
      const details = { reason: "crashed", exitCode: 5 };
      this.emit("render-process-gone", {}, details);
      app.emit("render-process-gone", {}, this.self, details);
    });
    cdp.on(
      "Debugger.paused",
      ({ callFrames }) =>
        void this.answerPath(cdp, callFrames[0]?.callFrameId).catch((error: unknown) => debug("path:", String(error))),
    );
  }

  /** `webUtils.getPathForFile` paused at its `debugger` statement with `file` and `path` in scope. Any other pause just goes on. */
  private async answerPath(cdp: Cdp, callFrameId: string | undefined): Promise<void> {
    try {
      if (!callFrameId) return;
      const { result } = await cdp.send("Debugger.evaluateOnCallFrame", { callFrameId, expression: "file" });
      if (!result.objectId) return;
      const { path } = await cdp.send("DOM.getFileInfo", { objectId: result.objectId });
      await cdp.send("Debugger.evaluateOnCallFrame", { callFrameId, expression: `path = ${JSON.stringify(path)}` });
    } finally {
      await cdp.send("Debugger.resume");
    }
  }

  private fireAndForget(work: Promise<unknown>): void {
    work.catch((error: unknown) => debug("page:", String(error)));
  }
}

// Requests have no fragment, so it cannot be compared.
const withoutFragment = (url: string): string => url.split("#", 1)[0] ?? "";

function colorScheme(): { name: string; value: string } {
  const { themeSource } = nativeTheme;
  return { name: "prefers-color-scheme", value: themeSource === "system" ? "" : themeSource };
}
