import { z } from "zod";
import { addressSchema } from "@kontor/shared/mail";
import { defineEndpoint, type Endpoint } from "#kernel";
import { login, outcomeReply, SELF, serverReply, TRIES, userIdOf, type AccountEndpointDeps } from "./accounts.rest.ts";
import { presets } from "./presets.ts";

/** Before there is an account: where an address has its mail, and whether one can sign in there. */
export function providerEndpoints({ accounts, flows }: AccountEndpointDeps): readonly Endpoint[] {
  const hasOAuth = (key: string | undefined) => flows.providers.some((each) => each.key === key);
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/providers",
      summary: "Providers that are known by name, and how one signs in there",
      tag: "mail accounts",
      access: SELF,
      reply: z.object({
        providers: z.array(
          z.object({
            key: z.string(),
            name: z.string(),
            /** `app`: a password made for one application; `none`: only by OAuth. */
            password: z.enum(["account", "app", "none"]),
            oauth: z.string().optional(),
            help: z.string().optional(),
          }),
        ),
      }),
      async handle() {
        return {
          providers: presets.map(({ key, name, password, oauth, help }) => ({
            key,
            name,
            password,
            ...(hasOAuth(oauth) && { oauth }),
            ...(help !== undefined && { help }),
          })),
        };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/accounts/discover",
      summary: "Where an address has its mail: known providers, RFC 6186, then names that most have",
      tag: "mail accounts",
      access: SELF,
      rateLimit: TRIES,
      body: z.object({ address: addressSchema }),
      reply: z.object({
        found: z
          .object({
            by: z.enum(["preset", "mx", "srv", "guess"]),
            imap: serverReply,
            smtp: serverReply,
            userName: z.string(),
            provider: z.string().optional(),
            password: z.enum(["account", "app", "none"]),
            oauth: z.string().optional(),
            help: z.string().optional(),
          })
          .optional(),
      }),
      async handle({ body }) {
        const found = await accounts.discover(body.address);
        if (!found) return {};
        const { by, imap, smtp, userName, preset } = found;
        return {
          found: {
            by,
            imap,
            smtp,
            userName,
            password: preset?.password ?? "account",
            ...(preset && { provider: preset.key }),
            ...(hasOAuth(preset?.oauth) && { oauth: preset?.oauth }),
            ...(preset?.help !== undefined && { help: preset.help }),
          },
        };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/accounts/test",
      summary: "Sign in at both servers of an account and leave again; what fails says why",
      tag: "mail accounts",
      access: SELF,
      rateLimit: TRIES,
      body: z.object(login),
      reply: z.object({ imap: outcomeReply, smtp: outcomeReply }),
      handle: ({ body }, request) => accounts.test(userIdOf(request), body),
    }),
  ];
}
