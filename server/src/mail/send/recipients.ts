import { DomainError } from "@kontor/shared/base";
import { addressKey, mailLimits, type MailAddress } from "@kontor/shared/mail";
import type { Database, Transaction } from "#kernel";
import { resolveAddresses } from "../mailboxes/resolveAddresses.ts";
import type { Arrival } from "../messages/receiveMessage.ts";

/** To whom a message goes: each mailbox and each far address once, however often and by whatever names it was written. */
export interface Recipients {
  readonly inside: Arrival["recipients"];
  readonly outside: readonly string[];
}

/**
 * `throughProvider`: an account elsewhere sends everything through its provider, to people of this house, too, as any
 * mail program would.
 */
export async function findRecipients(
  db: Database | Transaction,
  addresses: readonly MailAddress[],
  { throughProvider }: { readonly throughProvider: boolean },
): Promise<Recipients> {
  const written = addresses.map(({ address }) => address);
  requireCount(written.length);
  const outside = new Map<string, string>();
  if (throughProvider) {
    for (const address of written) outside.set(addressKey(address), address);
    return { inside: [], outside: [...outside.values()] };
  }
  const destinations = await resolveAddresses(db, written);
  const inside = new Map<string, string[]>();
  const unknown: string[] = [];
  for (const address of written) {
    const destination = destinations.get(addressKey(address));
    if (destination?.kind === "inside") {
      for (const id of destination.mailboxIds) inside.set(id, [...(inside.get(id) ?? []), address]);
    } else if (destination?.kind === "unknown") unknown.push(address);
    // The case of a far local part is the far server's business (RFC 5321 §2.4): the first spelling goes out as it is.
    else if (!outside.has(addressKey(address))) outside.set(addressKey(address), address);
  }
  if (unknown.length > 0) throw unknownRecipients([...new Set(unknown)]);
  return {
    inside: [...inside].map(([mailboxId, addresses]) => ({ mailboxId, addresses })),
    outside: [...outside.values()],
  };
}

function requireCount(count: number): void {
  if (count === 0) throw new DomainError("invalid", "Say who is to get this message.", { reason: "send.nobody" });
  if (count > mailLimits.maxRecipients) {
    throw new DomainError("invalid", `A message goes to at most ${mailLimits.maxRecipients} addresses at once.`, {
      reason: "send.tooManyRecipients",
      params: { max: mailLimits.maxRecipients },
    });
  }
}

const unknownRecipients = (addresses: readonly string[]) =>
  new DomainError("invalid", `Nobody here has the address ${addresses.join(", ")}.`, {
    reason: "send.unknownRecipient",
    params: { addresses: addresses.join(", ") },
    problems: addresses.map((address) => ({
      field: "to",
      reason: "send.unknownAddress",
      message: `Nobody here has the address ${address}.`,
      limit: address,
    })),
  });
