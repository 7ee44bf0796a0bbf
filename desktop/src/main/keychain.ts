import { safeStorage } from "electron";
import type { Keychain } from "./vault.ts";

export const systemKeychain: Keychain = {
  async isAvailable() {
    // Linux without a secret store: the same password on every machine is no keychain.
    if (process.platform === "linux" && safeStorage.getSelectedStorageBackend() === "basic_text") return false;
    return safeStorage.isAsyncEncryptionAvailable();
  },
  encrypt: (text) => safeStorage.encryptStringAsync(text),
  async decrypt(bytes) {
    const { result } = await safeStorage.decryptStringAsync(Buffer.from(bytes));
    return result;
  },
};
