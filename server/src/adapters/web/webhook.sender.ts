import type { IncomingMessage } from "node:http";
import type { SendAnswer, SendFailure, WebhookSender } from "#webhooks";
import { NotOutside, requestOutside } from "./outside.ts";

export interface WebhookSenderOptions {
  /** Receivers inside the office. */
  readonly allowPrivate?: boolean;
  /** Authorities in place of those that Node knows, PEM. */
  readonly ca?: readonly string[] | undefined;
}

/** Over HTTPS, and no further than the address that was given: a redirect could lead into a private network, or to plain HTTP. */
export function createWebhookSender({ allowPrivate = false, ca }: WebhookSenderOptions = {}): WebhookSender {
  return {
    async send({ url, headers, body, signal }) {
      try {
        const answer = await requestOutside(new URL(url), {
          method: "POST",
          headers: {
            ...headers,
            "content-type": "application/json",
            "content-length": String(Buffer.byteLength(body)),
            "user-agent": "Kontor webhooks",
          },
          body,
          signal,
          allowPrivate,
          ca,
        });
        return answerOf(answer);
      } catch (error) {
        return { failure: failureOf(error, signal) };
      }
    },
  };
}

/** The rest of it is not read: it is nobody's, and may have no end. */
function answerOf(answer: IncomingMessage): SendAnswer {
  const { statusCode = 0, headers } = answer;
  answer.destroy();
  const seconds = Number(headers["retry-after"]);
  return { status: statusCode, ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }) };
}

function failureOf(error: unknown, signal: AbortSignal): SendFailure {
  if (error instanceof NotOutside) return "private";
  if (signal.aborted) return "timeout";
  const { code = "" } = error as NodeJS.ErrnoException;
  return /CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$/.test(code) ? "certificate" : "unreachable";
}
