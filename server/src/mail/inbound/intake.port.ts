import { DomainError } from "@kontor/shared/base";
import type { Origin } from "./verdict.ts";

/** What a listener asks, whatever protocol it speaks. */
export interface Intake {
  /** At RCPT: before a sender hands anything over. */
  accepts(recipient: string): Promise<"yes" | "unknown" | "notOurs">;
  /**
   * Takes a message. When it resolves, the message survives a power cut; before that nobody is told anything. Rejects with a
   * `DomainError` that `refusalOf` has words for.
   */
  take(delivery: Delivery, body: AsyncIterable<Buffer>): Promise<{ readonly id: string }>;
}

export interface Delivery {
  readonly origin: Origin;
  /** Empty: a notice, to which none follows. */
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface Refusal {
  readonly code: number;
  readonly enhancedCode: string;
  readonly words: string;
}

const PERMANENT: Readonly<Record<string, Omit<Refusal, "words">>> = {
  "inbound.tooLarge": { code: 552, enhancedCode: "5.3.4" },
  "inbound.empty": { code: 554, enhancedCode: "5.6.0" },
  "inbound.loop": { code: 554, enhancedCode: "5.4.6" },
  "inbound.forged": { code: 550, enhancedCode: "5.7.1" },
};

/** How a refusal is told to the other server. What is ours to mend is "later", and says no more than that. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof DomainError) {
    const known = PERMANENT[error.details.reason];
    if (known) return { ...known, words: error.message };
    if (error.details.reason === "storage.full")
      return { code: 452, enhancedCode: "4.3.1", words: "No room at the moment." };
  }
  return { code: 451, enhancedCode: "4.3.0", words: "Something here does not work at the moment. Try again." };
}
