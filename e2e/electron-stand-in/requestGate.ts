// Every request of a window that somebody may want to stop: navigations started by the page (`will-navigate`) and, when the
// app listens to them, all requests (`session.webRequest`).
import type { Cdp } from "./chromium.ts";
import { debug } from "./journal.ts";
import { policyToBrowser, toApp, toBrowser } from "./origins.ts";
import { defaultSession } from "./session.ts";
import { StandInEvent } from "./strict.ts";
import type { WebContents } from "./webContents.ts";

type Pattern = { urlPattern: string; resourceType?: "Document"; requestStage?: "Response" };

/** The parts of CDP's Fetch.requestPaused that are used. */
interface Paused {
  requestId: string;
  request: { url: string; method: string };
  frameId: string;
  resourceType: string;
  responseErrorReason?: string;
  responseStatusCode?: number;
  responseHeaders?: { name: string; value: string }[];
}

export async function guardRequests(contents: WebContents, cdp: Cdp): Promise<void> {
  // A request of a page that has just gone away can no longer be answered, which is no error.
  const quietly = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => debug("requests:", String(error)));
  const renew = (): Promise<unknown> => cdp.send("Fetch.enable", { patterns: patterns() });
  const onChanged = (): void => quietly(renew());
  defaultSession.webRequest.on("changed", onChanged);
  contents.once("destroyed", () => defaultSession.webRequest.off("changed", onChanged));
  cdp.on("Fetch.requestPaused", (paused) => quietly(decide(contents, cdp, paused)));
  await renew();
}

function patterns(): Pattern[] {
  const { webRequest } = defaultSession;
  const all: Pattern[] = [{ urlPattern: "*" }, { urlPattern: "*", requestStage: "Response" }];
  if (webRequest.has("onHeadersReceived")) return all;
  return webRequest.has("onBeforeRequest") ? all.slice(0, 1) : [{ urlPattern: "*", resourceType: "Document" }];
}

async function decide(contents: WebContents, cdp: Cdp, paused: Paused): Promise<unknown> {
  const { requestId } = paused;
  const url = toApp(paused.request.url);
  const isMainFrame = paused.resourceType === "Document" && paused.frameId === contents.targetId;
  const details = {
    id: requestId,
    url,
    method: paused.request.method,
    resourceType: resourceTypeOf(paused.resourceType, isMainFrame),
    webContentsId: contents.id,
    webContents: contents,
    frame: contents.mainFrame,
    timestamp: Date.now(),
  };

  if (paused.responseStatusCode === undefined && paused.responseErrorReason === undefined) {
    if (isMainFrame && !contents.isOutsideNavigation(paused.request.url)) {
      const event = Object.assign(new StandInEvent(), {
        url,
        isMainFrame: true,
        isSameDocument: false,
        frame: contents.mainFrame,
        initiator: contents.mainFrame,
      });
      contents.emit("will-navigate", event, url);
      if (event.defaultPrevented) return cdp.send("Fetch.failRequest", { requestId, errorReason: "Aborted" });
    }
    const wanted = await defaultSession.webRequest.ask("onBeforeRequest", details);
    if (wanted.cancel) return cdp.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });
    return cdp.send("Fetch.continueRequest", {
      requestId,
      ...(wanted.redirectURL && { url: toBrowser(wanted.redirectURL) }),
    });
  }

  if (paused.responseStatusCode === undefined) return cdp.send("Fetch.continueResponse", { requestId }); // it failed by itself
  const statusCode = paused.responseStatusCode;
  const responseHeaders = Object.fromEntries(
    (paused.responseHeaders ?? []).map(({ name, value }) => [name, [toApp(value)]]),
  );
  const wanted = await defaultSession.webRequest.ask("onHeadersReceived", { ...details, responseHeaders, statusCode });
  if (wanted.cancel) return cdp.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" });
  if (!wanted.responseHeaders) return cdp.send("Fetch.continueResponse", { requestId });
  return cdp.send("Fetch.continueResponse", {
    requestId,
    responseCode: statusCode,
    responseHeaders: headerList(wanted.responseHeaders),
  });
}

function headerList(headers: Record<string, string | string[]>): { name: string; value: string }[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => ({
      name,
      value: /^content-security-policy/i.test(name) ? policyToBrowser(value) : toBrowser(value),
    })),
  );
}

function resourceTypeOf(type: string, isMainFrame: boolean): string {
  if (type === "Document") return isMainFrame ? "mainFrame" : "subFrame";
  if (type === "XHR" || type === "Fetch") return "xhr";
  return type.charAt(0).toLowerCase() + type.slice(1);
}
