// What a page's own world gets before its first script: the preload's API, no popups, and permissions that ask the app.
//
// Injected by its source text: it may use nothing from outside but its parameters.
import type { Bridge } from "./contextBridge.ts";

/** What the isolated world offers the stand-in's own code in the page, under the secret event name as key. */
export interface PageGate {
  open(url: string, frameName: string, features: string): void;
  permission(name: string): Promise<boolean>;
}

export function prepareMainWorld(bridge: Bridge, eventName: string): void {
  let gate: PageGate | undefined;

  const freeze = (value: unknown): unknown => {
    if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
    Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };

  bridge.onExpose = (key, api) => {
    if (key === eventName) {
      gate = api as PageGate;
      return;
    }
    if (key in window) throw new Error("Cannot bind an API on top of an existing property on the window object");
    Object.defineProperty(window, key, { value: freeze(api), enumerable: true, writable: false, configurable: false });
  };

  // Every popup is denied: the app's window-open handler hears of it, and the page gets null, as in Electron.
  window.open = (url = "", frameName = "", features = "") => {
    gate?.open(url === "" ? "about:blank" : new URL(url, document.baseURI).href, frameName, features);
    return null;
  };
  window.addEventListener("click", (event) => {
    const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement);
    if (!link?.href || link.target !== "_blank" || link.hasAttribute("download") || event.defaultPrevented) return;
    event.preventDefault();
    gate?.open(link.href, "", "");
  });

  /** `owner[method]` asks for `permission` first; the browser itself then grants or refuses. */
  const askFirst = (owner: object | undefined, method: string, permission: string): void => {
    const methods = owner as Record<string, (...args: unknown[]) => Promise<unknown>> | undefined;
    const original = methods?.[method];
    if (!methods || !original) return;
    methods[method] = async function (this: unknown, ...args: unknown[]) {
      await gate?.permission(permission);
      return original.apply(this, args);
    };
  };
  askFirst(window.Notification, "requestPermission", "notifications");
  askFirst(window.MediaDevices?.prototype, "getUserMedia", "media");
  askFirst(window.Clipboard?.prototype, "readText", "clipboard-read");
  askFirst(window.Geolocation?.prototype, "getCurrentPosition", "geolocation");
}
