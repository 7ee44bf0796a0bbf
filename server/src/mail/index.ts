export { contactIntents } from "./contacts/contacts.intents.ts";
export { mailCollections, mailPolicies, mailResources } from "./mail.access.ts";
export { createProvisioning, type Provisioning } from "./mailboxes/provision.ts";
export { messageIntents } from "./messages/messages.intents.ts";
export { ruleIntents } from "./rules/rules.intents.ts";
export { ruleRunJob } from "./rules/runOnFolder.ts";
