// `safeStorage` over a keyring that is a file of the test harness, outside userData: it outlives the app (kill -9 included) as
// the desktop's keyring does, and a spec can lose or lock it by removing the file. Without KONTOR_STAND_IN_KEYRING there is no
// keyring, as on a Linux without a secret store.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type Electron from "electron";
import { app } from "./app.ts";
import { strict } from "./strict.ts";

const VERSION = Buffer.from("v10"); // Chromium's prefix for what OSCrypt wrote
const IV_BYTES = 12;
const TAG_BYTES = 16;

function keyringFile(): string | undefined {
  const file = process.env["KONTOR_STAND_IN_KEYRING"];
  return file && existsSync(file) ? file : undefined;
}

function key(): Buffer {
  const file = keyringFile();
  if (!file) throw new Error("Encryption is not available: there is no keyring.");
  return createHash("sha256").update(readFileSync(file)).digest();
}

const members: Pick<
  Electron.SafeStorage,
  | "isEncryptionAvailable"
  | "isAsyncEncryptionAvailable"
  | "encryptStringAsync"
  | "decryptStringAsync"
  | "getSelectedStorageBackend"
  | "setUsePlainTextEncryption"
> = {
  isEncryptionAvailable: () => app.hasStarted && keyringFile() !== undefined,
  isAsyncEncryptionAvailable: async () => app.hasStarted && keyringFile() !== undefined,
  getSelectedStorageBackend: () => {
    if (!app.hasStarted) return "unknown";
    return keyringFile() ? "gnome_libsecret" : "basic_text";
  },
  setUsePlainTextEncryption: () => {
    throw new Error("stand-in: plain text encryption is refused; the app must not use it either");
  },
  async encryptStringAsync(plainText) {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key(), iv);
    return Buffer.concat([VERSION, iv, cipher.update(plainText, "utf8"), cipher.final(), cipher.getAuthTag()]);
  },
  async decryptStringAsync(encrypted) {
    try {
      const ivEnd = VERSION.length + IV_BYTES;
      const decipher = createDecipheriv("aes-256-gcm", key(), encrypted.subarray(VERSION.length, ivEnd));
      decipher.setAuthTag(encrypted.subarray(-TAG_BYTES));
      const result = decipher.update(encrypted.subarray(ivEnd, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
      return { result, shouldReEncrypt: false };
    } catch {
      throw new Error("Error while decrypting the ciphertext provided to safeStorage.decryptStringAsync.");
    }
  },
};

export const safeStorage = strict(members, "safeStorage");
