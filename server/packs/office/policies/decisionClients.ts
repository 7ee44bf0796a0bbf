import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import { inGroup, ivan } from "./conditions.ts";

/** Other systems that ask here what somebody may do (AuthZEN): they learn decisions, and see no record by it. */
export const decisionClientPolicies = [
  definePolicy({
    id: "decision-clients-evaluate",
    title: label(
      "Decision clients ask for decisions about anybody",
      "Системы-клиенты запрашивают решения о ком угодно",
    ),
    effect: "allow",
    resource: "system",
    actions: ["evaluate"],
    when: inGroup("decision-clients"),
    examples: [
      {
        name: "another system asks",
        subject: { login: "service:erp", groups: ["decision-clients"] },
        action: "evaluate",
        resource: {},
        expect: "allow",
      },
      {
        name: "and administers nothing",
        subject: { login: "service:erp", groups: ["decision-clients"] },
        action: "administer",
        resource: {},
        expect: "deny",
      },
      {
        name: "nobody else asks about others",
        subject: { id: ivan },
        action: "evaluate",
        resource: {},
        expect: "deny",
      },
    ],
  }),
];
