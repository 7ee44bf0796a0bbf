import { definePolicy } from "@kontor/server/objects";
import { label } from "../types/common.ts";

/** What everybody who can sign in sees: the house itself, and nothing that is in it. */
export const everybodyPolicies = [
  definePolicy({
    id: "types-everybody",
    title: label("Everybody knows which types of objects there are", "Все знают, какие виды объектов есть"),
    effect: "allow",
    resource: "objectType",
    actions: ["read"],
  }),
  definePolicy({
    id: "people-everybody",
    title: label("Everybody sees colleagues and how to reach them", "Все видят коллег и их контакты"),
    effect: "allow",
    resource: "person",
    actions: ["read"],
    sections: ["main", "contact"],
  }),
  definePolicy({
    id: "people-membership-own",
    title: label("Everybody sees which groups they are in", "Каждый видит, в каких группах состоит"),
    effect: "allow",
    resource: "person",
    actions: ["read"],
    sections: ["membership"],
    when: { or: [{ eq: ["obj.id", "sub.id"] }, { eq: ["sub.isAdmin", true] }] },
  }),
  ...(["department", "position", "group"] as const).map((resource) =>
    definePolicy({
      id: `${resource}-everybody`,
      title: label(
        `Everybody sees each ${resource}`,
        { department: "Все видят подразделения", position: "Все видят должности", group: "Все видят группы" }[resource],
      ),
      effect: "allow",
      resource,
      actions: ["read"],
    }),
  ),
];
