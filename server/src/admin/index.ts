export { adminEndpoints } from "./admin.endpoints.ts";
export type { PartHealth } from "./admin.endpoints.ts";
export { countRows } from "./countRows.ts";
export { mountConsole } from "./console.mount.ts";
export { examine, examineDisk } from "./doctor.ts";
export type { Finding } from "./doctor.ts";
export { startSampler } from "./sampler.ts";
export type { Gauges } from "./sampler.ts";
