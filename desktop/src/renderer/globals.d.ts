import type { DesktopApi } from "#contract";

declare global {
  interface Window {
    /** What the preload script exposes; the only way out of this page. */
    readonly kontor: DesktopApi;
  }
}
