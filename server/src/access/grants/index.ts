export { accessRequestsCollection, policyWordsCollection } from "./grants.collections.ts";
export { grantEndpoints } from "./grants.endpoints.ts";
export { grantIntents } from "./grants.intents.ts";
export { accessRequestPolicies, accessRequestResource } from "./grants.policies.ts";
export { importRequest } from "./grants.repo.ts";
export { notePolicyWords } from "./policyWords.changes.ts";
export { createNameGrants } from "./nameGrants.ts";
export { createGrantedSubjects } from "./grants.service.ts";
