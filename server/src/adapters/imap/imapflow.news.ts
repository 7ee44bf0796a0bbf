import type { ImapFlow } from "imapflow";
import type { ImapSession } from "#mail";
import { delay } from "./delay.ts";
import { closedBy } from "./imapflow.refusals.ts";

/** RFC 2177's way is not everywhere: then the folder is looked at so often. */
const LOOK_MS = 30_000;

/** Waits in IDLE, or looks again and again, until something of the folder is otherwise, or the connection has ended. */
export function createNews(client: ImapFlow, checkConnection: () => Promise<void>): Pick<ImapSession, "waitForNews"> {
  let hasNews = false;
  const news = new EventTarget();
  for (const event of ["exists", "expunge", "flags", "close"] as const)
    client.on(event, () => {
      hasNews = true;
      news.dispatchEvent(new Event("news"));
    });

  function takeNews(): "news" {
    hasNews = false;
    if (!client.usable) throw closedBy(client);
    return "news";
  }

  return {
    async waitForNews({ maxMs, signal }) {
      if (signal.aborted) return "aborted";
      if (!client.usable) throw closedBy(client);
      if (hasNews) return takeNews();
      const idling = client.idle();
      const ending = new AbortController();
      const outcome = await Promise.race([
        once(news, "news", ending.signal).then(() => "news" as const),
        once(signal, "abort", ending.signal).then(() => "aborted" as const),
        delay(client.capabilities.has("IDLE") ? maxMs : Math.min(maxMs, LOOK_MS), ending.signal).then(
          () => "elapsed" as const,
        ),
      ]);
      ending.abort();
      // Any command ends IDLE; this one also shows that the connection is alive.
      await checkConnection();
      await idling.catch(() => undefined);
      return outcome === "news" || hasNews ? takeNews() : outcome;
    },
  };
}

const once = (target: EventTarget, name: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => target.addEventListener(name, () => resolve(), { once: true, signal }));
