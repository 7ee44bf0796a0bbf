export type { Jail, JailKind, JailOrder, JailResult } from "./jail.port.ts";
