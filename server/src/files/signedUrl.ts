import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { DomainError } from "@kontor/shared/base";

/** What a signed address stands for: one part of one file, until then, for one user or for whoever it was sent to. */
const part = {
  file: z.uuid(),
  part: z.enum(["content", "pdf", "page", "thumbnail"]),
  page: z.int().positive().optional(),
  /** Milliseconds since the epoch. */
  expires: z.int(),
};
const ticketSchema = z.union([
  z.strictObject({
    ...part,
    user: z.uuid(),
    channel: z.enum(["desktop", "console", "api"]),
    device: z.uuid().optional(),
  }),
  /** What gave the file to people without an account; the file's place knows whether it still does. */
  z.strictObject({ ...part, share: z.uuid() }),
]);
export type Ticket = z.infer<typeof ticketSchema>;

/** `<payload>.<HMAC-SHA256 of it>`, both base64url. The payload can be read by its holder, and not changed. */
export function signTicket(ticket: Ticket, key: Buffer): string {
  const payload = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  return `${payload}.${macOf(payload, key).toString("base64url")}`;
}

export function openTicket(signed: string, { key, now }: { key: Buffer; now: number }): Ticket {
  const [payload = "", mac = "", ...rest] = signed.split(".");
  // The text is compared, and not what it decodes to: base64 leaves bits of its last character unread. In constant time:
  // a comparison that stops early tells a guesser how far they got.
  const expected = Buffer.from(macOf(payload, key).toString("base64url"));
  const given = Buffer.from(mac);
  if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) throw notValid();
  const ticket = ticketSchema.safeParse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8")));
  if (!ticket.success || ticket.data.expires <= now) throw notValid();
  return ticket.data;
}

const macOf = (payload: string, key: Buffer) => createHmac("sha256", key).update(payload).digest();

/** One answer for expired, changed and made up: which of them it was helps only an attacker. */
const notValid = () =>
  new DomainError("notFound", "This address is not valid, or not any longer.", { reason: "file.ticket" });
