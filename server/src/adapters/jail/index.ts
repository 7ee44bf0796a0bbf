export { createJail } from "./jail.ts";
