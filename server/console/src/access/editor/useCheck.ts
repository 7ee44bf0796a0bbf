import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import type { CheckReply } from "../access.api.ts";
import type { DraftItem } from "./draft.store.ts";

const CHECK_MS = 400;

export interface Check {
  readonly reply: CheckReply | undefined;
  /** What is shown is of an earlier state. */
  readonly isBehind: boolean;
  readonly error: Error | null;
}

/** The server's word on the draft as it is on the screen, saved or not. */
export function useCheck(draftId: string, items: readonly DraftItem[]): Check {
  const [settled] = useDebouncedValue(items, CHECK_MS);
  const check = useQuery({
    queryKey: ["access", "check", draftId, settled],
    queryKeyHashFn: ([, , id]) => `access check ${String(id)} ${identityOf(settled)}`,
    queryFn: () => call<CheckReply>("POST", "/access/check", { policies: settled.map(({ policy }) => policy) }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
  });
  return { reply: check.data, isBehind: settled !== items || check.isPlaceholderData, error: check.error };
}

/** A list of items is never changed in place: a number for each one saves printing thousands of policies per key. */
const identities = new WeakMap<readonly DraftItem[], number>();
let given = 0;
function identityOf(items: readonly DraftItem[]): number {
  const known = identities.get(items) ?? (given += 1);
  identities.set(items, known);
  return known;
}
