import { fileLimits } from "@kontor/shared/files";
import { createDueLoop, type DueLoop } from "../dueLoop.ts";
import { dispatchMessage, type DispatchDeps } from "./dispatchMessage.ts";
import { findDue } from "./drafts.repo.ts";

/** Also looked for without being told, since a moment comes by itself: an undo time of five seconds is over after five. */
const EVERY_MS = 1_000;
/** Taken in one look: what does not fit waits for the next, which follows at once. */
const BATCH = 20;
/** Each holds a connection of the database while it builds; two keep both cores at work. */
const AT_ONCE = 2;

/** Sends what is due. Runs on every node: whoever comes second to a message leaves it to the first. */
export function createDispatcher(deps: DispatchDeps): DueLoop {
  const turn = async (): Promise<boolean> => {
    const now = deps.clock.now();
    const due = await findDue(deps.db, {
      now: new Date(now).toISOString(),
      awaitedSince: new Date(now - fileLimits.unfinishedUploadMs).toISOString(),
      limit: BATCH,
    });
    const waiting = [...due];
    let left = 0;
    const work = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const outcome = await dispatchMessage(deps, id);
        if (outcome === "sent" || outcome === "failed") left++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    // Where all of them are in the hands of others, looking again at once would only look.
    return left > 0;
  };
  return createDueLoop({ turn, everyMs: EVERY_MS, log: deps.log, what: "sending mail" });
}
