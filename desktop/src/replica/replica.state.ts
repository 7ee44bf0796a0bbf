import type { LinkProblem, LinkState } from "./link.ts";
import type { Rebuilt } from "./openFile.ts";

/** How a replica stands, in the words that windows show. */
export type Connection = "online" | "connecting" | "offline" | "signedOut" | "locked" | "outdated";

export interface ReplicaState {
  readonly connection: Connection;
  readonly pending: number;
  readonly issues: number;
  readonly lastContactAt?: string;
  readonly filling?: { readonly received: number };
  readonly rebuilt?: Rebuilt;
  readonly problem?: { readonly reason: string; readonly message: string };
}

export interface Standing {
  readonly link: LinkState;
  /** The server has answered HELLO on this connection. */
  readonly isWelcome: boolean;
  readonly lease: {
    readonly isLocked: boolean;
    readonly problem: LinkProblem | undefined;
    readonly lastContactAt: number;
  };
  readonly pending: number;
  readonly issues: number;
  /** Undefined once the replica has a cookie. */
  readonly filling: ReplicaState["filling"];
  readonly rebuilt: Rebuilt | undefined;
}

export function stateOf(standing: Standing): ReplicaState {
  const { filling, issues, lease, link, pending, rebuilt } = standing;
  const problem = lease.problem ?? problemOf(link);
  return {
    connection: connectionOf(standing),
    pending,
    issues,
    ...(lease.lastContactAt > 0 ? { lastContactAt: new Date(lease.lastContactAt).toISOString() } : {}),
    ...(filling ? { filling } : {}),
    ...(rebuilt ? { rebuilt } : {}),
    ...(problem ? { problem } : {}),
  };
}

function connectionOf({ isWelcome, lease, link }: Standing): Connection {
  if (lease.isLocked) return "locked";
  if (link.state === "open") return isWelcome ? "online" : "connecting";
  const reason = problemOf(link)?.reason;
  if (reason === undefined) return "connecting";
  if (reason === "link.token") return "signedOut";
  return reason === "link.tooOld" ? "outdated" : "offline";
}

const problemOf = (link: LinkState): LinkProblem | undefined => ("problem" in link ? link.problem : undefined);
