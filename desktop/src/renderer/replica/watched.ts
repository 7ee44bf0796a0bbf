import { useEffect, useState } from "react";
import type { QueryInput, QueryName, QueryResults } from "#contract";
import type { Watch } from "./commands.ts";
import { useReplica } from "./ReplicaProvider.tsx";

/**
 * A question that the replica answers from its own indexes, and again whenever the answer is another one. `undefined` until
 * the first answer, when nothing is asked, and while it cannot be read.
 */
export function useWatched<Name extends QueryName>(
  name: Name,
  input: QueryInput<Name> | undefined,
): QueryResults[Name] | undefined {
  const { watch } = useReplica();
  const key = input && `${name} ${JSON.stringify(input)}`;
  const [answer, setAnswer] = useState<{ key: string; watch: Watch; value?: QueryResults[Name] }>();
  useEffect(() => {
    if (key === undefined || input === undefined) return;
    return watch(name, input, (value) => setAnswer({ key, watch, ...(value === "refused" ? {} : { value }) }));
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `key` says everything that is asked
  }, [key, watch]);
  return key !== undefined && answer?.key === key ? answer.value : undefined;
}

/** The answer of this moment. */
export const once = <Name extends QueryName>(
  watch: Watch,
  name: Name,
  input: QueryInput<Name>,
): Promise<QueryResults[Name] | undefined> =>
  new Promise((resolve) => {
    const stop = watch(name, input, (answer) => {
      queueMicrotask(() => stop());
      resolve(answer === "refused" ? undefined : answer);
    });
  });
