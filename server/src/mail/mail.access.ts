import type { Policy, ResourceType } from "@kontor/shared/access";
import type { Collection } from "#kernel";
import { contactCollections } from "./contacts/contacts.collections.ts";
import { contactResource, mailSettingsPolicies, mailSettingsResource } from "./contacts/contacts.resource.ts";
import { mailboxResource } from "./mailboxes/mailbox.resource.ts";
import { mailboxesCollection } from "./mailboxes/mailboxes.collection.ts";
import { messageCollections } from "./messages/messages.collections.ts";
import { rulesCollection } from "./rules/rules.collection.ts";

/** What policies may speak of, what is so in every installation, and what replicas hold. */
export const mailResources: readonly ResourceType[] = [mailboxResource, contactResource, mailSettingsResource];
export const mailPolicies: readonly Policy[] = mailSettingsPolicies;
export const mailCollections: readonly Collection[] = [
  mailboxesCollection,
  ...messageCollections,
  rulesCollection,
  ...contactCollections,
];
