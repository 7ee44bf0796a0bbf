import { useMemo } from "react";
import type { IssueItem } from "#contract";
import { useItems } from "../outbox/useItems.ts";

const NONE: readonly IssueItem[] = [];

/** By draft: why the server did not take it when it was sent last. The draft is one as before, and says nothing of it itself. */
export function useRefusedSends(): ReadonlyMap<string, readonly IssueItem[]> {
  const issues = useItems("issues.list") ?? NONE;
  return useMemo(
    () =>
      Map.groupBy(
        issues.filter(({ name }) => name === "mail.send").toSorted((a, b) => b.at.localeCompare(a.at)),
        ({ rowId }) => rowId,
      ),
    [issues],
  );
}
