/** What a mailbox tells programs elsewhere. That somebody read something is nobody's business: there is no event for it. */
export const mailEventNames = ["mail.received", "mail.sent", "mail.bounced"] as const;
export type MailEventName = (typeof mailEventNames)[number];
