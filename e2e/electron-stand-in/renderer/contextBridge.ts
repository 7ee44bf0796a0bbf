// The bridge between a page and its preload: two JavaScript worlds on one DOM, which can call each other only through DOM
// events. An event's `detail` is structured-cloned by Blink on its way, listeners run synchronously, and the event's name is
// a secret that no page code can guess. Functions and promises cross as numbers.
//
// Injected into both worlds by its source text: it may use nothing from outside.

export interface Bridge {
  /** Isolated world: binds `api` in the page. */
  expose(key: string, api: unknown): void;
  /** Main world: called for every `expose`. */
  onExpose: (key: string, api: unknown) => void;
}

export function createContextBridge(eventName: string, me: "main" | "isolated"): Bridge {
  type Callable = (...args: unknown[]) => unknown;
  type Message =
    | { kind: "call"; id: number; args: unknown[] }
    | { kind: "reply"; ok: boolean; value?: unknown }
    | { kind: "settle"; id: number; ok: boolean; value: unknown }
    | { kind: "expose"; key: string; api: unknown };

  const FUNCTION = "\u0000function";
  const PROMISE = "\u0000promise";
  const MAX_DEPTH = 1000; // as in Electron
  const other = me === "main" ? "isolated" : "main";
  const functions = new Map<number, Callable>();
  const promises = new Map<number, PromiseWithResolvers<unknown>>();
  // Captured before any page script can replace them.
  const dispatch = window.dispatchEvent.bind(window);
  const Custom = CustomEvent;
  let lastId = 0;
  let reply: { ok: boolean; value?: unknown } | undefined;

  const send = (message: Message): void => void dispatch(new Custom(eventName + other, { detail: message }));

  const isPlain = (value: object): value is Record<string, unknown> => {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || prototype === Object.prototype;
  };
  const isCloneable = (value: object): boolean =>
    /^\[object (Date|RegExp|Map|Set|Error|ArrayBuffer|\w*Array|DataView|Blob|File|FileList|ImageBitmap|ImageData|DOMException)\]$/.test(
      Object.prototype.toString.call(value),
    );

  // `seen`: an object that appears twice, or contains itself, does so on the other side too.
  const pack = (value: unknown, seen = new Map<object, unknown>(), depth = 0): unknown => {
    if (depth > MAX_DEPTH)
      throw new TypeError(
        "Electron contextBridge recursion depth exceeded. Nested objects deeper than 1000 are not supported.",
      );
    if (typeof value === "symbol") throw new TypeError("Symbols cannot cross the context bridge.");
    if (typeof value === "function") {
      functions.set(++lastId, value as Callable);
      return { [FUNCTION]: lastId };
    }
    if (value === null || typeof value !== "object") return value;
    if (value instanceof Promise) {
      const id = ++lastId;
      value.then(
        (result: unknown) => send({ kind: "settle", id, ok: true, value: pack(result) }),
        (error: unknown) => send({ kind: "settle", id, ok: false, value: pack(error) }),
      );
      return { [PROMISE]: id };
    }
    if (seen.has(value)) return seen.get(value);
    if (!Array.isArray(value) && !isPlain(value) && isCloneable(value)) return value;
    return copy(value, seen, (item) => pack(item, seen, depth + 1)); // a class instance loses its methods
  };

  const copy = (value: object, seen: Map<object, unknown>, convert: (item: unknown) => unknown): unknown => {
    const made: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : {};
    seen.set(value, made);
    for (const [key, item] of Object.entries(value)) (made as Record<string, unknown>)[key] = convert(item);
    return made;
  };

  const unpack = (value: unknown, seen = new Map<object, unknown>()): unknown => {
    if (value === null || typeof value !== "object") return value;
    if (seen.has(value)) return seen.get(value);
    if (Array.isArray(value)) return copy(value, seen, (item) => unpack(item, seen));
    if (!isPlain(value)) return value;
    if (FUNCTION in value) {
      const id = value[FUNCTION] as number;
      return (...args: unknown[]) => ask({ kind: "call", id, args: pack(args) as unknown[] });
    }
    if (PROMISE in value) {
      const promise = Promise.withResolvers<unknown>();
      promises.set(value[PROMISE] as number, promise);
      return promise.promise;
    }
    return copy(value, seen, (item) => unpack(item, seen));
  };

  /** Sends, and takes the answer that the other world gave before `send` came back. */
  const ask = (message: Message): unknown => {
    reply = undefined;
    send(message);
    const { ok, value } = reply ?? {
      ok: false,
      value: new Error("stand-in: the other side of the context bridge does not answer"),
    };
    reply = undefined;
    if (!ok) throw unpack(value);
    return unpack(value);
  };

  const answer = (compute: () => unknown): void => {
    try {
      send({ kind: "reply", ok: true, value: pack(compute()) });
    } catch (error) {
      send({ kind: "reply", ok: false, value: new Error(error instanceof Error ? error.message : String(error)) });
    }
  };

  const bridge: Bridge = {
    expose: (key, api) => void ask({ kind: "expose", key, api: pack(api) }),
    onExpose: () => {},
  };

  window.addEventListener(
    eventName + me,
    (event) => {
      event.stopImmediatePropagation();
      const message = (event as CustomEvent<Message>).detail;
      switch (message.kind) {
        case "reply":
          reply = message;
          return;
        case "call":
          return answer(() => functions.get(message.id)?.(...(unpack(message.args) as unknown[])));
        case "expose":
          return answer(() => bridge.onExpose(message.key, unpack(message.api)));
        case "settle": {
          const promise = promises.get(message.id);
          promises.delete(message.id);
          if (message.ok) promise?.resolve(unpack(message.value));
          else promise?.reject(unpack(message.value));
        }
      }
    },
    true,
  );
  return bridge;
}
