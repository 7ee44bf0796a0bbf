import type { z } from "zod";
import type { Json } from "@kontor/shared/base";
import { useReplica } from "../../replica/index.ts";
import { useWords } from "../../words/index.ts";

export type Asked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly words: string };

const SERVERS = [
  { field: "imap", words: "accounts.imap" },
  { field: "smtp", words: "accounts.smtp" },
] as const;

/** Asks the server about accounts now; what it refuses comes in the user's words. */
export function useAccountRequests() {
  const { call } = useReplica();
  const { t, reason } = useWords();
  return async function ask<Value>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    schema: z.ZodType<Value>,
    body?: Json,
  ): Promise<Asked<Value>> {
    const answer = await call("mail.request", {
      method,
      path: `/api/mail/${path}`,
      ...(body === undefined ? {} : { body: body as never }),
    });
    if (!answer.ok) {
      if (answer.reason === "offline" || answer.reason === "signedOut")
        return { ok: false, words: t("accounts.offline") };
      const [problem] = answer.problems ?? [];
      const words = reason(problem?.reason ?? answer.reason, problem?.message ?? answer.message);
      // A host that does not answer is one of two, and whoever typed them wants to know which.
      const server = SERVERS.find(({ field }) => field === problem?.field);
      return { ok: false, words: server ? `${t(server.words)}: ${words}` : words };
    }
    const parsed = schema.safeParse(answer.body);
    return parsed.success ? { ok: true, value: parsed.data } : { ok: false, words: t("accounts.notUnderstood") };
  };
}
