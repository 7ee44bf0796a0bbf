import type { DesktopApi } from "#contract";

declare global {
  interface Window {
    /** What the preload script exposes; the only way out of this page. */
    readonly kontor: DesktopApi;
  }
}

/** An asset's address, as the bundler gives it. */
declare module "*?url" {
  const address: string;
  export default address;
}
