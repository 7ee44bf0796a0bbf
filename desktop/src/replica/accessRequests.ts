import type { AccessRequestDoc, GrantIntentName } from "@kontor/shared/access";
import type { JsonObject } from "@kontor/shared/base";
import type { Intent } from "@kontor/shared/protocol";

/** A request for access as it will be once the server has taken the intent; what does not fit leaves it as it is. */
export function replayGrantIntent(row: JsonObject | undefined, intent: Intent, userId: string): JsonObject | undefined {
  const doc = row as unknown as AccessRequestDoc | undefined;
  const next = replay(doc, intent, userId);
  return next as unknown as JsonObject | undefined;
}

function replay(doc: AccessRequestDoc | undefined, intent: Intent, userId: string): AccessRequestDoc | undefined {
  const { args, at, id } = intent;
  const name = intent.name as GrantIntentName;
  if (name === "access.request") {
    const made = { ...args, id, requester: userId, createdAt: at };
    return doc ?? (made as unknown as AccessRequestDoc);
  }
  if (!doc) return undefined;
  switch (name) {
    case "access.withdrawRequest":
      return undefined;
    case "access.grant": {
      const { answer, level, sections, until } = args as unknown as NonNullable<AccessRequestDoc["grant"]> & {
        readonly answer?: string;
      };
      const grant = { level, sections: sections ?? doc.sections ?? [], until };
      return { ...doc, state: "granted", answeredBy: userId, answeredAt: at, grant, ...(answer ? { answer } : {}) };
    }
    case "access.refuse": {
      const answer = args["answer"];
      const said = typeof answer === "string" && answer !== "" ? { answer } : {};
      return { ...doc, state: "refused", answeredBy: userId, answeredAt: at, ...said };
    }
    case "access.endGrant":
      return { ...doc, state: "ended", endedBy: userId, endedAt: at };
    default:
      return doc;
  }
}
