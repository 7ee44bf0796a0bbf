import { useEffect, useState } from "react";
import type { CommandResults } from "#contract";
import { useReplica } from "../replica/index.ts";

/** A list that the replica keeps outside of its collections: asked again whenever it says that something changed. */
export function useItems<Name extends "outbox.list" | "issues.list">(name: Name): CommandResults[Name] | undefined {
  const { call, events } = useReplica();
  const [items, setItems] = useState<CommandResults[Name]>();
  useEffect(() => {
    let gone = false;
    const ask = () =>
      void call(name, {} as never).then(
        (found) => !gone && setItems(found),
        () => undefined,
      );
    ask();
    const subscription = events.subscribe(({ event }) => {
      if (event === (name === "outbox.list" ? "outbox" : "issues")) ask();
    });
    return () => {
      gone = true;
      subscription.unsubscribe();
    };
  }, [call, events, name]);
  return items;
}
