import { createHmac, randomBytes } from "node:crypto";
import { DomainError } from "@kontor/shared/base";
import { webhookLimits } from "./webhooks.limits.ts";

/** Standard Webhooks 1.0 (standardwebhooks.com): its receivers exist in every language. */
const PREFIX = "whsec_";

export const makeSecret = (): string => `${PREFIX}${randomBytes(webhookLimits.secretBytes.made).toString("base64")}`;

/** A secret of the receiver's own choice. */
export function requireSecret(secret: string): string {
  const { min, max } = webhookLimits.secretBytes;
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : "";
  const bytes = Buffer.from(text, "base64");
  if (bytes.length >= min && bytes.length <= max && bytes.toString("base64") === text) return secret;
  const message = `A secret is ${PREFIX} and ${min} to ${max} bytes in base64.`;
  throw new DomainError("invalid", message, {
    reason: "webhook.secret",
    problems: [{ field: "secret", reason: "webhook.secret", message }],
  });
}

/** One signature a secret, so that a receiver which knows either of them believes it. */
export function signEvent(
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: number },
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1_000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
