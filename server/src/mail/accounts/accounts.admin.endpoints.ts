import { sql } from "kysely";
import { z } from "zod";
import type { AccountReason, accountStates } from "@kontor/shared/mail";
import { defineEndpoint, type Endpoint } from "#kernel";
import { idParams } from "../mail.rest.ts";
import { findAccount } from "./accounts.repo.ts";
import { stateOf, stateReply, type AccountEndpointDeps } from "./accounts.rest.ts";
import { accountNotFound } from "./accounts.service.ts";

/** For administrators: how accounts are going, and nothing of what lies in them. */
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
