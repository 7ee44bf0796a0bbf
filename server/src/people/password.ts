import { hash, verify } from "@node-rs/argon2";
import { DomainError } from "@kontor/shared/base";

// OWASP's first recommendation for Argon2id (2024): 19 MiB, two passes, one lane; 19 ms on a small server.
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MIN_LENGTH = 10; // NIST SP 800-63B asks for 8 at least; no composition rules, as it says too
const MAX_LENGTH = 1024;

export const hashPassword = (password: string): Promise<string> => hash(password, OPTIONS);

/** Costs the same for a person who does not exist or has no password: the time of the answer tells nothing. */
export async function checkPassword(storedHash: string | null | undefined, password: string): Promise<boolean> {
  const matches = await verify(storedHash ?? (await nobodysHash()), password).catch(() => false);
  return matches && storedHash !== null && storedHash !== undefined;
}

let nobody: Promise<string> | undefined;
/** Asked for once before the first sign-in, or that one would take twice as long for a person who does not exist. */
export const nobodysHash = (): Promise<string> => (nobody ??= hashPassword("a password that nobody has"));

export function checkNewPassword(password: string): void {
  if (password.length < MIN_LENGTH)
    throw problem("password.tooShort", `A password has at least ${MIN_LENGTH} characters.`, MIN_LENGTH);
  if (password.length > MAX_LENGTH)
    throw problem("password.tooLong", `A password has at most ${MAX_LENGTH} characters.`, MAX_LENGTH);
}

const problem = (reason: string, message: string, limit: number) =>
  new DomainError("invalid", message, { reason, problems: [{ field: "password", reason, message, limit }] });
