import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import { inGroup, ivan } from "./conditions.ts";

/** Who looks over the administrators' shoulders: the right to read the audit log, and nothing else of the system. */
export const auditorPolicies = [
  definePolicy({
    id: "auditors-audit",
    title: label("Auditors read the audit log", "Аудиторы читают журнал аудита"),
    effect: "allow",
    resource: "system",
    actions: ["audit"],
    when: inGroup("auditors"),
    examples: [
      {
        name: "an auditor reads the log",
        subject: { id: ivan, groups: ["auditors"] },
        action: "audit",
        resource: {},
        expect: "allow",
      },
      {
        name: "and administers nothing",
        subject: { id: ivan, groups: ["auditors"] },
        action: "administer",
        resource: {},
        expect: "deny",
      },
      { name: "nobody else reads it", subject: { id: ivan }, action: "audit", resource: {}, expect: "deny" },
    ],
  }),
];
