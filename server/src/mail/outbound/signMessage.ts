import { Readable, Transform } from "node:stream";
import { dkimSign } from "mailauth";
import type { SigningKey } from "../domains/domains.service.ts";

/** The header lines that sign a message (RFC 6376), each ended by CR LF; nothing without keys. */
export async function signMessage(raw: Readable, keys: readonly SigningKey[], now: number): Promise<string> {
  const [first] = keys;
  if (!first) {
    raw.destroy();
    return "";
  }
  const each = (key: SigningKey) => ({
    signingDomain: key.domain,
    selector: key.selector,
    privateKey: key.privateKey,
    canonicalization: "relaxed/relaxed",
    signTime: new Date(now),
  });
  const { signatures, errors } = await dkimSign(raw, { ...each(first), signatureData: keys.map(each) });
  const [error] = errors ?? [];
  if (error) throw new Error(`signing failed: ${error.err.message}`, { cause: error.err });
  return signatures;
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * Every line ended by CR LF, as it travels: what is signed must be what arrives, and a lone LF or CR would be mended only on
 * the way (RFC 6376 §5.3). Such lines come in with messages from elsewhere that are sent on.
 */
export function toCrLf(): Transform {
  let wasCr = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const parts: Buffer[] = [];
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (byte === LF && !wasCr) {
          parts.push(chunk.subarray(from, at), Buffer.from("\r"));
          from = at;
        } else if (byte !== LF && wasCr) {
          parts.push(chunk.subarray(from, at), Buffer.from("\n"));
          from = at;
        }
        wasCr = byte === CR;
      }
      done(null, from === 0 && parts.length === 0 ? chunk : Buffer.concat([...parts, chunk.subarray(from)]));
    },
    flush: (done) => done(null, wasCr ? Buffer.from("\n") : undefined),
  });
}
