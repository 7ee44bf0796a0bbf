export { collectionSource } from "./collectionSource.ts";
export { dryRunEndpoints } from "./dryRun.endpoints.ts";
export { createDryRuns } from "./dryRun.service.ts";
export type { DryRuns } from "./dryRun.service.ts";
export type { DeviceHead, DryRunPeople, Evaluation } from "./evaluateDryRun.ts";
export { recordSource } from "./recordSource.ts";
export type { ResourceSource } from "./resourceSource.port.ts";
