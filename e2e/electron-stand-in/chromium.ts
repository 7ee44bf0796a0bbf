// The browser behind the windows: one Chromium, driven over a DevTools pipe of our own. Playwright gets a second connection
// through `cdpProxy.ts`.
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { CDPSession } from "@playwright/test";
import { debug } from "./journal.ts";
import { dyingWithUs } from "./processes.ts";

/** One DevTools session: `send` and `on` with the protocol's types. */
export interface Cdp {
  readonly send: CDPSession["send"];
  readonly on: CDPSession["on"];
}

export interface ChromiumOptions {
  readonly profileDir: string;
  readonly headful: boolean;
  readonly resolverRule: string;
  /** The app's `commandLine.appendSwitch`. */
  readonly switches: ReadonlyMap<string, string>;
}

interface Incoming {
  id?: number;
  method?: string;
  params?: unknown;
  sessionId?: string;
  result?: unknown;
  error?: { message: string };
}

const CLOSE_TIMEOUT_MS = 3_000; // a healthy Chromium flushes its storage and ends in under one second

// What the stand-in decides itself and no app may change.
const ownSwitches = new Set([
  "remote-debugging-port",
  "remote-debugging-pipe",
  "user-data-dir",
  "headless",
  "host-resolver-rules",
]);

const quietSwitches = [
  "--no-sandbox", // the tests run as root, where Chromium's sandbox cannot start
  "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-breakpad", "--hide-crash-restore-bubble", "--disable-session-crashed-bubble",
]; // prettier-ignore

/** The browser itself and not Debian's wrapper script: a signal must reach it. */
export function findChromium(): string {
  const asked = process.env["KONTOR_CHROMIUM"];
  const found = [asked, "/usr/lib/chromium/chromium", "/usr/bin/chromium"].find((path) => path && existsSync(path));
  if (found) return found;
  throw new Error(
    "stand-in: no Chromium found. Install it (Debian: apt-get install chromium) or name the binary in KONTOR_CHROMIUM.",
  );
}

export class Chromium {
  /** Where Playwright's proxied connection goes. */
  readonly devtoolsUrl: string;
  readonly root: Cdp;
  /** `inOrder`: it ended by itself or was asked to, and did not crash. */
  onExit: (inOrder: boolean) => void = () => {};
  private readonly pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private readonly sessions = new Map<string, EventEmitter>();
  private readonly child: ChildProcess;
  private lastId = 0;
  private gone = false;
  private closing = false;

  private constructor(child: ChildProcess, devtoolsUrl: string) {
    this.child = child;
    this.devtoolsUrl = devtoolsUrl;
    this.root = this.session("");
    readMessages(child.stdio[4] as Readable, (message) => this.receive(message));
    child.stdio[3]?.on("error", () => {}); // the pipe of a browser that just died; `exit` tells
    child.on("exit", (code) => {
      this.gone = true;
      for (const { reject } of this.pending.values()) reject(new Error("stand-in: Chromium is gone"));
      this.pending.clear();
      this.onExit(code === 0 || this.closing);
    });
  }

  static async start(options: ChromiumOptions): Promise<Chromium> {
    const { command, args } = dyingWithUs(findChromium());
    const child = spawn(command, [...args, ...switchesFor(options)], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    });
    return new Chromium(child, await devtoolsUrlOf(child));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  session(sessionId: string): Cdp {
    const events = this.sessions.get(sessionId) ?? new EventEmitter().setMaxListeners(0);
    this.sessions.set(sessionId, events);
    const send = (method: string, params: object = {}): Promise<unknown> => this.send(method, params, sessionId);
    const on = (event: string, listener: (payload: unknown) => void): unknown => events.on(event, listener);
    return { send: send as unknown as CDPSession["send"], on: on as unknown as CDPSession["on"] };
  }

  /** Ends the browser in good order, so that its storage is written. */
  async close(): Promise<void> {
    if (this.gone) return;
    this.closing = true;
    const exited = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    const tooLong = setTimeout(() => this.kill(), CLOSE_TIMEOUT_MS);
    this.root.send("Browser.close").catch(() => {});
    await exited;
    clearTimeout(tooLong);
  }

  kill(): void {
    if (!this.gone) this.child.kill("SIGKILL");
  }

  private send(method: string, params: object, sessionId: string): Promise<unknown> {
    if (this.gone) return Promise.reject(new Error("stand-in: Chromium is gone"));
    const id = ++this.lastId;
    const message = JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) });
    (this.child.stdio[3] as Writable).write(`${message}\0`);
    return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
  }

  private receive(message: Incoming): void {
    if (message.id === undefined) {
      this.sessions.get(message.sessionId ?? "")?.emit(message.method ?? "", message.params);
      return;
    }
    const waiting = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
  }
}

function switchesFor({ profileDir, headful, resolverRule, switches }: ChromiumOptions): string[] {
  const fromApp = [...switches].filter(([name]) => !ownSwitches.has(name) && name !== "disable-features");
  const disabled = ["LocalNetworkAccessChecks", switches.get("disable-features")].filter(Boolean).join(","); // our hosts are loopback
  return [
    ...(headful ? ["--app=data:text/html,", "--test-type"] : ["--headless=new", "--no-startup-window"]),
    ...quietSwitches,
    "--enable-blink-features=MessagePortCloseEvent", // Electron's ports tell when their other end is gone
    "--remote-debugging-port=0",
    "--remote-debugging-pipe",
    `--user-data-dir=${profileDir}`,
    `--host-resolver-rules=${resolverRule}`,
    `--disable-features=${disabled}`,
    ...fromApp.map(([name, value]) => (value ? `--${name}=${value}` : `--${name}`)),
  ];
}

/** DevTools messages on the pipe end in NUL; one read may hold several or a part of one. */
function readMessages(pipe: Readable, receive: (message: Incoming) => void): void {
  let parts: Buffer[] = [];
  pipe.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      receive(JSON.parse(Buffer.concat([...parts, rest.subarray(0, end)]).toString()) as Incoming);
      parts = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) parts.push(rest);
  });
}

function devtoolsUrlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      debug("chromium:", chunk.toString().trimEnd());
      if (printed === "found") return;
      printed += chunk.toString();
      const url = /DevTools listening on (ws:\S+)/.exec(printed)?.[1];
      if (!url) return;
      printed = "found";
      resolve(url);
    });
    child.once("error", (error) => reject(new Error(`stand-in: Chromium cannot be started: ${error.message}`)));
    child.once("exit", (code, signal) =>
      reject(new Error(`stand-in: Chromium ended (${signal ?? code}) before it was ready:\n${printed}`)),
    );
  });
}
