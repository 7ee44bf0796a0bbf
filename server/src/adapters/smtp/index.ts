export { createSmtpTransport } from "./smtp.transport.ts";
export { createSystemDns } from "./system.dns.ts";
