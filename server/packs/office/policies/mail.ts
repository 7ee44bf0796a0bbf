import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";
import { all, either, inGroup, isOwner, ivan, olga } from "./conditions.ts";

const resource = "mailbox";
const personal = { kind: "personal", owner: ivan, readers: [], editors: [], senders: [], managers: [] };
const shared = { kind: "shared", readers: [ivan, olga], editors: [olga], senders: [], managers: [] };

/** One's own mail is one's own; shared mailboxes are for their members, each as far as their role goes. Nobody else reads mail. */
export const mailPolicies = [
  definePolicy({
    id: "mailbox-own",
    title: label("Everybody has their own mailboxes", "Каждый распоряжается своей почтой"),
    effect: "allow",
    resource,
    actions: ["*"],
    when: isOwner,
    examples: [
      {
        name: "one reads one's own mail",
        subject: { id: ivan },
        action: "read",
        field: "messages",
        resource: personal,
        expect: "allow",
      },
      {
        name: "nobody else does",
        subject: { id: olga },
        action: "read",
        resource: personal,
        expect: "deny",
      },
      {
        name: "nor an administrator",
        subject: { id: olga, groups: ["administrators"], isAdmin: true },
        action: "read",
        resource: personal,
        expect: "deny",
      },
      {
        name: "nor whoever is the head",
        subject: { id: olga, groups: ["heads", "management"] },
        action: "read",
        resource: { ...personal, department: "00000000-0000-7000-8000-0000000000d1" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "mailbox-readers",
    title: label("Members read their shared mailbox", "Участники читают общий ящик"),
    effect: "allow",
    resource,
    actions: ["read"],
    sections: ["main", "members", "content"],
    when: { has: ["obj.readers", "sub.id"] },
    examples: [
      {
        name: "a reader reads",
        subject: { id: ivan },
        action: "read",
        field: "messages",
        resource: shared,
        expect: "allow",
      },
      {
        name: "and sees no rules",
        subject: { id: ivan },
        action: "read",
        field: "rules",
        resource: shared,
        expect: "deny",
      },
      { name: "and changes nothing", subject: { id: ivan }, action: "edit", resource: shared, expect: "deny" },
    ],
  }),
  definePolicy({
    id: "mailbox-editors",
    title: label("Editors sort what is in their shared mailbox", "Редакторы разбирают общий ящик"),
    effect: "allow",
    resource,
    actions: ["read", "edit"],
    sections: ["main", "members", "content", "rules"],
    when: { has: ["obj.editors", "sub.id"] },
    examples: [
      { name: "an editor sorts", subject: { id: olga }, action: "edit", resource: shared, expect: "allow" },
      {
        name: "and does not answer in its name",
        subject: { id: olga },
        action: "send",
        resource: shared,
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "mailbox-senders",
    title: label("Senders answer in the name of their shared mailbox", "Отправители отвечают от имени общего ящика"),
    effect: "allow",
    resource,
    actions: ["send"],
    sections: ["main", "content"],
    when: { has: ["obj.senders", "sub.id"] },
    examples: [
      {
        name: "a sender answers",
        subject: { id: ivan },
        action: "send",
        resource: { ...shared, editors: [ivan], senders: [ivan] },
        expect: "allow",
      },
    ],
  }),
  definePolicy({
    id: "mailbox-managers",
    title: label("Managers say who is a member", "Управляющие назначают участников"),
    effect: "allow",
    resource,
    actions: ["manage"],
    sections: ["main", "members"],
    when: { has: ["obj.managers", "sub.id"] },
  }),
  definePolicy({
    id: "mailbox-administrators",
    title: label(
      "Administrators set up shared mailboxes, and those of people who have left, and do not read them",
      "Администраторы настраивают общие ящики и ящики тех, кто ушёл, но не читают их",
    ),
    effect: "allow",
    resource,
    actions: ["read", "manage"],
    sections: ["main", "members"],
    when: all(
      { eq: ["sub.isAdmin", true] },
      either({ eq: ["obj.kind", "shared"] }, all({ eq: ["obj.kind", "personal"] }, { eq: ["obj.ownerActive", false] })),
    ),
    examples: [
      {
        name: "an administrator names the members",
        subject: { id: "00000000-0000-7000-8000-0000000000a3", isAdmin: true },
        action: "manage",
        resource: shared,
        expect: "allow",
      },
      {
        name: "and sees no message",
        subject: { id: "00000000-0000-7000-8000-0000000000a3", isAdmin: true },
        action: "read",
        field: "messages",
        resource: shared,
        expect: "deny",
      },
      {
        name: "says who takes over from somebody who has left",
        subject: { id: "00000000-0000-7000-8000-0000000000a3", isAdmin: true },
        action: "manage",
        resource: { ...personal, ownerActive: false },
        expect: "allow",
      },
      {
        name: "without reading what came for them",
        subject: { id: "00000000-0000-7000-8000-0000000000a3", isAdmin: true },
        action: "read",
        field: "messages",
        resource: { ...personal, ownerActive: false },
        expect: "deny",
      },
      {
        name: "and not while they are here",
        subject: { id: "00000000-0000-7000-8000-0000000000a3", isAdmin: true },
        action: "manage",
        resource: { ...personal, ownerActive: true },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contact-own",
    title: label("Everybody keeps their own contacts", "Каждый ведёт свои контакты"),
    effect: "allow",
    resource: "contact",
    actions: ["*"],
    when: isOwner,
    examples: [
      {
        name: "somebody else's are not there",
        subject: { id: olga },
        action: "read",
        resource: { owner: ivan, kind: "personal" },
        expect: "deny",
      },
      {
        name: "nor for an administrator",
        subject: { id: olga, isAdmin: true },
        action: "read",
        resource: { owner: ivan, kind: "personal" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contact-shared",
    title: label("Everybody looks up shared contacts", "Общие контакты видят все"),
    effect: "allow",
    resource: "contact",
    actions: ["read"],
    when: { eq: ["obj.kind", "shared"] },
    examples: [
      {
        name: "a colleague's shared contact",
        subject: { id: olga },
        action: "read",
        resource: { owner: ivan, kind: "shared" },
        expect: "allow",
      },
      {
        name: "is not everybody's to change",
        subject: { id: olga },
        action: "edit",
        resource: { owner: ivan, kind: "shared" },
        expect: "deny",
      },
    ],
  }),
  definePolicy({
    id: "contact-office",
    title: label("The office keeps the shared contacts", "Канцелярия ведёт общие контакты"),
    effect: "allow",
    resource: "contact",
    actions: ["edit", "delete"],
    when: all(inGroup("office"), { eq: ["obj.kind", "shared"] }),
  }),
];
