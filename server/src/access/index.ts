export { accessEndpoints } from "./access.endpoints.ts";
export type { AccessEndpointDeps } from "./access.endpoints.ts";
export {
  accessRequestPolicies,
  accessRequestResource,
  accessRequestsCollection,
  createGrantedSubjects,
  grantEndpoints,
  grantIntents,
  importRequest,
  notePolicyWords,
  policyWordsCollection,
} from "./grants/index.ts";
export { accessAdministration } from "./access.administration.ts";
export type { AdministrationDeps } from "./access.administration.ts";
export type { PolicySetHead } from "./policySet.repo.ts";
export { createVersions } from "./versions.service.ts";
export { createAccess } from "./access.service.ts";
export type { AccessDeps, AccessService } from "./access.service.ts";
export { authzenEndpoints } from "./authzen/authzen.endpoints.ts";
export type { AuthzenEndpointDeps } from "./authzen/authzen.endpoints.ts";
export { administratorPolicy, systemResource } from "./system.resource.ts";
export { collectionSource, createDryRuns, dryRunEndpoints, recordSource } from "./dryRun/index.ts";
export type { DeviceHead, DryRunPeople, DryRuns, ResourceSource } from "./dryRun/index.ts";
