import type { JsonObject } from "@kontor/shared/base";
import type { Access } from "@kontor/shared/access";
import { defaultMailSettings, type ContactDoc, type MailSettingsDoc } from "@kontor/shared/mail";
import { defineCollection, type Collection } from "#kernel";
import { contactResource, mailSettingsResource, resourceOfContact } from "./contacts.resource.ts";
import {
  contactToDoc,
  findContacts,
  findSettings,
  scanContacts,
  scanSettings,
  type ContactRow,
  type SettingsRow,
} from "./contacts.repo.ts";

export const contactCollections: readonly Collection[] = [
  defineCollection<ContactRow>({
    name: "contacts",
    access: {
      kind: "policy",
      stored: { table: "contact", types: () => [contactResource.name] },
      resource: resourceOfContact,
    },
    byIds: findContacts,
    scan: scanContacts,
    project: (row, access) => projectContact(row, access) as (ContactDoc & JsonObject) | undefined,
  }),
  defineCollection<SettingsRow>({
    name: "mailSettings",
    access: {
      kind: "policy",
      stored: { table: "mail_settings", types: () => [mailSettingsResource.name] },
      resource: (row) => ({ type: mailSettingsResource.name, attributes: { owner: row.id } }),
    },
    byIds: findSettings,
    scan: scanSettings,
    project: (row, access) => (access.readable ? ({ ...settingsToDoc(row) } as unknown as JsonObject) : undefined),
  }),
];

/** With the fields that its reader sees. */
export function projectContact(row: ContactRow, access: Access): ContactDoc | undefined {
  if (!access.readable) return undefined;
  const seen = Object.entries(contactToDoc(row)).filter(
    ([key]) => OF_THE_ROW.has(key) || access.field(key) === "visible",
  );
  return Object.fromEntries(seen) as unknown as ContactDoc;
}

const OF_THE_ROW = new Set(["id", "kind", "updatedAt"]);

/** What was never chosen is as it is for everybody. */
export const settingsToDoc = ({ id, settings }: SettingsRow): MailSettingsDoc => ({
  ...defaultMailSettings(id),
  ...settings,
});
