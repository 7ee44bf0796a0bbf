import type { ParsedMessage } from "../mime/parsedMessage.ts";
import type { BouncedMessage } from "./applyBounce.ts";

/** Servers that write reports seldom say what they answer; we know. */
export function inThreadOf(parsed: ParsedMessage, report: BouncedMessage | undefined): ParsedMessage {
  if (!report || parsed.refs.includes(report.messageId)) return parsed;
  return { ...parsed, inReplyTo: [report.messageId], refs: [...parsed.refs, report.messageId] };
}
