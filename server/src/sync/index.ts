export { createProjector } from "./projection.ts";
export { createSync } from "./sync.ts";
export type { Sync, SyncDeps } from "./sync.ts";
