import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import {
  all,
  inGroup,
  inState,
  isInMyCharge,
  isInMyDepartment,
  isOwner,
  ivan,
  notDraft,
  olga,
  sales,
} from "./conditions.ts";

const resource = "invoice";

export const invoicePolicies = [
  definePolicy({
    id: "invoice-create",
    title: label("Staff enter invoices for their own department", "Сотрудники заводят счета своего подразделения"),
    effect: "allow",
    resource,
    actions: ["create"],
    sections: ["main"],
    when: all(isOwner, isInMyDepartment),
  }),
  definePolicy({
    id: "invoice-owner-read",
    title: label("The responsible person reads their invoices", "Ответственный видит свои счета"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: isOwner,
  }),
  definePolicy({
    id: "invoice-owner-draft",
    title: label("The responsible person works on the draft", "Ответственный работает с черновиком"),
    effect: "allow",
    resource,
    actions: ["edit", "attach", "delete", "restore", "transition:submit", "transition:cancel"],
    sections: ["main"],
    when: all(isOwner, inState("draft")),
  }),
  definePolicy({
    id: "invoice-department-read",
    title: label("Staff read the invoices of their department", "Сотрудники видят счета своего подразделения"),
    effect: "allow",
    resource,
    actions: ["read"],
    sections: ["main"],
    when: all(isInMyDepartment, notDraft),
  }),
  definePolicy({
    id: "invoice-heads",
    title: label(
      "Heads read and approve the invoices in their charge",
      "Руководители видят и согласуют счета своих подразделений",
    ),
    effect: "allow",
    resource,
    actions: ["read", "attach", "transition:approve", "transition:return", "transition:cancel"],
    when: all(isInMyCharge, notDraft),
  }),
  definePolicy({
    id: "invoice-accounting",
    title: label("Accounting reads, mends and pays all invoices", "Бухгалтерия видит, правит и оплачивает все счета"),
    effect: "allow",
    resource,
    actions: ["read", "edit", "attach", "transition:pay", "transition:return", "transition:cancel"],
    when: all(inGroup("accounting"), notDraft),
    examples: [
      {
        name: "accounting marks an approved invoice as paid",
        subject: { id: olga, groups: ["accounting"] },
        action: "transition:pay",
        resource: { owner: ivan, department: sales, state: "approved" },
        expect: "allow",
      },
      {
        name: "and nobody else does",
        subject: { id: ivan, groups: ["heads"], departments: [sales], subtree: [sales] },
        action: "transition:pay",
        resource: { owner: ivan, department: sales, state: "approved" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "invoice-management",
    title: label("Management reads all invoices", "Руководство видит все счета"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: all(inGroup("management"), notDraft),
  }),
  definePolicy({
    id: "invoice-paid",
    title: label(
      "Paid is paid: nothing but accounting's note changes",
      "Оплаченный счёт не меняется, кроме примечания бухгалтерии",
    ),
    effect: "deny",
    resource,
    actions: ["edit"],
    sections: ["main"],
    when: inState("paid", "cancelled"),
    contact: "accounting",
  }),
];
