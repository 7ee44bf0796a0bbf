import type { AccountSecret, Security } from "./imap.port.ts";

/** Whether mail can be handed to a provider: connects, signs in and goes. Rejects with an `AccountFailure`. */
export interface SubmissionCheck {
  check(settings: SubmissionSettings): Promise<void>;
}

export interface SubmissionSettings {
  readonly host: string;
  readonly port: number;
  readonly security: Security;
  readonly user: string;
  readonly secret: AccountSecret;
}
