import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { argon2id } from "hash-wasm";
import { z } from "zod";

/**
 * Where a replica's key and the session's token rest: a file that only the system's keychain can open, or, where there
 * is none, only the user's passphrase. Linux without a secret store offers `basic_text`, a password that is the same on
 * every machine: that is refused.
 */
export interface Keychain {
  isAvailable(): Promise<boolean>;
  encrypt(text: string): Promise<Uint8Array>;
  decrypt(bytes: Uint8Array): Promise<string>;
}

const secretsSchema = z.object({ key: z.string().regex(/^[0-9a-f]{64}$/), token: z.string() });
export type Secrets = z.infer<typeof secretsSchema>;

const sealedSchema = z.object({ salt: z.string(), nonce: z.string(), tag: z.string(), sealed: z.string() });

/** OWASP's figures for Argon2id: 46 MiB, one pass, one lane; about a fifth of a second on an office laptop. */
const ARGON = { iterations: 2, memorySize: 47_104, parallelism: 1, hashLength: 32 } as const;

export function createVault(deps: { readonly path: string; readonly keychain: Keychain }) {
  const { keychain, path } = deps;
  const sealedPath = `${path}.sealed`;
  /** Derived once per run; the passphrase itself is not kept. */
  let unlocked: { salt: Buffer; wrap: Buffer } | undefined;

  /**
   * What sealed the file opens it, also when the other way has come up since: a keychain that appears does not know the
   * passphrase's key, and one that is locked today (`keychainMissing`) still has its own.
   */
  async function state(): Promise<"open" | "needsPassphrase" | "needsNewPassphrase" | "keychainMissing"> {
    if (unlocked) return "open";
    if (await readOrNothing(sealedPath)) return "needsPassphrase";
    if (await keychain.isAvailable()) return "open";
    return (await readOrNothing(path)) ? "keychainMissing" : "needsNewPassphrase";
  }

  async function read(): Promise<Secrets | undefined> {
    if (unlocked) return parse(await unseal(unlocked.wrap));
    const bytes = await readOrNothing(path);
    return bytes && (await keychain.isAvailable())
      ? parse(await keychain.decrypt(bytes).catch(() => undefined))
      : undefined;
  }

  async function write(secrets: Secrets): Promise<void> {
    if (unlocked) return replaceFile(sealedPath, Buffer.from(JSON.stringify(seal(unlocked, JSON.stringify(secrets)))));
    await replaceFile(path, await keychain.encrypt(JSON.stringify(secrets)));
  }

  /** False when the passphrase is not the one that sealed the file. */
  async function unlock(passphrase: string): Promise<boolean> {
    const bytes = await readOrNothing(sealedPath);
    if (!bytes) {
      const salt = randomBytes(16);
      unlocked = { salt, wrap: await derive(passphrase, salt) };
      return true;
    }
    const sealed = sealedSchema.parse(JSON.parse(bytes.toString("utf8")));
    const salt = Buffer.from(sealed.salt, "hex");
    const wrap = await derive(passphrase, salt);
    if ((await unseal(wrap)) === undefined) return false;
    unlocked = { salt, wrap };
    return true;
  }

  async function unseal(wrap: Buffer): Promise<string | undefined> {
    const bytes = await readOrNothing(sealedPath);
    if (!bytes) return undefined;
    const box = sealedSchema.parse(JSON.parse(bytes.toString("utf8")));
    try {
      const cipher = createDecipheriv("aes-256-gcm", wrap, Buffer.from(box.nonce, "hex"));
      cipher.setAuthTag(Buffer.from(box.tag, "hex"));
      return Buffer.concat([cipher.update(Buffer.from(box.sealed, "hex")), cipher.final()]).toString("utf8");
    } catch {
      return undefined; // the tag does not fit: another passphrase, or a damaged file
    }
  }

  async function erase(): Promise<void> {
    unlocked = undefined;
    await Promise.all([rm(path, { force: true }), rm(sealedPath, { force: true })]);
  }

  return { state, read, write, unlock, erase };
}
export type Vault = ReturnType<typeof createVault>;

function seal(by: { salt: Buffer; wrap: Buffer }, text: string): z.infer<typeof sealedSchema> {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", by.wrap, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return {
    salt: by.salt.toString("hex"),
    nonce: nonce.toString("hex"),
    tag: cipher.getAuthTag().toString("hex"),
    sealed: sealed.toString("hex"),
  };
}

const derive = async (passphrase: string, salt: Buffer): Promise<Buffer> =>
  Buffer.from(await argon2id({ ...ARGON, password: passphrase.normalize("NFKC"), salt, outputType: "binary" }));

function parse(text: string | undefined): Secrets | undefined {
  if (text === undefined) return undefined;
  const parsed = secretsSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

const readOrNothing = (path: string) => readFile(path).catch(() => undefined);

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, bytes, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
