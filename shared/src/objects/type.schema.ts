import { z } from "zod";

/** The shape of a `TypeDefinition` as JSON, for definitions that come from a file or a console and not from a compiler. */
const MAX_OPTIONS = 500; // what a select box with search still shows
const MAX_FIELDS = 200; // the widest type a form could still show; also the most one intent may set
const MAX_WORDS = 400;

const key = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, "letters, digits and _, starting with a letter, at most 64");
const words = z.string().trim().min(1, "empty").max(MAX_WORDS);
const label = z.strictObject({ en: words, ru: words });
const count = z.int().min(0);
const options = z.array(z.strictObject({ key, label })).min(1, "at least one option").max(MAX_OPTIONS);
const date = z.iso.date();
const amount = z.string().regex(/^-?\d{1,18}(\.\d{1,4})?$/, "a decimal number as text");

const base = {
  label,
  section: key.optional(),
  required: z.boolean().optional(),
  hint: label.optional(),
  readOnly: z.boolean().optional(),
  wide: z.boolean().optional(),
};
const kind = <Kind extends string, Shape extends z.ZodRawShape>(name: Kind, shape: Shape) =>
  z.strictObject({ kind: z.literal(name), ...base, ...shape });

const field = z.discriminatedUnion("kind", [
  kind("text", {
    maxLength: count.optional(),
    minLength: count.optional(),
    pattern: z.enum(["email", "phone", "url", "taxId", "iban"]).optional(),
    unique: z.boolean().optional(),
    default: z.string().optional(),
  }),
  kind("longText", { maxLength: count.optional(), default: z.string().optional() }),
  kind("number", {
    min: z.number().optional(),
    max: z.number().optional(),
    decimals: count.max(10).optional(),
    unit: label.optional(),
    default: z.number().optional(),
  }),
  kind("money", {
    currencies: z.array(z.string().regex(/^[A-Z]{3}$/, "three capital letters (ISO 4217)")).min(1),
    min: amount.optional(),
    max: amount.optional(),
  }),
  kind("date", { min: date.optional(), max: date.optional(), default: z.literal("today").optional() }),
  kind("dateTime", { default: z.literal("now").optional() }),
  kind("boolean", { default: z.boolean().optional() }),
  kind("choice", { options, default: key.optional() }),
  kind("choices", { options, max: count.optional() }),
  kind("person", { default: z.literal("me").optional() }),
  kind("department", { default: z.literal("mine").optional() }),
  kind("relation", { to: key, many: z.boolean().optional(), backLabel: label.optional() }),
  kind("files", { max: count.optional(), accept: z.array(z.string().min(1)).optional() }),
  kind("autoNumber", { pattern: z.string().min(1).max(60) }),
]);

export const typeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-zA-Z0-9]{0,39}$/, "letters and digits, starting with a lower-case letter, at most 40"),
  label,
  plural: label,
  icon: z.string().regex(/^[a-z][a-z0-9-]*$/, "the name of a Tabler icon"),
  sections: z.array(z.strictObject({ key, label, sensitive: z.boolean().optional() })).min(1, "at least one section"),
  fields: z.record(key, field).refine((fields) => Object.keys(fields).length <= MAX_FIELDS, `at most ${MAX_FIELDS}`),
  titleField: key,
  ownerField: key.optional(),
  departmentField: key.optional(),
  states: z
    .strictObject({
      initial: key,
      list: z
        .array(z.strictObject({ key, label, tone: z.enum(["neutral", "accent", "warn", "good", "bad"]) }))
        .min(1, "at least one state"),
      transitions: z.array(
        z.strictObject({
          key,
          label,
          from: z.array(key).min(1, "at least one state"),
          to: key,
          requires: z.array(key).optional(),
          primary: z.boolean().optional(),
          confirm: label.optional(),
          sets: z.record(key, z.enum(["today", "me"])).optional(),
        }),
      ),
    })
    .optional(),
  list: z.strictObject({
    columns: z.array(key).min(1, "at least one column"),
    summary: z.array(key),
    sort: z.strictObject({ field: key, direction: z.enum(["asc", "desc"]) }),
    filters: z.array(key),
  }),
  checks: z
    .array(
      z.strictObject({
        left: key,
        op: z.enum(["eq", "ne", "lt", "lte", "gt", "gte"]),
        right: key,
        message: label,
      }),
    )
    .optional(),
});
