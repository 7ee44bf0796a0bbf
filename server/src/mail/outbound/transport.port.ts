import type { Readable } from "node:stream";

/**
 * Hands one message to another mail server, for one or more recipients. One verb, so that queue and protocol can be looked
 * at apart.
 *
 * Rules, quoted by the contract suite (`transport.contract.ts`):
 * - **TRN-1** Each recipient gets exactly one answer, in the order in which they were given.
 * - **TRN-2** A recipient that the far server refuses keeps no other from being served.
 * - **TRN-3** An answer carries the far server's code, enhanced code and words, the words cleaned and cut.
 * - **TRN-4** `delivered` and `relayed` are said only after the far server took the message, after its final dot.
 * - **TRN-5** It answers and never throws, whatever the far server does or does not do, and within its time limits. Told to
 *   stop, it answers `connection`.
 * - **TRN-6** What arrives are the bytes of the message, with each line ended by CR LF; a dot at the start of a line is safe.
 */
export interface Transport {
  transmit(transmission: Transmission): Promise<readonly RecipientAnswer[]>;
  /** Ends idle connections; those at work are ended by their signal. */
  close(): void;
}

export interface Transmission {
  readonly envelope: Envelope;
  /** The message from its first byte; asked again for another host. As a whole where it is in memory. */
  raw(): Readable | Buffer;
  readonly size: number;
  readonly route: Route;
  readonly signal: AbortSignal;
}

export interface Envelope {
  /** Empty: nobody is told when it fails (RFC 5321 §4.5.5). */
  readonly from: string;
  readonly recipients: readonly string[];
  readonly envelopeId: string;
}

export type Route =
  /** Straight to the servers that take mail for this domain. */
  | { readonly kind: "mx"; readonly domain: string }
  /** Through somebody who takes it on: our own relay, or the provider of an external account. */
  | ({ readonly kind: "relay" | "account" } & Submission);

export interface Submission {
  readonly host: string;
  readonly port: number;
  /** `tls` from the first byte, `starttls` or nothing at all; the first two only with a certificate that is trusted. */
  readonly security: "tls" | "starttls" | "none";
  readonly auth?: SubmissionAuth;
  /** PEM of certificates to trust instead of those that everybody trusts: of an office's own authority. */
  readonly ca?: string;
}

export type SubmissionAuth =
  | { readonly user: string; readonly password: string }
  | { readonly user: string; readonly accessToken: string };

export interface RecipientAnswer {
  readonly recipient: string;
  readonly kind: AnswerKind;
  /** Absent where no answer came. */
  readonly code?: number;
  /** RFC 3463, without the code before it: `5.1.1`. */
  readonly enhancedCode?: string;
  readonly words: string;
  /** With `connection`: nobody talked to us at all, so that others for the same place need not try right now. */
  readonly unreachable?: true;
}

export const answerKinds = ["delivered", "relayed", "temporary", "permanent", "connection"] as const;
export type AnswerKind =
  /** The recipient's own server took it. */
  | "delivered"
  /** Another server took it on, and tells us if it fails. */
  | "relayed"
  /** The far server says: later. */
  | "temporary"
  /** The far server says: never. */
  | "permanent"
  /** No answer: nobody there, cut off, or no agreement on how to talk. It may have been taken all the same. */
  | "connection";

/** Longer words are an attack on whoever reads them, or a page of HTML. */
const MAX_WORDS = 500;
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/gu;

/** Words of a far server, fit to be kept and shown (TRN-3). */
export const cleanWords = (words: string): string => words.replaceAll(CONTROL, " ").trim().slice(0, MAX_WORDS);

/** How an answer is written down: `550 5.1.1 No such user`. */
export const replyOf = ({ code, enhancedCode, words }: Omit<RecipientAnswer, "recipient" | "kind">): string =>
  [code, enhancedCode, words].filter((part) => part !== undefined && part !== "").join(" ");
