export { mailCollections, mailPolicies, mailResources } from "./mail.access.ts";
export { createProvisioning, type Provisioning } from "./mailboxes/provision.ts";
