// What Playwright connects to instead of the browser. It rewrites URLs both ways (see `origins.ts`) and what Electron's own
// DevTools does differently from a plain browser's; each such thing is told where it happens.
import { WebSocket, type RawData } from "ws";
import { networkPattern, toApp, toBrowser } from "./origins.ts";

/** A navigation that the browser was asked for from outside the page, and for which `will-navigate` must stay silent. */
export interface OutsideNavigation {
  readonly targetId: string;
  /** The URL navigated to; undefined for reload and history, where only the browser knows it. */
  readonly url?: string;
}

export interface ProxyHooks {
  onOutsideNavigation(navigation: OutsideNavigation): void;
  /** Resolves when the page's preload is registered. */
  preloadRegistered(targetId: string): Promise<void>;
}

interface Command {
  id: number;
  method: string;
  params: Record<string, unknown>;
  sessionId?: string;
}

interface Attached {
  sessionId: string;
  targetInfo: { targetId: string; type: string; openerId?: string };
  waitingForDebugger: boolean;
}

// Ids of commands the proxy sends on its own; Playwright counts from 1 and never gets this far.
const OWN_ID = 1_000_000_000;

export function proxyCdp(client: WebSocket, devtoolsUrl: string, hooks: ProxyHooks): void {
  const upstream = new WebSocket(devtoolsUrl, { perMessageDeflate: false });
  const targetIds = new Map<string, string>(); // by session id
  const paused = new Set<string>(); // target ids
  const hiddenSessions = new Set<string>();
  const early: string[] = [];

  const send = (text: string): void => {
    if (upstream.readyState === WebSocket.CONNECTING) early.push(text);
    else if (upstream.readyState === WebSocket.OPEN) upstream.send(text);
  };

  const onCommand = (data: RawData): void => {
    const text = toBrowser(data.toString());
    const command = JSON.parse(text) as Command;
    const targetId = targetIds.get(command.sessionId ?? "");
    switch (command.method) {
      case "Page.navigate":
        if (targetId && (command.params["frameId"] ?? targetId) === targetId)
          hooks.onOutsideNavigation({ targetId, url: String(command.params["url"]) });
        return send(text);
      case "Page.reload":
      case "Page.navigateToHistoryEntry":
        if (targetId) hooks.onOutsideNavigation({ targetId });
        return send(text);
      case "Runtime.runIfWaitingForDebugger":
        // A page must not start before its preload is in place, and Playwright would start it as soon as *it* is ready.
        if (!targetId || !paused.has(targetId)) return send(text);
        return void hooks.preloadRegistered(targetId).then(() => send(text));
      case "Emulation.setEmulatedMedia":
        return send(JSON.stringify(withoutEmptyFeatures(command)));
      case "Network.emulateNetworkConditions":
        for (const replacement of offlineExceptApp(command)) send(JSON.stringify(replacement));
        return;
      default:
        return send(text);
    }
  };

  /** Undefined: the client must not hear of it. */
  const onEvent = (text: string): string | undefined => {
    if (text.startsWith('{"method":"Target.attachedToTarget"')) {
      const { sessionId, targetInfo, waitingForDebugger } = (JSON.parse(text) as { params: Attached }).params;
      if (targetInfo.type !== "page") return text;
      targetIds.set(sessionId, targetInfo.targetId);
      if (waitingForDebugger) paused.add(targetInfo.targetId);
      // A window that a page opened by itself: every popup is denied, so no spec may see it flash by. It stays paused until
      // the stand-in closes it.
      if (targetInfo.openerId) hiddenSessions.add(sessionId);
    }
    if (hiddenSessions.size > 0 && [...hiddenSessions].some((sessionId) => text.includes(`"${sessionId}"`)))
      return undefined;
    if (Number(/^\{"id":(\d+)/.exec(text)?.[1] ?? 0) >= OWN_ID) return undefined;
    return toApp(text);
  };

  upstream.on("open", () => early.splice(0).forEach(send));
  upstream.on("message", (data) => {
    const text = onEvent(data.toString());
    if (text !== undefined && client.readyState === WebSocket.OPEN) client.send(text);
  });
  client.on("message", onCommand);
  upstream.on("close", () => client.close());
  client.on("close", () => upstream.close());
  for (const socket of [upstream, client]) socket.on("error", () => socket.terminate()); // `close` follows and ends the other one
}

/** Playwright says "" for a media feature that it leaves alone, which here would take `nativeTheme`'s colour scheme away again. */
function withoutEmptyFeatures(command: Command): Command {
  const features = (command.params["features"] as { name: string; value: string }[] | undefined) ?? [];
  return { ...command, params: { ...command.params, features: features.filter(({ value }) => value !== "") } };
}

/** In Electron a page that is offline still reaches `app://`, which no network serves. Here it is served by loopback, so it is left out. */
function offlineExceptApp({ id, sessionId, params }: Command): object[] {
  const { offline, latency, downloadThroughput, uploadThroughput } = params;
  const asked = { urlPattern: "", offline, latency, downloadThroughput, uploadThroughput };
  const app = { urlPattern: networkPattern, offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  return [
    {
      id,
      sessionId,
      method: "Network.emulateNetworkConditionsByRule",
      params: { matchedNetworkConditions: [app, asked] },
    },
    // The rules above do not touch `navigator.onLine`.
    {
      id: OWN_ID + id,
      sessionId,
      method: "Network.overrideNetworkState",
      params: { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 },
    },
  ];
}
