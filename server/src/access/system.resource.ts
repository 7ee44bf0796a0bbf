import type { Policy, ResourceType } from "@kontor/shared/access";

/** The installation itself, for what concerns no record: endpoints with `access: { kind: "system", action }`. */
export const systemResource: ResourceType = {
  name: "system",
  sections: {},
  attributes: {},
  actions: ["administer", "evaluate", "audit"],
  onlyByName: true,
};

/** Part of every set, and listed with the others: without it nobody could ever publish the set that grants it. */
export const administratorPolicy: Policy = {
  id: "administrators-administer",
  title: { en: "Administrators administer the server", ru: "Администраторы управляют сервером" },
  effect: "allow",
  resource: systemResource.name,
  actions: ["*"],
  when: { eq: ["sub.isAdmin", true] },
};
