import { cleanWords, type AnswerKind, type RecipientAnswer, type Route } from "#mail";

/** What nodemailer tells of an error; every part may be missing. */
export interface SmtpError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly recipient?: string | undefined;
}

export interface Attempt {
  readonly recipients: readonly string[];
  readonly route: Route;
  /** Recipients that were refused by themselves. */
  readonly refused: readonly SmtpError[];
  /** What became of the rest: the far server's last answer, or the error that ended it. */
  readonly outcome: { readonly response: string } | { readonly error: SmtpError };
  /** Whether the last byte was handed over: after that, no answer does not mean that it was not taken. */
  readonly handedOver: boolean;
  /** There was no session in which to speak of a message. */
  readonly unreachable?: boolean;
}

/** One answer for each recipient, in their order (TRN-1). */
export function answersOf(attempt: Attempt): readonly RecipientAnswer[] {
  const refused = new Map(attempt.refused.map((error) => [error.recipient ?? "", error]));
  return attempt.recipients.map((recipient) => {
    const error = refused.get(recipient);
    if (error) return { recipient, ...answerOfError(error) };
    if ("error" in attempt.outcome) return { recipient, ...answerOfError(attempt.outcome.error, attempt) };
    const kind = attempt.route.kind === "mx" ? "delivered" : "relayed";
    return { recipient, kind, ...partsOf(attempt.outcome.response) };
  });
}

type Answer = Omit<RecipientAnswer, "recipient">;

/** Steps at which the far server speaks of this message, and not of whether it talks to us at all. */
const OF_THE_MESSAGE = new Set(["MAIL FROM", "RCPT TO", "DATA"]);

function answerOfError(error: SmtpError, { handedOver, unreachable }: Partial<Attempt> = {}): Answer {
  const { code, command, message, response, responseCode } = error;
  const parts = response === undefined ? { words: cleanWords(message) } : partsOf(response);
  // A refusal before there is a message is about us: another address of theirs or a later hour may do (RFC 5321 §3.1).
  if (responseCode !== undefined && OF_THE_MESSAGE.has(command ?? "")) {
    // RFC 5321 §4.5.3.1.10: said of a recipient, 552 has always meant that there are too many of them for one transaction.
    const isTooMany = command === "RCPT TO" && responseCode === 552 && parts.enhancedCode !== "5.2.2";
    return { kind: isTooMany ? "temporary" : kindOf(responseCode), ...parts };
  }
  // nodemailer looks itself at the size that is taken and at the addresses before it asks.
  if (code === "EMESSAGE") return { kind: "permanent", code: 552, enhancedCode: "5.3.4", words: TOO_LARGE };
  if (code === "EENVELOPE") return { kind: "permanent", code: 553, enhancedCode: "5.1.3", ...parts };
  if (handedOver) return { kind: "connection", ...parts, words: cleanWords(`${LOST}: ${message}`) };
  return { kind: "connection", ...parts, ...(unreachable === true && { unreachable }) };
}

const TOO_LARGE = "The message is larger than the far server takes.";
const LOST = "The message was handed over, and the answer to it was lost";

/** 503 says that the talk went wrong, not that the message is refused. */
const kindOf = (code: number): AnswerKind => (code >= 500 && code !== 503 ? "permanent" : "temporary");

/** `550-5.1.1 No such user here.\n550 5.1.1 Really.` */
function partsOf(response: string): Omit<Answer, "kind"> {
  const lines = response.split(/\r?\n/);
  const first = /^(?<code>\d{3})[ -]?(?:(?<enhanced>[245]\.\d{1,3}\.\d{1,3})\b)?/.exec(lines[0] ?? "")?.groups;
  const words = lines
    .map((line) => line.replace(/^\d{3}[ -]?/, "").replace(/^[245]\.\d{1,3}\.\d{1,3}\s*/, ""))
    .join(" ");
  return {
    ...(first?.["code"] !== undefined && { code: Number(first["code"]) }),
    ...(first?.["enhanced"] !== undefined && { enhancedCode: first["enhanced"] }),
    words: cleanWords(words),
  };
}
