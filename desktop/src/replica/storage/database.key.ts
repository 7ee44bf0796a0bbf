/**
 * The cipher answers a wrong key and a ruined first page with the same error. They need opposite answers (ask for the
 * key again; set the file aside), so a small file beside the replica proves the key: a random salt and an HMAC under
 * the key. Keys are 32 random bytes or come from a slow derivation, so the proof gives nothing to guess from.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { StorageError } from "./storage.errors.ts";

/** 32 bytes, or a text that already has that strength. */
export type ReplicaKey = string | Uint8Array;

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const PURPOSE = "kontor replica key check v1";

export const keyCheckFile = (filename: string): string => `${filename}.keycheck`;

export function keyText(key: ReplicaKey): string {
  if (typeof key === "string") return key;
  if (key.length !== KEY_BYTES) throw new StorageError("invalid", `The replica key must have ${KEY_BYTES} bytes.`);
  return Buffer.from(key).toString("hex");
}

/** Undefined when there is nothing to compare with. */
export function keyFits(filename: string, key: string): boolean | undefined {
  if (!existsSync(keyCheckFile(filename))) return undefined;
  const proof = readFileSync(keyCheckFile(filename));
  const salt = proof.subarray(0, SALT_BYTES);
  const expected = proofOf(key, salt);
  const found = proof.subarray(SALT_BYTES);
  if (found.length !== expected.length) return undefined; // torn while written: says nothing about the key
  return timingSafeEqual(found, expected);
}

/** Called once the file has opened with this key. */
export function rememberKey(filename: string, key: string): void {
  if (keyFits(filename, key) === true) return;
  const salt = randomBytes(SALT_BYTES);
  writeFileSync(keyCheckFile(filename), Buffer.concat([salt, proofOf(key, salt)]), { mode: 0o600 });
}

const proofOf = (key: string, salt: Uint8Array): Buffer =>
  createHmac("sha256", key).update(PURPOSE).update(salt).digest();
