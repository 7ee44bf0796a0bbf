import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../api/api.ts";
import type { DryRun } from "../access.api.ts";

const POLL_MS = 1_000;
const isUnderWay = (run: DryRun | undefined) => run?.state === "waiting" || run?.state === "running";

/** The newest dry run of a draft, followed while it is under way. */
export function useDryRun(draftId: string) {
  const client = useQueryClient();
  const queryKey = ["access", "dry-run", draftId];
  const newest = useQuery({
    queryKey,
    queryFn: async () => {
      const known = client.getQueryData<DryRun | null>(queryKey);
      if (known && isUnderWay(known)) return call<DryRun>("GET", `/access/dry-runs/${known.id}`);
      const { dryRuns } = await call<{ dryRuns: readonly DryRun[] }>("GET", `/access/dry-runs?draftId=${draftId}`);
      return dryRuns[0] ?? null;
    },
    refetchInterval: ({ state }) => (isUnderWay(state.data ?? undefined) ? POLL_MS : false),
  });
  const run = newest.data ?? undefined;
  return {
    run,
    isLoading: newest.isLoading,
    error: newest.error,
    isUnderWay: isUnderWay(run),
    async start() {
      client.setQueryData(queryKey, await call<DryRun>("POST", `/access/drafts/${draftId}/dry-runs`));
      await newest.refetch();
    },
    async cancel() {
      if (run) await call("DELETE", `/access/dry-runs/${run.id}`);
      await newest.refetch();
    },
  };
}
