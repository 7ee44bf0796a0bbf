// A structured-clone codec for the socket between main and renderer: one JSON tree, then the raw bytes of its buffers.
// It exists because V8's own serializer is out of reach in a page.
//
// `createCodec` also runs inside the renderer: it is injected by its source text, so it may use nothing from outside.

export interface Codec {
  /** Throws a DataCloneError, as structured clone does, for functions, symbols and host objects. */
  encode(value: unknown): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array<ArrayBuffer>): unknown;
}

export function createCodec(): Codec {
  const TAG = "$"; // marks everything JSON has no word for; a real key "$" is written "$$"
  type Tagged = { $: string; v?: unknown; at?: number; length?: number; type?: string; flags?: string; stack?: string };
  const arrays: Record<string, new (buffer: ArrayBuffer) => unknown> = {
    Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int16Array, Uint32Array, Int32Array,
    Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView,
  }; // prettier-ignore
  const errors: Record<string, ErrorConstructor> = {
    TypeError,
    RangeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
  };

  const refuse = (what: string): never => {
    throw new DOMException(`${what} could not be cloned.`, "DataCloneError");
  };

  function encode(value: unknown): Uint8Array<ArrayBuffer> {
    const buffers: Uint8Array[] = [];
    const seen = new Map<object, number>();
    let bufferBytes = 0;

    const store = (bytes: Uint8Array): { at: number; length: number } => {
      buffers.push(bytes);
      bufferBytes += bytes.byteLength;
      return { at: bufferBytes - bytes.byteLength, length: bytes.byteLength };
    };

    const write = (x: unknown): unknown => {
      if (x === null || typeof x === "string" || typeof x === "boolean") return x;
      if (typeof x === "number")
        return Number.isFinite(x) && !Object.is(x, -0) ? x : { $: "number", v: Object.is(x, -0) ? "-0" : String(x) };
      if (x === undefined) return { $: "undefined" };
      if (typeof x === "bigint") return { $: "bigint", v: String(x) };
      if (typeof x !== "object") return refuse(String(x).slice(0, 60));
      const before = seen.get(x);
      if (before !== undefined) return { $: "again", at: before };
      seen.set(x, seen.size);
      if (Array.isArray(x)) return x.map(write);
      if (x instanceof ArrayBuffer) return { $: "buffer", ...store(new Uint8Array(x)) };
      if (ArrayBuffer.isView(x)) {
        const type = x.constructor.name in arrays ? x.constructor.name : "Uint8Array"; // Node's Buffer arrives as bytes
        return { $: "view", type, ...store(new Uint8Array(x.buffer, x.byteOffset, x.byteLength)) };
      }
      return writeObject(x);
    };

    const writeObject = (x: object): unknown => {
      const kind = Object.prototype.toString.call(x).slice(8, -1);
      if (kind === "Date") return { $: "date", v: (x as Date).getTime() };
      if (kind === "RegExp") return { $: "regexp", v: (x as RegExp).source, flags: (x as RegExp).flags };
      if (kind === "Map")
        return { $: "map", v: [...(x as Map<unknown, unknown>)].map(([key, item]) => [write(key), write(item)]) };
      if (kind === "Set") return { $: "set", v: [...(x as Set<unknown>)].map(write) };
      if (kind === "Error")
        return { $: "error", type: (x as Error).name, v: (x as Error).message, stack: (x as Error).stack };
      if (kind !== "Object") return refuse(`#<${kind}>`);
      const copy: Record<string, unknown> = {};
      for (const [key, item] of Object.entries(x)) copy[key === TAG ? TAG + TAG : key] = write(item);
      return copy;
    };

    const json = new TextEncoder().encode(JSON.stringify(write(value)));
    const bytes = new Uint8Array(4 + json.length + bufferBytes);
    new DataView(bytes.buffer).setUint32(0, json.length);
    bytes.set(json, 4);
    let offset = 4 + json.length;
    for (const buffer of buffers) {
      bytes.set(buffer, offset);
      offset += buffer.byteLength;
    }
    return bytes;
  }

  function decode(bytes: Uint8Array<ArrayBuffer>): unknown {
    const jsonLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const seen: unknown[] = [];
    const slice = ({ at = 0, length = 0 }: Tagged): ArrayBuffer => {
      const start = bytes.byteOffset + 4 + jsonLength + at;
      return bytes.buffer.slice(start, start + length);
    };
    const keep = <T>(value: T): T => {
      seen.push(value); // in the order `encode` counted them, so that "again" finds its object
      return value;
    };

    const read = (x: unknown): unknown => {
      if (x === null || typeof x !== "object") return x;
      if (Array.isArray(x)) {
        const list: unknown[] = keep([]);
        for (const item of x) list.push(read(item));
        return list;
      }
      if (TAG in x) return readTagged(x as Tagged);
      const object: Record<string, unknown> = keep({});
      for (const [key, item] of Object.entries(x)) object[key === TAG + TAG ? TAG : key] = read(item);
      return object;
    };

    const readTagged = (x: Tagged): unknown => {
      switch (x.$) {
        case "number":
          return Number(x.v);
        case "undefined":
          return undefined;
        case "bigint":
          return BigInt(x.v as string);
        case "again":
          return seen[x.at ?? 0];
        case "buffer":
          return keep(slice(x));
        case "view":
          return keep(new (arrays[x.type ?? ""] ?? Uint8Array)(slice(x)));
        case "date":
          return keep(new Date(x.v as number));
        case "regexp":
          return keep(new RegExp(x.v as string, x.flags));
        case "map": {
          const map = keep(new Map<unknown, unknown>());
          for (const [key, item] of x.v as [unknown, unknown][]) map.set(read(key), read(item));
          return map;
        }
        case "set": {
          const set = keep(new Set<unknown>());
          for (const item of x.v as unknown[]) set.add(read(item));
          return set;
        }
        default: {
          const error = keep(new (errors[x.type ?? ""] ?? Error)(x.v as string));
          error.stack = x.stack ?? "";
          return error;
        }
      }
    };

    return read(JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + jsonLength))));
  }

  return { encode, decode };
}
