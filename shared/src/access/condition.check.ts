import type { Json } from "../base/index.ts";
import { addressCheck } from "./address.check.ts";
import { patternCheck } from "./pattern.check.ts";
import type { Fragment } from "./sql.fragment.ts";
import { windowCheck } from "./window.check.ts";

/**
 * Operators whose second operand is written in a language of its own: address ranges, patterns, times of the week. Each
 * has its readings side by side in one file, `*.check.ts`.
 */
export interface Check {
  /** For explain. */
  readonly written: Json;
  /** Undefined: unknown (POL-3). */
  readonly test: (value: string) => boolean | undefined;
  /** The twin of `test` (POL-4); absent where the operator takes no attribute of the object. */
  readonly toSql?: (value: Fragment) => Fragment;
  /** Moments after this one among which is the next at which `test` may turn, when it is asked of the clock (POL-6). */
  readonly turnsAfter?: (time: number) => readonly number[];
}

/** The words of a fault where it cannot be read. */
export type ParseCheck = (written: unknown) => Check | string;

export const checkOps = ["cidr", "matches", "within"] as const;
export type CheckOp = (typeof checkOps)[number];

export const checks = {
  cidr: { takes: "text", parse: addressCheck },
  matches: { takes: "text", parse: patternCheck },
  within: { takes: "dateTime", parse: windowCheck },
} as const satisfies Record<CheckOp, { takes: "text" | "dateTime"; parse: ParseCheck }>;
