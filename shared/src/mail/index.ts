export { accountReasons } from "./account.reasons.ts";
export type { AccountReason } from "./account.reasons.ts";
export { divideAttachments, linkedAttachments, linksEndAt } from "./attachments.ts";
export { deliveryReasonWords, ownAnswers, readAnswer } from "./delivery.reasons.ts";
export type { DeliveryReason } from "./delivery.reasons.ts";
export { draftText, snippetOf } from "./draft.text.ts";
export {
  addressKey,
  addressSchema,
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
export { mailEventNames } from "./mail.events.ts";
export type { MailEventName } from "./mail.events.ts";
export { mailLimits } from "./mail.limits.ts";
export {
  defaultMailSettings,
  inverseOfUpdate,
  isDeletable,
  isDraft,
  isLeaving,
  mayMoveTo,
  mergedUpdate,
  replayBody,
  replayContact,
  replayFolder,
  replayLink,
  replayLinkRecord,
  replayMessage,
  replayRule,
  replaySettings,
} from "./mail.replay.ts";
export type { MailIntent, MailReplayFrom } from "./mail.replay.ts";
export { answerDraft, forwardSubject, quoteWords, replyAllRecipients, replyRecipients, replySubject } from "./reply.ts";
export type { Answerer, AnswerTo, Prefilled, QuoteLanguage, QuoteWords, ReplyRecipients } from "./reply.ts";
export { isRisky } from "./risky.ts";
export { baseSubject, isReplySubject } from "./subject.ts";
export type { SubjectMode } from "./subject.ts";
export { asksForHidden, parseMailSearch } from "./search/parseMailSearch.ts";
export type {
  MailSearch,
  MailSearchClock,
  MailSearchTerm,
  MailState,
  MailThing,
  SearchedRole,
  TextField,
} from "./search/parseMailSearch.ts";
