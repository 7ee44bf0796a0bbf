import { isObject, type JsonObject } from "@kontor/shared/base";

/**
 * Whether a row that comes again shows less than the one held: a field is absent that was there, or more sections are
 * hidden. Elements that leave a list are an edit. A field that its editor removed looks like a loss, too, and is taken for one.
 */
export function isNarrowed(held: JsonObject, next: JsonObject): boolean {
  return hiddenCount(next) > hiddenCount(held) || lacksFields(held, next);
}

function lacksFields(held: JsonObject, next: JsonObject): boolean {
  return Object.entries(held).some(([name, value]) => {
    const other = next[name];
    if (other === undefined) return value !== undefined;
    return isObject(value) && isObject(other) && lacksFields(value, other);
  });
}

function hiddenCount({ can }: JsonObject): number {
  const hidden = isObject(can) ? can["hidden"] : undefined;
  return Array.isArray(hidden) ? hidden.length : 0;
}
