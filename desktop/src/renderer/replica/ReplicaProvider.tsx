import { createContext, use, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Subject } from "rxjs";
import type { ReplicaEvent, ReplicaStatus } from "#contract";
import { connectReplica, type ReplicaConnection } from "./connect.ts";
import { beforeEnd } from "./ending.ts";

export interface Replica extends Pick<ReplicaConnection, "database" | "call" | "watch"> {
  readonly events: Subject<ReplicaEvent>;
  readonly status: ReplicaStatus;
}

const ReplicaContext = createContext<Replica | undefined>(undefined);

export function useReplica(): Replica {
  const replica = use(ReplicaContext);
  if (!replica) throw new Error("useReplica outside of ReplicaProvider");
  return replica;
}

export interface ReplicaProblem {
  readonly reason: string;
  readonly message: string;
}

/** Opens the replica for everything below, and again when its process had to be started anew. */
export function ReplicaProvider(props: {
  readonly children: ReactNode;
  readonly failed: (problem: ReplicaProblem) => ReactNode;
}) {
  /** Counts the replica's processes: a new one needs new ports. */
  const [generation, setGeneration] = useState(0);
  const [connection, setConnection] = useState<ReplicaConnection>();
  const [status, setStatus] = useState<ReplicaStatus>();
  const [problem, setProblem] = useState<ReplicaProblem>();
  const [events] = useState(() => new Subject<ReplicaEvent>());

  useEffect(
    () =>
      window.kontor.onCommand(({ id, args }) => {
        if (id === "replica.reopened") setGeneration((before) => before + 1);
        if (id === "replica.failed") setProblem(args as ReplicaProblem);
      }),
    [],
  );

  const current = useRef<ReplicaConnection>(undefined);
  useEffect(() => beforeEnd(async () => current.current?.settled()), []);
  useEffect(() => {
    let gone = false;
    const onEvent = (event: ReplicaEvent) => {
      if (gone) return;
      if (event.event === "status") setStatus(event.status);
      events.next(event);
    };
    connectReplica(window.kontor, onEvent)
      .then(async (connected) => {
        const first = gone ? undefined : await connected.call("status.get", {});
        if (gone || !first) return connected.close();
        const previous = current.current;
        current.current = connected;
        setStatus(first);
        setConnection(connected);
        setProblem(undefined);
        // Not before: views still hold the old one, and a closed database throws at them.
        await previous?.close();
      })
      .catch((error: unknown) => {
        if (!gone) setProblem({ reason: "app.replicaFailed", message: String(error) });
      });
    return () => {
      gone = true;
      current.current?.abandon();
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- `generation` is what opens it anew
  }, [generation, events]);
  useEffect(
    () => () => {
      void current.current?.close();
    },
    [],
  );

  const replica = useMemo(() => {
    if (!connection || !status) return undefined;
    const { call, database, watch } = connection;
    return { database, call, watch, status, events };
  }, [connection, status, events]);
  if (problem && !replica) return props.failed(problem);
  // A few milliseconds at start; a spinner would only flash.
  if (!replica) return null;
  return <ReplicaContext value={replica}>{props.children}</ReplicaContext>;
}
