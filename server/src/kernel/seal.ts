import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { DomainError } from "@kontor/shared/base";

/**
 * Secrets that the server must be able to read again (a provider's password, a signing key), sealed before they are
 * stored: AES-256-GCM under a key of this installation (`secretState`). `purpose` is bound to the seal, so that what was
 * sealed for one thing cannot be put in the place of another. A backup of the database holds the key as well: sealing
 * keeps secrets out of logs, exports and screens, not from whoever has the whole database.
 */
export interface Seal {
  close(text: string, purpose: string): Buffer;
  /** Throws `unavailable` for what was sealed under another key or for another purpose. */
  open(sealed: Uint8Array, purpose: string): string;
}

const NONCE_BYTES = 12; // GCM's own size (NIST SP 800-38D)
const TAG_BYTES = 16;

export function createSeal(key: Buffer): Seal {
  return {
    close(text, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed);
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES))
          .setAAD(Buffer.from(purpose))
          .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString();
      } catch (error) {
        throw new DomainError(
          "unavailable",
          "A stored secret cannot be read with this server's key.",
          { reason: "secret.unreadable" },
          error,
        );
      }
    },
  };
}
