import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import {
  all,
  either,
  inGroup,
  inState,
  isInMyCharge,
  isInMyDepartment,
  isOwner,
  ivan,
  notDraft,
  olga,
  purchasing,
  sales,
} from "./conditions.ts";

const resource = "contract";

export const contractPolicies = [
  definePolicy({
    id: "contract-create",
    title: label("Staff begin contracts in their own department", "Сотрудники заводят договоры в своём подразделении"),
    effect: "allow",
    resource,
    actions: ["create"],
    when: all(isOwner, isInMyDepartment),
    examples: [
      {
        name: "Ivan begins a contract in his own department",
        subject: { id: ivan, departments: [sales] },
        action: "create",
        resource: { owner: ivan, department: sales, state: "draft" },
        expect: "allow",
      },
      {
        name: "but not in another one",
        subject: { id: ivan, departments: [sales] },
        action: "create",
        resource: { owner: ivan, department: purchasing, state: "draft" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contract-owner-read",
    title: label("The responsible person reads their contracts", "Ответственный видит свои договоры"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: isOwner,
  }),
  definePolicy({
    id: "contract-owner-draft",
    title: label("The responsible person works on the draft", "Ответственный работает с черновиком"),
    effect: "allow",
    resource,
    actions: ["edit", "attach", "delete", "restore", "transition:submit"],
    when: all(isOwner, inState("draft")),
  }),
  definePolicy({
    id: "contract-department-read",
    title: label("Staff read the contracts of their department", "Сотрудники видят договоры своего подразделения"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: all(isInMyDepartment, notDraft),
    examples: [
      {
        name: "a colleague reads a contract in force",
        subject: { id: olga, departments: [sales] },
        action: "read",
        resource: { owner: ivan, department: sales, state: "signed" },
        expect: "allow",
      },
      {
        name: "a draft is its owner's own",
        subject: { id: olga, departments: [sales] },
        action: "read",
        resource: { owner: ivan, department: sales, state: "draft" },
        expect: "deny",
      },
      {
        name: "another department does not see it",
        subject: { id: olga, departments: [purchasing] },
        action: "read",
        resource: { owner: ivan, department: sales, state: "signed" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contract-department-edit",
    title: label(
      "The department mends a contract while it is on approval",
      "Подразделение правит договор, пока он на согласовании",
    ),
    effect: "allow",
    resource,
    actions: ["edit", "attach"],
    when: all(either(isOwner, isInMyDepartment), inState("approval")),
    examples: [
      {
        name: "a contract in force is not edited any more",
        subject: { id: ivan, departments: [sales] },
        action: "edit",
        resource: { owner: ivan, department: sales, state: "signed" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contract-heads",
    title: label(
      "Heads read and decide on the contracts in their charge",
      "Руководители видят и согласуют договоры своих подразделений",
    ),
    effect: "allow",
    resource,
    actions: ["read", "attach", "transition:approve", "transition:return"],
    when: all(isInMyCharge, notDraft),
    examples: [
      {
        name: "a head approves for a department below",
        subject: { id: olga, groups: ["heads"], subtree: [purchasing, sales] },
        action: "transition:approve",
        resource: { owner: ivan, department: sales, state: "approval" },
        expect: "allow",
      },
      {
        name: "whoever is responsible does not approve it",
        subject: { id: ivan, departments: [sales] },
        action: "transition:approve",
        resource: { owner: ivan, department: sales, state: "approval" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contract-legal",
    title: label(
      "Lawyers see all contracts, mend the terms, sign and file",
      "Юристы видят все договоры, правят условия, отмечают подписание",
    ),
    effect: "allow",
    resource,
    actions: ["read", "attach", "transition:return", "transition:sign", "transition:terminate", "transition:archive"],
    when: all(inGroup("legal"), notDraft),
  }),
  definePolicy({
    id: "contract-legal-terms",
    title: label("Lawyers edit the terms until the signature", "Юристы правят условия до подписания"),
    effect: "allow",
    resource,
    actions: ["edit"],
    sections: ["terms"],
    when: all(inGroup("legal"), inState("approval", "approved")),
  }),
  definePolicy({
    id: "contract-accounting",
    title: label(
      "Accounting and management read contracts that bind us",
      "Бухгалтерия и руководство видят действующие договоры",
    ),
    effect: "allow",
    resource,
    actions: ["read"],
    when: all(inGroup("accounting", "management"), inState("approved", "signed", "terminated", "archived")),
  }),
  definePolicy({
    id: "contract-closed",
    title: label("A terminated or archived contract stays as it is", "Расторгнутый или архивный договор не меняется"),
    effect: "deny",
    resource,
    actions: ["edit", "delete"],
    when: inState("terminated", "archived"),
    contact: "legal",
  }),
];
