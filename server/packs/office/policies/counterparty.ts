import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import { all, either, inGroup, inState, isOwner, ivan, olga } from "./conditions.ts";

const resource = "counterparty";

export const counterpartyPolicies = [
  definePolicy({
    id: "counterparty-read",
    title: label(
      "Everybody looks up counterparties; of accounts only the end is shown",
      "Контрагентов видят все; от счетов — только последние цифры",
    ),
    effect: "allow",
    resource,
    actions: ["read"],
    mask: { "bank.account": { redact: "keep-last-4" }, "bank.iban": { redact: "keep-last-4" } },
    contact: "accounting",
    examples: [
      {
        name: "everybody sees who they are",
        subject: { id: ivan },
        action: "read",
        resource: { owner: olga, state: "active" },
        expect: "allow",
      },
      {
        name: "an account in full is for accounting and for whoever is responsible",
        subject: { id: ivan },
        action: "read",
        field: "account",
        resource: { owner: olga, state: "active" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "counterparty-accounts",
    title: label(
      "Accounts in full for accounting, lawyers and whoever is responsible",
      "Полные реквизиты — бухгалтерии, юристам и ответственному",
    ),
    effect: "allow",
    resource,
    actions: ["read"],
    when: either(isOwner, inGroup("accounting", "legal")),
  }),
  definePolicy({
    id: "counterparty-accounts-clearance",
    title: label("Accounts in full with clearance 2 or more", "Полные реквизиты — при допуске 2 и выше"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: { gte: ["sub.clearance", 2] },
    contact: "accounting",
    examples: [
      {
        name: "whoever is cleared sees the whole account",
        subject: { id: ivan, attributes: { clearance: 2 } },
        action: "read",
        field: "account",
        resource: { owner: olga, state: "active" },
        expect: "allow",
      },
      {
        name: "a lower clearance is not enough",
        subject: { id: ivan, attributes: { clearance: 1 } },
        action: "read",
        field: "account",
        resource: { owner: olga, state: "active" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "counterparty-create",
    title: label("Everybody enters new counterparties", "Каждый может завести контрагента"),
    effect: "allow",
    resource,
    actions: ["create"],
  }),
  definePolicy({
    id: "counterparty-edit",
    title: label("Whoever is responsible keeps the card", "Карточку ведёт ответственный"),
    effect: "allow",
    resource,
    actions: ["edit", "attach", "delete", "restore"],
    when: all(isOwner, inState("active")),
  }),
  definePolicy({
    id: "counterparty-accounting",
    title: label("Accounting keeps the bank details", "Бухгалтерия ведёт реквизиты"),
    effect: "allow",
    resource,
    actions: ["edit"],
    sections: ["bank"],
    when: inGroup("accounting"),
  }),
  definePolicy({
    id: "counterparty-legal",
    title: label("Lawyers keep the stop list", "Юристы ведут стоп-лист"),
    effect: "allow",
    resource,
    actions: ["edit", "attach", "transition:block", "transition:unblock"],
    when: inGroup("legal"),
  }),
];
