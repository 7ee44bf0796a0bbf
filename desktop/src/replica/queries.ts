import {
  queryInputs,
  type QueryInput,
  type QueryName,
  type QueryResults,
  type WatchReply,
  type WatchRequest,
} from "#contract";

/**
 * Questions that windows watch. Each is asked again when something that it depends on changed, at most so often that a
 * long feed leaves room for others, and told only when the answer is another one.
 */
export interface Queries {
  watch(request: WatchRequest, send: (reply: WatchReply) => void): Watch;
  /** Rows of this collection (or what is derived of them) changed. */
  touched(topic: string): void;
  close(): void;
}

export interface Watch {
  stop(): void;
}

export interface QueryDefinition<Name extends QueryName> {
  /** Collections whose changes may change the answer. */
  readonly dependsOn: readonly string[];
  run(input: QueryInput<Name>): QueryResults[Name];
}
export type QueryTable = { readonly [Name in QueryName]: QueryDefinition<Name> };

export interface QueriesDeps {
  readonly table: QueryTable;
  /** VIS-6: what is locked is not read. */
  readonly isLocked: () => boolean;
  /** Told of each question, so that the feed pauses for it. */
  readonly onAsked: () => void;
  readonly onFailed: (name: QueryName, error: unknown) => void;
}

/** At once when nothing was asked for this long; in a long feed ten times a second, which an eye takes for at once. */
const PAUSE_MS = 100;

interface Watched {
  readonly request: WatchRequest;
  readonly input: never;
  readonly send: (reply: WatchReply) => void;
  last?: string;
}

export function createQueries({ table, isLocked, onAsked, onFailed }: QueriesDeps): Queries {
  const watched = new Set<Watched>();
  const touchedTopics = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  function ask(each: Watched): void {
    const { request, send } = each;
    if (isLocked()) return refuse(each);
    try {
      const value = (table[request.name] as QueryDefinition<QueryName>).run(each.input);
      const text = JSON.stringify(value);
      if (text === each.last) return;
      each.last = text;
      send({ kind: "watched", id: request.id, ok: true, value });
    } catch (error) {
      onFailed(request.name, error);
      refuse(each);
    }
  }

  function refuse(each: Watched): void {
    if (each.last === REFUSED) return;
    each.last = REFUSED;
    each.send({ kind: "watched", id: each.request.id, ok: false });
  }

  function askTouched(): void {
    timer = undefined;
    const topics = new Set(touchedTopics);
    touchedTopics.clear();
    for (const each of watched) if (table[each.request.name].dependsOn.some((topic) => topics.has(topic))) ask(each);
    askedAt = performance.now();
  }

  return {
    watch(request, send) {
      const parsed = Object.hasOwn(queryInputs, request.name)
        ? queryInputs[request.name].safeParse(request.input)
        : undefined;
      if (!parsed?.success) {
        send({ kind: "watched", id: request.id, ok: false });
        return { stop: () => undefined };
      }
      const each: Watched = { request, input: parsed.data as never, send };
      watched.add(each);
      onAsked();
      ask(each);
      return { stop: () => void watched.delete(each) };
    },
    touched(topic) {
      touchedTopics.add(topic);
      if (watched.size === 0) return touchedTopics.clear();
      timer ??= setTimeout(askTouched, Math.max(0, askedAt + PAUSE_MS - performance.now()));
    },
    close() {
      clearTimeout(timer);
      watched.clear();
    },
  };
}

/** No answer of JSON. */
const REFUSED = "refused";
