export { createImapflow } from "./imapflow.client.ts";
export type { ImapflowOptions } from "./imapflow.client.ts";
