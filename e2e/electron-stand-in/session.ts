// `session.defaultSession`: permissions and web requests. There is no other session.
import type Electron from "electron";
import type { Chromium } from "./chromium.ts";
import { app } from "./app.ts";
import { protocol, net } from "./protocol.ts";
import { StandInEmitter, strict } from "./strict.ts";

type Stage = "onBeforeRequest" | "onHeadersReceived";
type Details = Record<string, unknown> & { url: string };
type Answer = { cancel?: boolean; redirectURL?: string; responseHeaders?: Record<string, string | string[]> };
type Listener = (details: Details, callback: (answer: Answer) => void) => void;
type PermissionHandler = (
  contents: unknown,
  permission: string,
  callback: (granted: boolean) => void,
  details: object,
) => void;

export interface Filtered {
  matches(url: string): boolean;
  listener: Listener;
}

export class WebRequest extends StandInEmitter {
  private readonly listeners_ = new Map<Stage, Filtered>();

  constructor() {
    super("session.webRequest", ["changed"]); // "changed" is ours: the windows renew what they intercept
  }

  onBeforeRequest(filter: Electron.WebRequestFilter | Listener | null, listener?: Listener | null): void {
    this.listen("onBeforeRequest", filter, listener);
  }
  onHeadersReceived(filter: Electron.WebRequestFilter | Listener | null, listener?: Listener | null): void {
    this.listen("onHeadersReceived", filter, listener);
  }

  has(stage: Stage): boolean {
    return this.listeners_.has(stage);
  }

  /** What the app's listener wants; nothing when none listens to this URL. */
  ask(stage: Stage, details: Details): Promise<Answer> {
    const filtered = this.listeners_.get(stage);
    if (!filtered?.matches(details.url)) return Promise.resolve({});
    return new Promise((resolve) => filtered.listener(details, resolve));
  }

  private listen(stage: Stage, filter: Electron.WebRequestFilter | Listener | null, given?: Listener | null): void {
    const listener = typeof filter === "function" ? filter : given;
    const urls = filter && typeof filter !== "function" ? filter.urls : ["<all_urls>"];
    if (listener) this.listeners_.set(stage, { listener, matches: matcherOf(urls) });
    else this.listeners_.delete(stage);
    this.emit("changed");
  }
}

export class Session extends StandInEmitter {
  readonly webRequest: WebRequest = strict(new WebRequest().setMaxListeners(0), "session.webRequest");
  readonly protocol = protocol;
  private permissionHandler: PermissionHandler | null = null;
  private chromium: Chromium | undefined;

  constructor() {
    super("session", ["will-download"]); // downloads are refused, see `useBrowser`; the app may still forbid them itself
  }

  /** Not Electron's: the entry hands the browser over. */
  async useBrowser(chromium: Chromium): Promise<void> {
    this.chromium = chromium;
    await chromium.root.send("Browser.setDownloadBehavior", { behavior: "deny", eventsEnabled: true });
    chromium.root.on("Browser.downloadWillBegin", ({ url }) =>
      console.error(`stand-in: downloads are not implemented, refused ${url}`),
    );
  }

  setPermissionRequestHandler(handler: PermissionHandler | null): void {
    this.permissionHandler = handler;
  }
  // Chromium's synchronous permission checks cannot be asked over DevTools; what a page *requests* goes through the handler above.
  setPermissionCheckHandler(): void {}
  setSpellCheckerEnabled(): void {}
  fetch(input: string | Request, init?: RequestInit): Promise<Response> {
    return net.fetch(input, init);
  }
  getStoragePath(): string {
    return app.getPath("sessionData");
  }

  /** Not Electron's: a page asks for `permission`; the browser then does as the app's handler says. */
  async decidePermission(
    contents: unknown,
    permission: string,
    page: { url: string; browserOrigin: string },
  ): Promise<boolean> {
    const handler = this.permissionHandler;
    const granted =
      !handler ||
      (await new Promise<boolean>((resolve) =>
        handler(contents, permission, resolve, { requestingUrl: page.url, isMainFrame: true }),
      ));
    for (const name of browserPermissions[permission] ?? []) {
      await this.chromium?.root.send("Browser.setPermission", {
        permission: { name },
        setting: granted ? "granted" : "denied",
        origin: page.browserOrigin,
      });
    }
    return granted;
  }
}

// Electron's names → the Permissions API's.
const browserPermissions: Record<string, string[]> = {
  notifications: ["notifications"],
  geolocation: ["geolocation"],
  media: ["camera", "microphone"],
  "clipboard-read": ["clipboard-read"],
};

/** Electron's URL patterns: `*` stands for anything. */
function matcherOf(patterns: readonly string[]): (url: string) => boolean {
  const expressions = patterns.map((pattern) =>
    pattern === "<all_urls>"
      ? /^/
      : new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`),
  );
  return (url) => expressions.some((expression) => expression.test(url));
}

export const defaultSession: Session = strict(new Session(), "session.defaultSession");
export const session = strict({ defaultSession }, "session");
