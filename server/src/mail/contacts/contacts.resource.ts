import type { AttributeSql, Policy, ResourceInstance, ResourceType } from "@kontor/shared/access";
import type { ContactRow } from "./contacts.repo.ts";

/** People outside, as somebody noted them down. Only by name, as mailboxes: with whom one corresponds is told by them. */
export const contactResource: ResourceType = {
  name: "contact",
  sections: { main: ["name", "organisation", "title", "emails", "phones", "members"], notes: ["note"] },
  attributes: { id: "id", kind: "text", owner: "id" },
  actions: ["read", "create", "edit", "delete"],
  onlyByName: true,
  attributeSql: (name) => stored(name, columns),
};

const columns: Readonly<Record<string, AttributeSql>> = {
  id: { sql: "contact.id", kind: "uuid" },
  kind: { sql: "contact.kind", kind: "text" },
  owner: { sql: "contact.owner_id", kind: "uuid" },
};

export const resourceOfContact = ({
  id,
  kind,
  owner_id: owner,
}: Pick<ContactRow, "id" | "kind" | "owner_id">): ResourceInstance => ({
  type: contactResource.name,
  attributes: { id, kind, owner },
});

/** How somebody writes and reads mail. */
export const mailSettingsResource: ResourceType = {
  name: "mailSettings",
  sections: { main: ["undoSeconds", "conversations", "signatures", "templates", "remoteAllowed"] },
  attributes: { owner: "id" },
  actions: ["read"],
  onlyByName: true,
  attributeSql: (name) => stored(name, { owner: { sql: "mail_settings.id", kind: "uuid" } }),
};

/** In every installation, whatever its pack says: nobody else's. */
export const mailSettingsPolicies: readonly Policy[] = [
  {
    id: "mail-settings-own",
    title: { en: "Everybody sees their own settings of mail", ru: "Каждый видит свои настройки почты" },
    effect: "allow",
    resource: mailSettingsResource.name,
    actions: ["read"],
    when: { eq: ["obj.owner", "sub.id"] },
  },
];

function stored(name: string, columns: Readonly<Record<string, AttributeSql>>): AttributeSql {
  const found = columns[name];
  if (!found) throw new Error(`there is no attribute "${name}"`);
  return found;
}
