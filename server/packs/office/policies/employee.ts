import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import { all, inGroup, isInMyCharge, isOwner, ivan, olga, sales } from "./conditions.ts";

const resource = "employee";

export const employeePolicies = [
  definePolicy({
    id: "employee-directory",
    title: label("Everybody sees who works where", "Все видят, кто где работает"),
    effect: "allow",
    resource,
    actions: ["read"],
    sections: ["main"],
    examples: [
      {
        name: "a colleague's pay is not there",
        subject: { id: ivan, departments: [sales] },
        action: "read",
        field: "salary",
        resource: { owner: olga, department: sales, state: "employed" },
        expect: "deny",
      },
      {
        name: "nor does a head see it by being the head",
        subject: { id: ivan, groups: ["heads"], subtree: [sales] },
        action: "read",
        field: "salary",
        resource: { owner: olga, department: sales, state: "employed" },
        expect: "deny",
      },
      {
        name: "nor an administrator",
        subject: { id: ivan, groups: ["administrators"], isAdmin: true },
        action: "read",
        field: "salary",
        resource: { owner: olga, department: sales, state: "employed" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "employee-self",
    title: label("Everybody sees their own card, with the pay", "Каждый видит свою карточку целиком, с оплатой"),
    effect: "allow",
    resource,
    actions: ["read"],
    when: isOwner,
    contact: "hr",
    examples: [
      {
        name: "one's own pay",
        subject: { id: ivan },
        action: "read",
        field: "salary",
        resource: { owner: ivan, state: "employed" },
        expect: "allow",
      },
    ],
  }),
  definePolicy({
    id: "employee-self-edit",
    title: label("Everybody keeps their own private data", "Каждый сам ведёт свои личные данные"),
    effect: "allow",
    resource,
    actions: ["edit"],
    sections: ["personal"],
    when: isOwner,
  }),
  definePolicy({
    id: "employee-hr",
    title: label("Human resources keep all cards", "Кадры ведут все карточки"),
    effect: "allow",
    resource,
    actions: ["*"],
    when: inGroup("hr"),
    contact: "hr",
    examples: [
      {
        name: "HR sets the pay",
        subject: { id: ivan, groups: ["hr"] },
        action: "edit",
        field: "salary",
        resource: { owner: olga, department: sales, state: "employed" },
        expect: "allow",
      },
    ],
  }),
  definePolicy({
    id: "employee-hr-own-pay",
    title: label("Nobody sets their own pay", "Никто не назначает оплату сам себе"),
    effect: "deny",
    resource,
    actions: ["edit"],
    sections: ["pay"],
    // A deny applies while its condition is unknown, as it is for a card that names no user.
    when: all({ exists: "obj.owner" }, isOwner),
    examples: [
      {
        name: "not in HR either",
        subject: { id: ivan, groups: ["hr"] },
        action: "edit",
        field: "salary",
        resource: { owner: ivan, state: "employed" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "employee-heads-leave",
    title: label("Heads note who is on leave", "Руководители отмечают отпуска"),
    effect: "allow",
    resource,
    actions: ["transition:goOnLeave", "transition:comeBack"],
    when: isInMyCharge,
  }),
];
