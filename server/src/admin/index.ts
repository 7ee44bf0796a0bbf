export { examine } from "./doctor.ts";
export type { Finding } from "./doctor.ts";
