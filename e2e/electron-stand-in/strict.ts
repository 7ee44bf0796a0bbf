// What the stand-in does not do must not pass in silence: reading a member it lacks throws, and so does listening for an
// event it never emits. A spec that needs more says so at once instead of waiting for something that never comes.
import { EventEmitter } from "node:events";

// Asked of any object by `await`, JSON, inspectors and module loaders; none of them is a use of Electron's interface.
const askedByRuntimes = new Set(["then", "toJSON", "inspect", "nodeType", "constructor", "__esModule", "default"]);

/** `target`, but reading a member it does not have throws `stand-in: <name>.<member> is not implemented`. */
export function strict<T extends object>(target: T, name: string): T {
  return new Proxy(target, {
    get(object, key, receiver): unknown {
      if (key in object || typeof key === "symbol" || askedByRuntimes.has(key))
        return Reflect.get(object, key, receiver);
      throw new Error(`stand-in: ${name}.${key} is not implemented`);
    },
  });
}

/** An emitter that refuses listeners for events it will never emit. */
export class StandInEmitter extends EventEmitter {
  constructor(name: string, events: readonly string[]) {
    super();
    const known = new Set([...events, "newListener", "removeListener"]);
    this.on("newListener", (event: string | symbol) => {
      if (typeof event === "string" && !known.has(event)) {
        throw new Error(`stand-in: ${name} never emits "${event}", that event is not implemented`);
      }
    });
  }
}

/** The first argument of Electron's events: a default action that a listener may prevent. */
export class StandInEvent {
  defaultPrevented = false;
  preventDefault(): void {
    this.defaultPrevented = true;
  }
}
