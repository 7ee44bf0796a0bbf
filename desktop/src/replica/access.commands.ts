import { z } from "zod";
import type { Queued, ReplicaAccessRequest, ReplicaRecord } from "#contract";
import type { Hint } from "@kontor/shared/access";
import type { CommandQueue } from "./command.queue.ts";
import type { CommandInputs, CommandsOf } from "./commandTable.ts";
import type { Replica } from "./replica.ts";

/** Longer than a busy server needs, and as long as somebody looks at a dialog without an answer. */
const EXPLAIN_MS = 4_000;

const hintSchema = z.object({
  allowed: z.boolean(),
  reason: z.string(),
  action: z.string(),
  resource: z.string(),
  decidedBy: z
    .object({
      id: z.string(),
      title: z.union([z.string(), z.object({ en: z.string(), ru: z.string() })]),
      contact: z.string().optional(),
    })
    .optional(),
});

/** Asking for access, answering such requests, and why something may not be done. */
export function createAccessCommands(
  replica: Replica,
  serverUrl: string,
  { queue, viewOf }: CommandQueue,
): CommandsOf<"access"> {
  const recordTitle = (recordId: string): string => viewOf<ReplicaRecord>("records", recordId)?.title ?? "";

  /** The name of the record that a request is about, as far as it can be seen here. */
  function requestTitle(id: string): string {
    const request = viewOf<ReplicaAccessRequest>("accessRequests", id);
    return request ? recordTitle(request.recordId) : "";
  }

  const queueAccess = (id: string, name: string, args: object, title = requestTitle(id)): Queued =>
    queue({ collection: "accessRequests", id, name, args, title });

  /** One that has not left this device is simply dropped. */
  function withdraw(id: string): Queued {
    const title = requestTitle(id);
    const own = replica.outbox.pendingOf("accessRequests", id).find((intent) => intent.name === "access.request");
    if (own && replica.discard(own.mid)) return { mid: own.mid };
    return queueAccess(id, "access.withdrawRequest", {}, title);
  }

  /** What the server says about oneself, while somebody waits for it; without an answer the device says what it knows. */
  async function explain(question: CommandInputs["access.explain"]): Promise<{ hint?: Hint }> {
    const token = replica.token();
    if (replica.state().connection !== "online" || token === undefined) return {};
    try {
      const answer = await fetch(new URL("/api/access/explain", serverUrl), {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(question),
        signal: AbortSignal.timeout(EXPLAIN_MS),
      });
      return answer.ok ? { hint: hintSchema.parse(await answer.json()) as Hint } : {};
    } catch {
      return {};
    }
  }

  return {
    "access.request": ({ id, ...args }) => queueAccess(id, "access.request", args, recordTitle(args.recordId)),
    "access.withdrawRequest": ({ id }) => withdraw(id),
    "access.grant": ({ id, ...args }) => queueAccess(id, "access.grant", args),
    "access.refuse": ({ id, ...args }) => queueAccess(id, "access.refuse", args),
    "access.endGrant": ({ id }) => queueAccess(id, "access.endGrant", {}),
    "access.explain": explain,
  };
}
