import type { JsonObject } from "@kontor/shared/base";
import { defineCollection } from "#kernel";
import { seesMessages } from "../mailboxes/mailbox.resource.ts";
import { findRules, findRulesOf, ruleToDoc, scanRules, type RuleRow } from "./rules.repo.ts";

/** A mailbox's rules, for those who may change them. */
export const rulesCollection = defineCollection<RuleRow>({
  name: "mailRules",
  access: { kind: "parent", collection: "mailboxes", parentId: (row) => row.mailbox_id, byParents: findRulesOf },
  byIds: findRules,
  scan: scanRules,
  project: (row, access) =>
    seesMessages(access) && access.field("rules") === "visible"
      ? ({ ...ruleToDoc(row) } as unknown as JsonObject)
      : undefined,
});
