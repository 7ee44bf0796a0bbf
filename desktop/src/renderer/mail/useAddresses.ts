import { useMemo } from "react";
import { addressKey, type MailAddress, type MailboxDoc } from "@kontor/shared/mail";
import type { PersonDoc } from "@kontor/shared/people";
import { useDirectory, useWatched } from "../replica/index.ts";
import { insiders } from "./compose/recipients.ts";

export interface Addresses {
  isInternal(address: string): boolean;
  isMine(address: string): boolean;
  personOf(address: string): PersonDoc | undefined;
  /** How somebody is called: a colleague by their own name, whatever a message says; others as they call themselves. */
  nameOf(person: MailAddress): string;
}

const NONE: readonly MailboxDoc[] = [];

/** Who is behind an address, as this device knows. */
export function useAddresses(): Addresses {
  const { myId, people } = useDirectory();
  const mailboxes = useWatched("mail.boxes", {})?.mailboxes ?? NONE;
  return useMemo(() => {
    const byAddress = new Map(people.flatMap((each) => (each.email ? [[addressKey(each.email), each] as const] : [])));
    const mine = new Set(
      mailboxes.filter(({ ownerId }) => ownerId === myId).flatMap(({ addresses }) => addresses.map(addressKey)),
    );
    for (const { addresses, kind, ownerId } of mailboxes) {
      const owner = kind === "personal" ? people.find(({ id }) => id === ownerId) : undefined;
      for (const address of addresses) if (owner) byAddress.set(addressKey(address), owner);
    }
    const personOf = (address: string) => byAddress.get(addressKey(address));
    return {
      isInternal: insiders(people, mailboxes),
      isMine: (address) => mine.has(addressKey(address)),
      personOf,
      nameOf: ({ address, name }) => personOf(address)?.name ?? (name || address),
    };
  }, [people, mailboxes, myId]);
}
