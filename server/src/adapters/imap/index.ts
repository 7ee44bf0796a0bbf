export { createDiscoveryDns } from "./discoveryDns.ts";
export { addressesOf, resolveBySystem } from "./hostAddress.ts";
export type { ResolveHost } from "./hostAddress.ts";
export { createImapflow } from "./imapflow.client.ts";
