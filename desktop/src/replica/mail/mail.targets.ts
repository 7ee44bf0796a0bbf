import type { MailTargets } from "#contract";
import { DomainError } from "@kontor/shared/base";
import type { MailLists } from "./mail.lists.ts";

/** What one act may be about: half a minute of the server's work. */
const MAX_MESSAGES = 10_000;

/** The messages that an act is about, each once. */
export function idsOfTargets(lists: MailLists, targets: MailTargets): readonly string[] {
  if ("ids" in targets) return [...new Set(targets.ids)];
  const { except = [], keys, list } = targets;
  const left = new Set(except.length > 0 ? lists.idsOf(list, except, MAX_MESSAGES) : []);
  const ids = lists.idsOf(list, keys, MAX_MESSAGES + left.size + 1).filter((id) => !left.has(id));
  if (ids.length > MAX_MESSAGES)
    throw new DomainError("tooLarge", `At most ${MAX_MESSAGES} messages at a time.`, {
      reason: "mail.tooMany",
      params: { limit: MAX_MESSAGES },
    });
  return ids;
}
