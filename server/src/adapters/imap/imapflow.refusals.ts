import type { ImapFlow } from "imapflow";
import { AccountFailure, cleanWords } from "#mail";
import { failureOf } from "./imapflow.failure.ts";

/** The library answers `false` to many a refusal and tells the reason to its log only. */
export interface Refusals {
  readonly logger: { debug(): void; info(): void; warn(entry: object): void; error(entry: object): void };
  takeLast(): unknown;
}

export function createRefusals(): Refusals {
  let last: unknown;
  const note = (entry: object) => {
    if ("err" in entry) last = entry.err;
  };
  return {
    logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    takeLast() {
      const taken = last;
      last = undefined;
      return taken;
    },
  };
}

/** Makes a refusal or a broken connection an `AccountFailure`, whichever way the library tells it. */
export async function askOf<Answer>(
  client: ImapFlow,
  refusals: Refusals,
  act: () => Promise<Answer | false | undefined>,
): Promise<Answer> {
  refusals.takeLast();
  let answer: Answer | false | undefined;
  try {
    answer = await act();
  } catch (error) {
    throw failureOf(error);
  }
  if (answer === false || answer === undefined) {
    if (!client.usable) throw closedBy(client);
    throw failureOf(refusals.takeLast() ?? new AccountFailure("server"));
  }
  return answer;
}

/** The connection has ended; with the server's last words, if it had any. */
export const closedBy = (client: ImapFlow): AccountFailure =>
  new AccountFailure("closed", cleanWords(client.byeReason ?? "") || undefined);
