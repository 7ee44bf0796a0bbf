export {
  addressKey,
  cleanName,
  domainOf,
  formatAddress,
  isMailAddress,
  mailAddressSchema,
  parseAddresses,
} from "./mail.address.ts";
export {
  accountStates,
  contactKinds,
  folderRoles,
  mailboxKinds,
  mailboxRoles,
  ruleFields,
  ruleTests,
  sendStates,
} from "./mail.docs.ts";
export type * from "./mail.docs.ts";
export { cardSchema, contactSchema, draftSchema, mailIntentSchemas, ruleSchema } from "./mail.intents.ts";
export type { Draft, MailIntentArgs, MailIntentName } from "./mail.intents.ts";
export { mailLimits } from "./mail.limits.ts";
