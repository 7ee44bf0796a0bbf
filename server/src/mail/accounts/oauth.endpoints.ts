import { z } from "zod";
import { DomainError, isDomainError } from "@kontor/shared/base";
import { defineEndpoint, type Endpoint } from "#kernel";
import { AccountFailure } from "./account.failure.ts";
import { line, SELF, serverReply, TRIES, userIdOf, type AccountEndpointDeps } from "./accounts.rest.ts";
import { CALLBACK_PATH } from "./oauth.flow.ts";
import { showReturn } from "./oauth.page.ts";
import { presets } from "./presets.ts";

/** Signing in at a provider in a browser, and back. */
export function oauthEndpoints({ flows }: AccountEndpointDeps): readonly Endpoint[] {
  return [
    defineEndpoint({
      method: "post",
      path: "/mail/oauth",
      summary: "Begin a sign-in at a provider: the address to open in a browser",
      tag: "mail accounts",
      access: SELF,
      rateLimit: TRIES,
      body: z.object({
        provider: line(40),
        /** Of a program on the person's own machine that waits for the browser (RFC 8252). Absent: it comes back here. */
        redirectUri: z.url().max(500).optional(),
      }),
      reply: z.object({ flow: z.string(), url: z.string(), expiresAt: z.string() }),
      handle: ({ body }, request) => flows.begin(userIdOf(request), body),
    }),
    defineEndpoint({
      method: "get",
      path: CALLBACK_PATH,
      summary: "Where a provider sends the browser back to; shows the letters that finish the sign-in",
      tag: "mail accounts",
      access: {
        kind: "anybody",
        because: "a browser without a session here; what it brings finishes nothing by itself",
      },
      rateLimit: TRIES,
      query: z.object({
        state: z.string().max(100).default(""),
        code: z.string().min(1).max(4_000).optional(),
        error: z.string().max(200).optional(),
      }),
      stream: true,
      async handle({ query }, { raw: { request, response } }) {
        // A person looks at it, in a browser: whatever came along, they get a page.
        const outcome = await flows.comeBack(query).catch((error: unknown) => {
          if (isDomainError(error)) return { reason: "auth.expired" } as const;
          throw error;
        });
        showReturn(response, outcome, request.acceptsLanguages(["en", "ru"]) === "ru" ? "ru" : "en");
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/oauth/finish",
      summary:
        "Finish a sign-in at a provider, with the letters that the browser shows or the code that came to the caller's machine",
      tag: "mail accounts",
      access: SELF,
      rateLimit: TRIES,
      body: z.object({
        flow: line(100),
        proof: z.union([z.object({ words: line(40) }), z.object({ code: line(4_000) })]),
      }),
      reply: z.object({
        /** As the provider names the account. */
        address: z.string().optional(),
        imap: serverReply,
        smtp: serverReply,
      }),
      async handle({ body }, request) {
        const { provider, address } = await flows
          .finish(userIdOf(request), body.flow, body.proof)
          .catch((error: unknown) => {
            throw error instanceof AccountFailure ? signInFailed(error) : error;
          });
        const preset = presets.find(({ key }) => key === provider.preset);
        if (!preset) throw new Error(`no preset ${provider.preset}`);
        return { imap: preset.imap, smtp: preset.smtp, ...(address !== undefined && { address }) };
      },
    }),
  ];
}

const signInFailed = ({ reason, words }: AccountFailure) =>
  new DomainError("invalid", words ?? "Signing in at the provider did not work.", { reason: `account.${reason}` });
