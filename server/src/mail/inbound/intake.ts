import { createHash } from "node:crypto";
import { DomainError, newId, type Clock } from "@kontor/shared/base";
import { addressKey, mailLimits } from "@kontor/shared/mail";
import { noteBlob, type BlobStore } from "#files";
import type { Database } from "#kernel";
import type { MailDns } from "../domains/dns.port.ts";
import { resolveAddresses } from "../mailboxes/resolveAddresses.ts";
import { insertInbound } from "./inbound.repo.ts";
import type { Intake } from "./intake.port.ts";
import { isRoleAddress } from "./roleAddress.ts";
import { traceOf } from "./trace.ts";
import { judge, type Judgement } from "./verdict.ts";

export interface IntakeDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly blobs: Pick<BlobStore, "get" | "put" | "delete">;
  readonly dns: MailDns;
  readonly ownName: string;
  /** Turns away what fails DMARC where its domain asks for that. Otherwise it goes to junk. */
  readonly refusesForged: boolean;
  readonly maxBytes?: number;
  /** A message lies there. */
  taken(): void;
}

/** RFC 5321 §6.3: at least a hundred; a message that has come through more goes round in a circle. */
const MAX_HOPS = 100;

/**
 * Takes messages in: first the bytes, then what the DNS says of them, then the row, and only then the answer. A kill before
 * the row leaves a body that nobody asks for and a sender who tries again; a kill after it leaves a message.
 */
export function createIntake(deps: IntakeDeps): Intake {
  const { db, clock, blobs, dns, ownName, refusesForged, maxBytes = mailLimits.maxMessageBytes } = deps;

  /** The trace and the message as it came, byte for byte. */
  async function store(trace: Buffer, body: AsyncIterable<Buffer>) {
    const hash = createHash("sha256");
    let failure: unknown; // a store may wrap it, and the sender is to hear of it
    async function* bytes() {
      try {
        yield trace;
        yield* counted(body, maxBytes, hash);
      } catch (error) {
        failure = error;
        throw error;
      }
    }
    const raw = await blobs.put(bytes()).catch((error: unknown) => {
      throw failure ?? error;
    });
    return { raw, bodySha256: hash.digest("hex") };
  }

  function refusalBy({ hops, dmarc, policy }: Judgement): DomainError | undefined {
    if (hops > MAX_HOPS)
      return refused("inbound.loop", "The message has come through too many servers: it goes round.");
    if (refusesForged && dmarc === "fail" && policy === "reject")
      return refused(
        "inbound.forged",
        "The domain in From asks to refuse what it did not send, and it did not send this.",
      );
    return undefined;
  }

  return {
    async accepts(recipient) {
      const key = addressKey(recipient);
      const destination = (await resolveAddresses(db, [key])).get(key);
      if (destination?.kind === "inside") return "yes";
      if (destination?.kind === "unknown") return isRoleAddress(key) ? "yes" : "unknown";
      return "notOurs";
    },

    async take(delivery, body) {
      const id = newId();
      const receivedAt = new Date(clock.now()).toISOString();
      const trace = Buffer.from(traceOf(delivery, { id, ownName, at: receivedAt }));
      const { raw, bodySha256 } = await store(trace, body);
      const judged = await blobs.get(raw.sha256, { start: trace.length, end: raw.size - 1 });
      const judgement = await judge(judged, { origin: delivery.origin, sender: delivery.from, dns, ownName });
      const refusal = refusalBy(judgement);
      if (refusal) {
        await blobs.delete(raw.sha256); // the trace makes these bytes nobody else's
        throw refusal;
      }

      await db.transaction().execute(async (trx) => {
        await noteBlob(trx, raw);
        await insertInbound(trx, {
          id,
          raw,
          bodySha256,
          envelopeFrom: delivery.from,
          recipients: delivery.recipients.map(addressKey),
          verdict: { ...delivery.origin, ...judgement },
          receivedAt,
        });
      });
      deps.taken();
      return { id };
    },
  };
}

const refused = (reason: string, words: string) => new DomainError("invalid", words, { reason });

async function* counted(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  hash: { update(chunk: Buffer): unknown },
): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes)
      throw new DomainError("tooLarge", `A message may have ${maxBytes} bytes at most.`, {
        reason: "inbound.tooLarge",
      });
    hash.update(chunk);
    yield chunk;
  }
  if (size === 0) throw refused("inbound.empty", "There was no message.");
}
