import type { Policy, ResourceType } from "@kontor/shared/access";

/**
 * Requests as policies see them. Only by name: whoever opens every type to somebody does not mean what people wrote about
 * why they need something.
 */
export const accessRequestResource: ResourceType = {
  name: "accessRequest",
  sections: {
    asked: ["requester", "recordId", "type", "level", "sections", "until", "why", "createdAt"],
    answered: ["state", "answer", "answeredBy", "answeredAt", "grant", "endedBy", "endedAt"],
    handling: ["recipients"],
  },
  attributes: { requester: "id", recipients: "ids", silent: "boolean" },
  actions: ["read"],
  onlyByName: true,
};

const isMine = { eq: ["obj.requester", "sub.id"] } as const;
const shared = { effect: "allow", resource: accessRequestResource.name, actions: ["read"] } as const;

export const accessRequestPolicies: readonly Policy[] = [
  {
    ...shared,
    id: "access-requests-own",
    title: { en: "Everybody sees what they asked for", ru: "Каждый видит, о чём просил" },
    sections: ["asked"],
    when: isMine,
  },
  {
    ...shared,
    id: "access-requests-own-answers",
    title: {
      en: "Everybody sees the answer, unless it tells of a record that they cannot see",
      ru: "Каждый видит ответ, если он не выдаёт записи, которой ему не видно",
    },
    sections: ["answered"],
    when: { and: [isMine, { eq: ["obj.silent", false] }] },
  },
  {
    ...shared,
    id: "access-requests-to-me",
    title: { en: "Whoever is asked sees the request", ru: "Кого попросили, тот видит просьбу" },
    when: { has: ["obj.recipients", "sub.id"] },
  },
];
