import { definePack } from "@kontor/server/objects";
import { auditorPolicies } from "./policies/auditors.ts";
import { contractPolicies } from "./policies/contract.ts";
import { counterpartyPolicies } from "./policies/counterparty.ts";
import { decisionClientPolicies } from "./policies/decisionClients.ts";
import { employeePolicies } from "./policies/employee.ts";
import { everybodyPolicies } from "./policies/everybody.ts";
import { invoicePolicies } from "./policies/invoice.ts";
import { letterPolicies } from "./policies/letters.ts";
import { mailPolicies } from "./policies/mail.ts";
import { taskPolicies } from "./policies/task.ts";
import { subjectAttributes } from "./subjectAttributes.ts";
import { contract } from "./types/contract.ts";
import { counterparty } from "./types/counterparty.ts";
import { employee } from "./types/employee.ts";
import { incomingLetter } from "./types/incomingLetter.ts";
import { invoice } from "./types/invoice.ts";
import { outgoingLetter } from "./types/outgoingLetter.ts";
import { task } from "./types/task.ts";

/**
 * What an office has on the first day. Groups that the policies know: heads, management, legal, accounting, office, hr,
 * auditors, decision-clients.
 */
export const office = definePack({
  name: "office",
  title: { en: "Office", ru: "Офис" },
  types: [contract, invoice, incomingLetter, outgoingLetter, task, counterparty, employee],
  subjectAttributes,
  policies: [
    ...everybodyPolicies,
    ...auditorPolicies,
    ...contractPolicies,
    ...invoicePolicies,
    ...letterPolicies,
    ...taskPolicies,
    ...counterpartyPolicies,
    ...employeePolicies,
    ...mailPolicies,
    ...decisionClientPolicies,
  ],
});
