import { parseBounce, type Bounce } from "./parseBounce.ts";
import { parseMessage } from "./parseMessage.ts";
import type { ParseOutcome } from "./parsedMessage.ts";

/** Everything that the bytes of a message say. */
export interface ReadMail {
  readonly outcome: ParseOutcome;
  /** What it tells of a message that left from here. */
  readonly bounce: Bounce | undefined;
}

/** Here and now, however large; `createMessageReader` reads large ones where nobody waits for them. */
export const readMail = (raw: Uint8Array): ReadMail => ({ outcome: parseMessage(raw), bounce: parseBounce(raw) });
