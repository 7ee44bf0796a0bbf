export { archiveEndpoints } from "./archive/archive.endpoints.ts";
export type { ArchiveEntry, ArchiveMessage } from "./mime/archive/archiveMessage.ts";
export { noFlags } from "./mime/archive/archiveMessage.ts";
export { readMaildir, writeMaildir } from "./mime/archive/maildir.ts";
export { readMbox } from "./mime/archive/mbox.ts";
export { contactIntents } from "./contacts/contacts.intents.ts";
export { mailCollections, mailPolicies, mailResources } from "./mail.access.ts";
export { createProvisioning, type Provisioning } from "./mailboxes/provision.ts";
export { messageIntents } from "./messages/messages.intents.ts";
export { ruleIntents } from "./rules/rules.intents.ts";
export { ruleRunJob } from "./rules/runOnFolder.ts";
export { forwardMessage } from "./rules/forwardMessage.ts";
export { attachmentPlace } from "./send/attachment.place.ts";
export { returnDue } from "./messages/returnDue.ts";
export { createDispatcher } from "./send/dispatcher.ts";
export { sendEndpoints } from "./send/send.endpoints.ts";
export { sendIntents } from "./send/send.intents.ts";
export { contactEndpoints } from "./contacts/contacts.endpoints.ts";
export { mailboxEndpoints } from "./mailboxes/mailboxes.endpoints.ts";
export { createMailboxService } from "./mailboxes/mailboxes.service.ts";
export { messageEndpoints } from "./messages/messages.endpoints.ts";
export { ruleEndpoints } from "./rules/rules.endpoints.ts";
export { domainAdminEndpoints } from "./domains/domains.admin.endpoints.ts";
export { AccountFailure } from "./accounts/account.failure.ts";
export { accountAdminEndpoints } from "./accounts/accounts.admin.endpoints.ts";
export { accountEndpoints } from "./accounts/accounts.endpoints.ts";
export type { AccountEndpointDeps } from "./accounts/accounts.rest.ts";
export { createAccountsRunner } from "./accounts/accounts.runner.ts";
export { createAccountsService } from "./accounts/accounts.service.ts";
export { createCredentials } from "./accounts/credentials.ts";
export type { Credentials } from "./accounts/credentials.ts";
export { createOAuthFlows } from "./accounts/oauth.flow.ts";
export { googleOAuth, microsoftOAuth } from "./accounts/oauth.providers.ts";
export { createSlots } from "./accounts/slots.ts";
export type { SubmissionCheck } from "./accounts/submission.port.ts";
export { applyRules } from "./rules/applyRules.ts";
export type { DiscoveryDns } from "./accounts/discover.ts";
export type {
  FetchedFlags,
  FetchedIdentity,
  FetchedSource,
  FolderStatus,
  ImapPort,
  ImapSession,
  ImapSettings,
  RemoteFolder,
  SelectedFolder,
  UidRange,
} from "./accounts/imap.port.ts";
export { flagsOf, keptBy, marksOf } from "./accounts/marks.ts";
export { createDomains } from "./domains/domains.service.ts";
export { ask, reverseName } from "./domains/dns.port.ts";
export type { MailDns } from "./domains/dns.port.ts";
export { createDueLoop } from "./dueLoop.ts";
export { createInboundDelivery } from "./inbound/deliver.ts";
export { createMessageReader, type MessageReader } from "./mime/messageReader.ts";
export { createIntake } from "./inbound/intake.ts";
export { refusalOf } from "./inbound/intake.port.ts";
export type { Intake, Refusal } from "./inbound/intake.port.ts";
export { createOwnNames } from "./inbound/ownNames.ts";
export { createQuarantine } from "./inbound/quarantine.ts";
export { quarantineAdminEndpoints } from "./inbound/quarantine.admin.endpoints.ts";
export { receiveMessage } from "./messages/receiveMessage.ts";
export { accountRoute } from "./outbound/accountRoute.ts";
export { wholeToCrLf } from "./outbound/crLf.ts";
export { createOutboundQueue } from "./outbound/queue.ts";
export { countQueue } from "./outbound/queue.metrics.ts";
export { deliveryEndpoints } from "./outbound/deliveries.endpoints.ts";
export { queueAdminEndpoints } from "./outbound/queue.admin.endpoints.ts";
export { cleanWords } from "./outbound/transport.port.ts";
export type {
  AnswerKind,
  RecipientAnswer,
  Route,
  SubmissionAuth,
  Transmission,
  Transport,
} from "./outbound/transport.port.ts";
export { importMail } from "./import/importMail.ts";
export type { ImportedCopy, ImportedMail, ImportedMessage, ImportedPlace } from "./import/importMail.ts";
export { mailBlobNames, sweepMail } from "./messages/sweepMail.ts";
export { pictureLimits, pictureMimes, type Picture, type PictureFetcher } from "./remote/picture.port.ts";
export { remoteEndpoints } from "./remote/remote.endpoints.ts";
export { mailEvents } from "./webhooks/mail.events.ts";
export { createOffNotice } from "./webhooks/offNotice.ts";
export { tellEvents } from "./webhooks/tellEvents.ts";
export { webhookAdminEndpoints } from "./webhooks/webhooks.admin.endpoints.ts";
export { webhookEndpoints } from "./webhooks/webhooks.endpoints.ts";
