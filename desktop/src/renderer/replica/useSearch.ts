import { useEffect, useState } from "react";
import type { SearchResult } from "#contract";
import { useReplica } from "./ReplicaProvider.tsx";

/** Between two keys of somebody who types fast; shorter than what an eye takes for a wait. */
const TYPING_MS = 80;
/** The index is behind the rows while a replica is filled: asked again until it says that it is complete. */
const AGAIN_MS = 400;
const NONE: SearchResult["hits"] = [];

/**
 * What the replica finds for what is being typed, among records and their files. The last results stay while the next are
 * looked for: a list that blinks cannot be read.
 */
export function useSearch(asked: { readonly text: string; readonly type?: string; readonly limit: number }): {
  readonly hits: SearchResult["hits"];
  /** Then nobody says "nothing found". */
  readonly isSearching: boolean;
} {
  const { call } = useReplica();
  const { limit, type } = asked;
  const text = asked.text.trim();
  const [answer, setAnswer] = useState<SearchResult & { readonly text: string; readonly type: string | undefined }>();
  useEffect(() => {
    if (text === "") return;
    let gone = false;
    let timer = window.setTimeout(ask, TYPING_MS);
    function ask(): void {
      call("search.query", { text, limit, ...(type === undefined ? {} : { type }) }).then(
        (result) => {
          if (gone) return;
          setAnswer({ ...result, text, type });
          if (!result.complete) timer = window.setTimeout(ask, AGAIN_MS);
        },
        () => undefined,
      );
    }
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [call, text, type, limit]);
  if (text === "") return { hits: NONE, isSearching: false };
  const isOfType = answer?.type === type;
  return {
    hits: answer && isOfType ? answer.hits : NONE,
    isSearching: !isOfType || answer?.text !== text || !answer.complete,
  };
}
