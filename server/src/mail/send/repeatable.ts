import { createHash } from "node:crypto";
import { DomainError, isId, newId } from "@kontor/shared/base";
import type { EndpointRequest } from "#kernel";

/**
 * Ids for the steps of one request, the same each time that it is sent with the same Idempotency-Key: a program that lost our answer
 * sends it again, and each step that was done is answered as it was (SYN-4).
 */
export type StepIds = (step: string) => string;

export function stepIds(request: EndpointRequest): StepIds {
  const key = request.raw.request.get("idempotency-key");
  if (key === undefined) return () => newId();
  if (!isId(key)) {
    throw new DomainError("invalid", "The Idempotency-Key must be a UUID, best of version 7.", {
      reason: "request.idempotencyKey",
    });
  }
  // Whoever guesses somebody's key must not come to the same ids with it.
  const userId = request.principal?.userId ?? "";
  return (step) => uuidOf(`${userId} ${key.toLowerCase()} ${step}`);
}

/** UUID version 8 (RFC 9562 §5.8): of what it is made of. */
function uuidOf(text: string): string {
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
