import type { Readable } from "node:stream";
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
