import { z } from "zod";
import type { Json } from "../base/index.ts";

/** Named mutations of records, as they travel up (PUSH) and as REST takes them. The values are checked against the type. */
const MAX_FIELDS = 200; // the widest type a form could still show
const key = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/);
const json = z.json() as z.ZodType<Json>;
const fields = z
  .record(key, json)
  .refine((value) => Object.keys(value).length <= MAX_FIELDS, `at most ${MAX_FIELDS} fields`);

export const recordIntentSchemas = {
  "record.create": z.object({ type: key, fields }),
  /** `base` holds the revision of each set field that the author saw. `null` empties a field. */
  "record.edit": z.object({ set: fields, base: z.record(key, z.number().int().min(0)) }),
  "record.transition": z.object({ transition: key }),
  "record.delete": z.object({}),
  "record.restore": z.object({}),
  /** Settles a conflict: `mine` brings the lost value back, `theirs` keeps the winner, `value` writes a third. */
  "record.resolve": z.object({ field: key, choice: z.enum(["mine", "theirs", "value"]), value: json.optional() }),
} as const;

export type RecordIntentName = keyof typeof recordIntentSchemas;
export type RecordIntentArgs<Name extends RecordIntentName> = z.infer<(typeof recordIntentSchemas)[Name]>;
