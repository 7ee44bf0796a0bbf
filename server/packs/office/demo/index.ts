export { demoDomain } from "./company.ts";
export { loadDemo } from "./loadDemo.ts";
export type { DemoDeps, LoadedDemo } from "./loadDemo.ts";
export type { DemoFile } from "./files/demoFiles.ts";
