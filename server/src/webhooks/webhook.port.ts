/** Hands an event to whoever listens elsewhere. */
export interface WebhookSender {
  /** Never throws for what the other side does, or fails to do; does not follow where it is sent on to. */
  send(request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  }): Promise<SendAnswer>;
}

/** What it says beside its status is nobody's here: it would show answers of machines that somebody else made the server ask. */
export type SendAnswer =
  | { readonly status: number; readonly retryAfterMs?: number }
  | { readonly failure: SendFailure };

/** `private`: an address of this machine, or of a network behind it. `certificate`: not one to trust, or for another name. */
export const sendFailures = ["private", "unreachable", "timeout", "certificate"] as const;
export type SendFailure = (typeof sendFailures)[number];

/** Why a webhook was switched off by the server: nobody took anything for days, or its receiver said that it is gone (410). */
export type OffReason = "failing" | "gone";
