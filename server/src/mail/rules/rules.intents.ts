import type { AnyIntent } from "#kernel";
import { mailIntent } from "../mail.intent.ts";
import { deleteRule, saveRule, type RuleDeps } from "./saveRule.ts";

export function ruleIntents(deps: RuleDeps): readonly AnyIntent[] {
  const rules = { collection: "mailRules", action: "edit" };
  return [
    mailIntent("rule.save", rules, (trx, intent, actor) => saveRule(trx, intent, actor, deps)),
    mailIntent("rule.delete", rules, deleteRule),
  ];
}
