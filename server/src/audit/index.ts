export { auditEndpoints } from "./audit.endpoints.ts";
export type { AuditEndpointDeps } from "./audit.endpoints.ts";
export { startAudit, verifyAndNote } from "./audit.service.ts";
export type { AuditService } from "./audit.service.ts";
export { readChain } from "./chain.repo.ts";
export { chainEntries } from "./chain.ts";
export { pruneEntries } from "./prune.ts";
export { verifyChain } from "./verify.ts";
export type { KnownHead, Verification } from "./verify.ts";
