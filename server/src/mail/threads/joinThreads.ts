import { mailLimits } from "@kontor/shared/mail";

/**
 * Which messages belong together: whatever Message-ID, References and In-Reply-To connect (RFC 5256, REFERENCES, its first
 * three steps). A thread is a connected component of that graph, so it does not depend on the order in which messages
 * arrive. Refused: step 5, which also gathers everything of one base subject and so makes a thread of a year's "Invoice"
 * (decision 0021).
 */
export interface Linked {
  /** Without brackets. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  /** The oldest first. */
  readonly refs: readonly string[];
}

export interface KnownThread {
  readonly id: string;
  /** Somebody put it together or took it apart: it is joined with no other by itself. */
  readonly byHand: boolean;
}

export interface Joined {
  /** By position of the message given. */
  readonly threadIds: readonly string[];
  /** Every id that was named, and the thread that it leads to from now on. */
  readonly leadsTo: ReadonlyMap<string, string>;
  /** Threads that are no more, and the one that took them in. */
  readonly merged: ReadonlyMap<string, string>;
  readonly made: readonly string[];
}

/** RFC 5256 §3: In-Reply-To counts where there are no References, and then only its first id. The nearest one last. */
export function linksOf({ inReplyTo, refs }: Linked): readonly string[] {
  if (refs.length === 0) return inReplyTo.slice(0, 1);
  if (refs.length <= mailLimits.maxReferences) return refs;
  // The beginning says where the thread came from, the end what is answered.
  const half = mailLimits.maxReferences / 2;
  return [...refs.slice(0, half), ...refs.slice(-half)];
}

export function joinThreads(
  messages: readonly Linked[],
  known: ReadonlyMap<string, KnownThread>,
  newThreadId: () => string,
): Joined {
  const parents = new Map<string, string>(); // thread → the one that took it in
  const byHand = new Set<string>();
  const leadsTo = new Map<string, string>();
  const made: string[] = [];
  for (const thread of known.values()) if (thread.byHand) byHand.add(thread.id);

  const rootOf = (thread: string): string => {
    let root = thread;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    for (let at = thread; at !== root;) {
      const next = parents.get(at) ?? root;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const threadOf = (id: string): string | undefined => {
    const thread = leadsTo.get(id) ?? known.get(id)?.id;
    return thread === undefined ? undefined : rootOf(thread);
  };
  /** The older one stays: what links to it, stays right. Ids sort by the time they were made. */
  const merge = (a: string, b: string): string => {
    if (a === b) return a;
    const [stays, goes] = a < b ? [a, b] : [b, a];
    parents.set(goes, stays);
    return stays;
  };
  const make = (): string => {
    const id = newThreadId();
    made.push(id);
    return id;
  };

  function threadFor(message: Linked, links: readonly string[]): string {
    const own = threadOf(message.messageId);
    const linked = links.map(threadOf).filter((thread) => thread !== undefined);
    const nearest = linked.at(-1);
    if (own !== undefined && byHand.has(own)) return own;
    // What was parted by hand is not put together again by an answer that names both parts.
    if (nearest !== undefined && byHand.has(nearest)) return own ?? nearest;
    const free = linked.filter((thread) => !byHand.has(thread));
    return (
      [...(own === undefined ? [] : [own]), ...free].reduce<string | undefined>(
        (thread, other) => (thread === undefined ? rootOf(other) : merge(rootOf(thread), rootOf(other))),
        undefined,
      ) ?? make()
    );
  }

  const first = messages.map((message) => {
    const links = linksOf(message);
    const thread = threadFor(message, links);
    for (const id of [...links, message.messageId]) if (threadOf(id) === undefined) leadsTo.set(id, thread);
    return thread;
  });

  return {
    threadIds: first.map(rootOf),
    leadsTo: new Map([...leadsTo].map(([id, thread]) => [id, rootOf(thread)])),
    merged: new Map([...parents.keys()].map((thread) => [thread, rootOf(thread)])),
    made: made.filter((thread) => !parents.has(thread)),
  };
}
