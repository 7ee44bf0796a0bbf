export { createInboundCounters, startListener } from "./smtp.listener.ts";
export type { Certificate, MailListener } from "./smtp.listener.ts";
export { createSmtpTransport } from "./smtp.transport.ts";
export { createSystemDns } from "./system.dns.ts";
export { createSubmissionCheck } from "./submission.check.ts";
