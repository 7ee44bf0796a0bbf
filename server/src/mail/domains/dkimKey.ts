import { generateKeyPair, randomBytes, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { KeyAlgorithm } from "./domains.repo.ts";

export interface NewKey {
  readonly algorithm: KeyAlgorithm;
  readonly selector: string;
  /** As the DNS record has it. */
  readonly publicKey: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

/** RFC 8301 §3.2: signers use at least 2048; more does not fit into one string of a DNS record with many providers. */
const RSA_BITS = 2_048;
const ED25519_BYTES = 32;
const generate = promisify(generateKeyPair);

/**
 * One pair of each kind: everybody can verify RSA, and Ed25519 (RFC 8463) is what comes after it. A message gets both
 * signatures, and whoever does not know one ignores it. The selector tells the month, so that an old record is recognised.
 */
export async function makeKeys(now: Date): Promise<readonly NewKey[]> {
  const stem = `k${now.toISOString().slice(2, 7).replace("-", "")}${randomBytes(2).toString("hex")}`;
  const rsa = await generate("rsa", { modulusLength: RSA_BITS });
  const ed25519 = await generate("ed25519");
  const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });
  const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
  return [
    {
      algorithm: "rsa",
      selector: `${stem}-rsa`,
      publicKey: spki(rsa.publicKey).toString("base64"),
      privateKey: pem(rsa.privateKey),
    },
    {
      algorithm: "ed25519",
      selector: `${stem}-ed`,
      // RFC 8463 §4.2: the bare key, without the wrapping that says what it is.
      publicKey: spki(ed25519.publicKey).subarray(-ED25519_BYTES).toString("base64"),
      privateKey: pem(ed25519.privateKey),
    },
  ];
}

/** What the DNS must say at `<selector>._domainkey.<domain>` (RFC 6376 §3.6.1). */
export const keyRecord = ({ algorithm, publicKey }: Pick<NewKey, "algorithm" | "publicKey">): string =>
  `v=DKIM1; k=${algorithm}; p=${publicKey}`;

/** The key in a record that somebody wrote, spaces and all; undefined where there is none. */
export function keyInRecord(record: string): string | undefined {
  const value = /(?:^|;)\s*p\s*=\s*(?<key>[^;]*)/i.exec(record)?.groups?.["key"];
  return value?.replaceAll(/\s/g, "");
}
