import type { FieldProblem, JsonObject } from "@kontor/shared/base";
import type { Intent, IntentResult } from "@kontor/shared/protocol";

export interface Leftover {
  readonly name: string;
  readonly args: JsonObject;
  readonly result: IntentResult;
}

/**
 * A change may be taken without some of its fields (POL-7): `merged`, with `data.refused` naming them. What the user put
 * into those is not dropped (SYN-7): it becomes an issue of its own, an edit of just these fields, since the rest and,
 * of a new record, the record itself are there now.
 */
export function partlyRefused(intent: Intent, result: IntentResult): Leftover | undefined {
  const refused = refusedFields(result);
  if (refused.length === 0) return undefined;
  const { fields, set, base } = intent.args as { fields?: JsonObject; set?: JsonObject; base?: JsonObject };
  const input = only(set ?? fields ?? {}, refused);
  if (Object.keys(input).length === 0) return undefined;
  return {
    name: "record.edit",
    args: { set: input, base: only(base ?? {}, refused) },
    result: {
      mid: result.mid,
      status: "rejected",
      code: "forbidden",
      reason: "record.edit.forbidden",
      message: "You may not change these fields.",
      problems: refused,
    },
  };
}

function refusedFields({ status, data }: IntentResult): readonly FieldProblem[] {
  if (status !== "merged" || typeof data !== "object" || data === null || Array.isArray(data)) return [];
  const { refused } = data as { refused?: unknown };
  return Array.isArray(refused) ? (refused as readonly FieldProblem[]) : [];
}

const only = (values: JsonObject, refused: readonly FieldProblem[]): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([key]) => refused.some(({ field }) => field === key)));
