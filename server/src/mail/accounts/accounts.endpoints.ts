import { isIP } from "node:net";
import { sql } from "kysely";
import { z } from "zod";
import { DomainError, isDomainError } from "@kontor/shared/base";
import { accountReasons, accountStates, addressSchema, mailLimits, type AccountReason } from "@kontor/shared/mail";
import { auditActor, defineEndpoint, type Endpoint, type EndpointRequest } from "#kernel";
import { AccountFailure } from "./account.failure.ts";
import { requireMailbox } from "../mailboxes/mailbox.resource.ts";
import { idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { findAccount } from "./accounts.repo.ts";
import { accountNotFound, type AccountsService } from "./accounts.service.ts";
import { securities } from "./imap.port.ts";
import { CALLBACK_PATH, type OAuthFlows } from "./oauth.flow.ts";
import { showReturn } from "./oauth.page.ts";
import { presets } from "./presets.ts";

export interface AccountEndpointDeps extends Omit<MailRestDeps, "applyIntent"> {
  readonly accounts: AccountsService;
  readonly flows: OAuthFlows;
}

const SELF = {
  kind: "self",
  because: "an account at a provider that the caller signs in to, for the caller alone",
} as const;

/** RFC 1035 §2.3.4, or an address; what is not a host must not get as far as a resolver. */
const host = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .refine(
    (text) => isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(text),
    {
      error: "This is not the name of a host.",
    },
  );
const server = z.object({ host, port: z.int().min(1).max(65_535), security: z.enum(securities) });
/** One line: it goes into commands. */
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // oxlint-disable-next-line no-control-regex -- naming control characters is the point
    .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), { error: "This has a control character." });
const secret = z.union([
  z.strictObject({ password: line(1_000) }),
  /** A sign-in by OAuth that was finished a moment ago. */
  z.strictObject({ flow: line(100) }),
]);
const login = { imap: server, smtp: server, userName: line(mailLimits.maxAddressChars), secret };
const name = z.string().trim().min(1).max(200);

const serverReply = z.object({ host: z.string(), port: z.number(), security: z.enum(securities) });
const outcomeReply = z.object({
  ok: z.boolean(),
  reason: z.enum(accountReasons).optional(),
  message: z.string().optional(),
  help: z.string().optional(),
});

/** Each attempt signs in somewhere in the world: enough for somebody who mistypes, too few for guessing passwords there. */
const TRIES = { perMinute: 20 } as const;

export const accountEndpoints = (deps: AccountEndpointDeps): readonly Endpoint[] => [
  ...findingEndpoints(deps),
  ...oauthEndpoints(deps),
  ...ownEndpoints(deps),
];

const userIdOf = ({ principal }: EndpointRequest): string => {
  if (!principal) throw new DomainError("unauthenticated", "Sign in first.", { reason: "signIn.needed" });
  return principal.userId;
};

/* ---------- finding a provider ---------- */

function findingEndpoints({ accounts, flows }: AccountEndpointDeps): readonly Endpoint[] {
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

/* ---------- sign-in by OAuth ---------- */

function oauthEndpoints({ flows }: AccountEndpointDeps): readonly Endpoint[] {
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

/* ---------- accounts ---------- */

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

const stateReply = {
  state: z.enum(accountStates),
  reason: z.enum(accountReasons).optional(),
  message: z.string().optional(),
  retryAt: z.string().optional(),
  syncedAt: z.string().optional(),
};
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

function stateOf(row: {
  readonly state: (typeof accountStates)[number];
  readonly reason: AccountReason | null;
  readonly message: string | null;
  readonly retry_at: string | null;
  readonly last_synced_at: string | null;
}) {
  return {
    state: row.state,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.message !== null && { message: row.message }),
    ...(row.retry_at !== null && { retryAt: row.retry_at }),
    ...(row.last_synced_at !== null && { syncedAt: row.last_synced_at }),
  };
}

/* ---------- administration: how accounts are going, and nothing of what lies in them ---------- */

export const accountAdminEndpoints = ({
  db,
  accounts,
}: Pick<AccountEndpointDeps, "db" | "accounts">): readonly Endpoint[] => [
  defineEndpoint({
    method: "get",
    path: "/admin/mail/accounts",
    summary:
      "External accounts of everybody: whose they are, where, and how they are going; nothing of what lies in them",
    tag: "mail",
    access: { kind: "system", action: "administer" },
    query: z.object({ after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
    reply: z.object({
      accounts: z.array(
        z.object({
          id: z.uuid(),
          ownerId: z.uuid(),
          owner: z.string(),
          address: z.string(),
          host: z.string(),
          auth: z.enum(["password", "oauth"]),
          failures: z.number(),
          messages: z.number(),
          /** Changes of ours that are still to be done there. */
          pending: z.number(),
          ...stateReply,
        }),
      ),
      next: z.uuid().optional(),
    }),
    async handle({ query: { after, limit } }) {
      const { rows } = await sql<AdminRow>`
        select mailbox.id, mailbox.owner_id, app_user.name as owner, mailbox.address, account.imap_host, account.auth,
          account.failures, account.state, account.reason, account.message, account.retry_at, account.last_synced_at,
          (select count(*)::int from mail_remote_message known where known.mailbox_id = mailbox.id) as messages,
          (select count(*)::int from mail_remote_change change where change.mailbox_id = mailbox.id) as pending
        from mail_account account join mailbox on mailbox.id = account.mailbox_id
          join app_user on app_user.id = mailbox.owner_id
        where ${after ?? null}::uuid is null or mailbox.id > ${after ?? null}
        order by mailbox.id limit ${limit + 1}`.execute(db);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        accounts: page.map((row) => ({
          id: row.id,
          ownerId: row.owner_id,
          owner: row.owner,
          address: row.address,
          host: row.imap_host,
          auth: row.auth,
          failures: row.failures,
          messages: row.messages,
          pending: row.pending,
          ...stateOf(row),
        })),
        ...(rows.length > limit && last && { next: last.id }),
      };
    },
  }),
  defineEndpoint({
    method: "post",
    path: "/admin/mail/accounts/:id/look",
    summary: "Have an account tried again now",
    tag: "mail",
    access: { kind: "system", action: "administer" },
    params: idParams,
    async handle({ params }) {
      if (!(await findAccount(db, params.id))) throw accountNotFound();
      await accounts.look(params.id);
    },
  }),
];

interface AdminRow {
  readonly id: string;
  readonly owner_id: string;
  readonly owner: string;
  readonly address: string;
  readonly imap_host: string;
  readonly auth: "password" | "oauth";
  readonly failures: number;
  readonly state: (typeof accountStates)[number];
  readonly reason: AccountReason | null;
  readonly message: string | null;
  readonly retry_at: string | null;
  readonly last_synced_at: string | null;
  readonly messages: number;
  readonly pending: number;
}
