import { z } from "zod";
import { newId, type JsonObject } from "@kontor/shared/base";
import { mailIntentSchemas, type RuleDoc } from "@kontor/shared/mail";
import { defineEndpoint, type Endpoint, type Queue } from "#kernel";
import { changeMail, idParams, mailboxAccess, type MailRestDeps } from "../mail.rest.ts";
import { findRules, findRulesOf, ruleToDoc } from "./rules.repo.ts";
import { findRuleRun, startRuleRun, type RuleRun } from "./runOnFolder.ts";
import { requireRules, ruleNotFound } from "./saveRule.ts";

export interface RuleEndpointDeps extends MailRestDeps {
  readonly queue: Pick<Queue, "enqueue">;
}

const ruleReply = z.custom<RuleDoc>(() => true);
const runReply = z.custom<RuleRun>(() => true);

/** A mailbox's rules, for those who may change them. */
export function ruleEndpoints(deps: RuleEndpointDeps): readonly Endpoint[] {
  const { db, actorOf, queue } = deps;
  return [
    defineEndpoint({
      method: "get",
      path: "/mail/mailboxes/:id/rules",
      summary: "Rules of a mailbox, in the order in which they run",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      reply: z.object({ rules: z.array(ruleReply) }),
      async handle({ params }, request) {
        await requireRules(db, await actorOf(request), params.id);
        return { rules: (await findRulesOf(db, [params.id])).map(ruleToDoc) };
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/mailboxes/:id/rules",
      summary: "Make a rule, or write one anew under its id",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: z.object({ id: z.uuid().optional(), rule: mailIntentSchemas["rule.save"].shape.rule }),
      reply: ruleReply,
      async handle({ params, body: { id = newId(), rule } }, request) {
        const args = { mailboxId: params.id, rule } as JsonObject;
        await changeMail(deps, await actorOf(request), { name: "rule.save", collection: "mailRules", id, args });
        const [row] = await findRules(db, [id]);
        if (!row) throw ruleNotFound();
        return ruleToDoc(row);
      },
    }),
    defineEndpoint({
      method: "delete",
      path: "/mail/rules/:id",
      summary: "Delete a rule",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      async handle({ params }, request) {
        const change = { name: "rule.delete", collection: "mailRules", id: params.id, args: {} } as const;
        await changeMail(deps, await actorOf(request), change);
      },
    }),
    defineEndpoint({
      method: "post",
      path: "/mail/mailboxes/:id/rules/run",
      summary:
        "Run one rule, or all that are on, on what lies in a folder; nothing is sent on. Answers with how to follow it",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      body: z.object({ folderId: z.uuid(), ruleId: z.uuid().optional() }),
      status: 202,
      reply: runReply,
      async handle({ params, body }, request) {
        const actor = await actorOf(request);
        return db.transaction().execute((trx) => startRuleRun(trx, queue, { mailboxId: params.id, ...body }, actor));
      },
    }),
    defineEndpoint({
      method: "get",
      path: "/mail/rule-runs/:id",
      summary: "How far rules have come with a folder",
      tag: "mail",
      access: mailboxAccess.edit,
      params: idParams,
      reply: runReply,
      handle: async ({ params }, request) => findRuleRun(db, await actorOf(request), params.id),
    }),
  ];
}
