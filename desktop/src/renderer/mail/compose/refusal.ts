import type { IssueItem } from "#contract";
import { addressKey, type MailAddress } from "@kontor/shared/mail";

/**
 * What of a refusal still holds for a draft with these recipients; undefined when nothing does. An address that nobody has is done
 * with when it is mended or taken out; what else was wrong, only sending it anew can say.
 */
export function refusalLeft<Item extends Pick<IssueItem, "problems">>(
  refused: Item,
  recipients: readonly MailAddress[],
): Item | undefined {
  const there = new Set(recipients.map(({ address }) => addressKey(address)));
  const problems = refused.problems.filter(
    ({ limit, reason }) => reason !== "send.unknownAddress" || there.has(addressKey(String(limit))),
  );
  return refused.problems.length > 0 && problems.length === 0 ? undefined : { ...refused, problems };
}
