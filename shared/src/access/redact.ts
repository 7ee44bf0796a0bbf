import type { Json } from "../base/index.ts";
import type { Access, Redaction } from "./access.model.ts";

/** The same for every value, so that it tells nothing of length or kind. */
const DOTS = "•••";
const KEPT = { all: 0, "keep-last-2": 2, "keep-last-4": 4 } satisfies Record<Redaction, number>;

/**
 * A redacted value is a text. Of texts and numbers the last characters may stay, and only when as many again are
 * hidden; whatever else there is becomes dots. That there is a value at all stays visible: null stays null.
 */
export function redactValue(value: Json, how: Redaction): Json {
  if (value === null) return null;
  const kept = KEPT[how];
  if (kept === 0 || (typeof value !== "string" && typeof value !== "number")) return DOTS;
  const characters = Array.from(String(value)); // by code point: half a character would be invalid text
  return characters.length >= 2 * kept ? DOTS + characters.slice(-kept).join("") : DOTS;
}

/** VIS-1, VIS-2: what is not visible is absent; what is redacted is replaced. */
export function projectFields(
  fields: Readonly<Record<string, Json>>,
  access: Pick<Access, "field">,
): Record<string, Json> {
  const projected: Record<string, Json> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const state = access.field(name);
    if (value === undefined || state === "absent") continue;
    projected[name] = state === "visible" ? value : redactValue(value, state.redact);
  }
  return projected;
}
