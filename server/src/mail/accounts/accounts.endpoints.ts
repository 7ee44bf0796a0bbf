import { z } from "zod";
import { addressSchema } from "@kontor/shared/mail";
import { auditActor, defineEndpoint, type Endpoint, type EndpointRequest } from "#kernel";
import { requireMailbox } from "../mailboxes/mailbox.resource.ts";
import { idParams, mailboxAccess } from "../mail.rest.ts";
import { findAccount } from "./accounts.repo.ts";
import {
  login,
  name,
  SELF,
  serverReply,
  stateOf,
  stateReply,
  TRIES,
  userIdOf,
  type AccountEndpointDeps,
} from "./accounts.rest.ts";
import { accountNotFound } from "./accounts.service.ts";
import { oauthEndpoints } from "./oauth.endpoints.ts";
import { providerEndpoints } from "./providers.endpoints.ts";

export const accountEndpoints = (deps: AccountEndpointDeps): readonly Endpoint[] => [
  ...providerEndpoints(deps),
  ...oauthEndpoints(deps),
  ...ownEndpoints(deps),
];

function ownEndpoints({ db, actorOf, accounts }: AccountEndpointDeps): readonly Endpoint[] {
  const by = (request: EndpointRequest) => auditActor(request.principal, request.ip);
  return [
    defineEndpoint({
      method: "post",
      path: "/mail/accounts",
      summary: "Add an account at a provider, once it can be signed in to; its mail is a mailbox of the caller's",
      tag: "mail accounts",
      access: SELF,
      rateLimit: TRIES,
      body: z.object({ name, address: addressSchema, ...login }),
      status: 201,
      reply: z.object({ id: z.uuid() }),
      handle: ({ body }, request) => accounts.create(userIdOf(request), body, by(request)),
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/accounts/:id",
      summary: "How an account is reached and how it is going; never its secret",
      tag: "mail accounts",
      access: mailboxAccess.manage,
      params: idParams,
      reply: accountReply,
      async handle({ params }, request) {
        const { mailbox } = await requireMailbox(db, await actorOf(request), params.id, "manage");
        const account = await findAccount(db, params.id);
        if (!account) throw accountNotFound();
        return {
          id: mailbox.id,
          name: mailbox.name,
          address: mailbox.address,
          userName: account.user_name,
          auth: account.auth,
          ...(account.provider !== null && { provider: account.provider }),
          imap: { host: account.imap_host, port: account.imap_port, security: account.imap_security },
          smtp: { host: account.smtp_host, port: account.smtp_port, security: account.smtp_security },
          ...stateOf(account),
        };
      },
    }),
    defineEndpoint({
      method: "patch",
      path: "/mail/accounts/:id",
      summary: "Rename an account, sign in anew or elsewhere, switch it off or on",
      tag: "mail accounts",
      access: mailboxAccess.manage,
      rateLimit: TRIES,
      params: idParams,
      body: z.object({ name: name.optional(), login: z.object(login).optional(), off: z.boolean().optional() }),
      async handle({ params, body }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "manage");
        const change = { name: body.name, login: body.login, isOff: body.off };
        await accounts.change(userIdOf(request), params.id, change, by(request));
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/accounts/:id",
      summary: "Take an account away, with what was fetched of it; at the provider nothing changes",
      tag: "mail accounts",
      access: mailboxAccess.manage,
      params: idParams,
      async handle({ params }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "manage");
        await accounts.remove(params.id, by(request));
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/accounts/:id/look",
      summary: "Look for new mail at the provider now",
      tag: "mail accounts",
      access: mailboxAccess.edit,
      rateLimit: TRIES,
      params: idParams,
      async handle({ params }, request) {
        await requireMailbox(db, await actorOf(request), params.id, "edit");
        if (!(await findAccount(db, params.id))) throw accountNotFound();
        await accounts.look(params.id);
      },
    }),
  ];
}

const accountReply = z.object({
  id: z.uuid(),
  name: z.string(),
  address: z.string(),
  userName: z.string(),
  auth: z.enum(["password", "oauth"]),
  provider: z.string().optional(),
  imap: serverReply,
  smtp: serverReply,
  ...stateReply,
});
