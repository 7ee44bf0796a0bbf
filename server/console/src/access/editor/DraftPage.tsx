import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { call } from "../../api/api.ts";
import { Loaded } from "../../ui/Loaded.tsx";
import type { Draft } from "../access.api.ts";
import { DraftEditor } from "./DraftEditor.tsx";
import { createDraftStore } from "./draft.store.ts";

/** A draft, opened: it is loaded once, and from then on lives in its store until the page is left. */
export function DraftPage({ id }: { id: string }) {
  const draft = useQuery({
    queryKey: ["access", "draft", id],
    queryFn: () => call<Draft>("GET", `/access/drafts/${id}`),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return <Loaded query={draft}>{(data) => <Opened key={data.id} draft={data} />}</Loaded>;
}

function Opened({ draft }: { draft: Draft }) {
  const client = useQueryClient();
  const [store] = useState(() =>
    createDraftStore(draft, {
      save: (body) => call<Draft>("PUT", `/access/drafts/${draft.id}`, body),
      typed: typedOf(draft.id),
    }),
  );
  const state = useSyncExternalStore(store.subscribe, store.state);

  useEffect(
    () => () => {
      // what was typed in the last moment is saved on leaving
      void store.flush().then(() => client.invalidateQueries({ queryKey: ["access", "drafts"] }));
    },
    [store, client],
  );
  const isUnsaved = state.save.is !== "saved";
  useEffect(() => {
    if (!isUnsaved) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isUnsaved]);

  return <DraftEditor draft={draft} store={store} state={state} />;
}

/** Typed JSON of a draft, in this browser: the server takes only what has the form of policies. */
function typedOf(draftId: string) {
  const key = `kontor.console.typed.${draftId}`;
  return {
    read: () => new Map(Object.entries(JSON.parse(localStorage.getItem(key) ?? "{}") as Record<string, string>)),
    write(typed: ReadonlyMap<string, string>) {
      if (typed.size === 0) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(Object.fromEntries(typed)));
    },
  };
}
