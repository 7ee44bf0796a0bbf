export { DEMO_PASSWORD, loadDemo } from "./loadDemo.ts";
export type { DemoDeps, LoadedDemo } from "./loadDemo.ts";
export { demoFiles } from "./files/demoFiles.ts";
export type { DemoFile } from "./files/demoFiles.ts";
export { createDemoCompany } from "./records.ts";
export type { DemoCompany } from "./records.ts";
