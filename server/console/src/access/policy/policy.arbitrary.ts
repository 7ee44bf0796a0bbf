// Policies of every form that the language has, for property tests.
import fc from "fast-check";
import type { Condition, Operand, Policy } from "@kontor/shared/access";

const words = fc.string({ minLength: 1, maxLength: 30 });
const attribute = fc.constantFrom("obj.owner", "obj.counterparty.state", "sub.departments", "sub.id", "ctx.channel");
const money = fc.record({
  amount: fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
  currency: fc.constantFrom("EUR", "RUB", "USD"),
});
const operand: fc.Arbitrary<Operand> = fc.oneof(
  attribute,
  words,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.boolean(),
  money,
  fc.record({ text: fc.oneof(attribute, words) }),
  fc.array(words, { maxLength: 4 }),
  fc.array(fc.integer(), { minLength: 1, maxLength: 4 }),
);
const pair = fc.tuple(operand, operand);
const duration = fc.oneof(
  fc.constantFrom("now", "-P30D", "PT8H", "P1Y2M"),
  fc
    .record({ days: fc.integer(), hours: fc.integer(), zone: fc.constant("Europe/Moscow") }, { requiredKeys: [] })
    .filter((shift) => Object.keys(shift).length > 0),
);
const timeWindow = fc.record(
  {
    from: fc.constantFrom("09:00", "00:00"),
    to: fc.constantFrom("18:00", "24:00"),
    days: fc.subarray(["mon", "tue", "wed", "sun"] as const, { minLength: 1 }),
    zone: fc.constantFrom("Europe/Moscow", "UTC"),
  },
  { requiredKeys: ["zone"] },
);
const oneOrMore = (one: fc.Arbitrary<string>) => fc.oneof(one, fc.array(one, { maxLength: 3 }));
const operatorsOfTwo = [
  "eq",
  "ne",
  "lt",
  "lte",
  "gt",
  "gte",
  "in",
  "nin",
  "has",
  "any",
  "all",
  "startsWith",
  "endsWith",
  "contains",
] as const;

const leaf = fc.oneof(
  fc.tuple(fc.constantFrom(...operatorsOfTwo), pair).map(([op, operands]) => ({ [op]: operands })),
  fc.tuple(operand, operand, operand).map((operands) => ({ between: operands })),
  fc.tuple(attribute, oneOrMore(fc.constantFrom("10.66.0.0/16", "fd00::/8"))).map((operands) => ({ cidr: operands })),
  fc.tuple(attribute, oneOrMore(words)).map((operands) => ({ matches: operands })),
  fc
    .tuple(fc.constantFrom("before", "after"), operand, fc.oneof(operand, duration))
    .map(([op, left, right]) => ({ [op]: [left, right] })),
  fc.tuple(attribute, timeWindow).map((operands) => ({ within: operands })),
  attribute.map((name) => ({ exists: name })),
) as fc.Arbitrary<Condition>;

export const anyCondition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((parts) => ({ and: parts })),
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((parts) => ({ or: parts })),
    tie("condition").map((part) => ({ not: part })),
  ),
})).condition;

const example = fc.record(
  {
    name: words,
    subject: fc.dictionary(fc.constantFrom("id", "groups", "department"), words),
    action: fc.constantFrom("read", "edit"),
    type: fc.constant("contract"),
    resource: fc.dictionary(fc.constantFrom("owner", "state"), fc.oneof(words, fc.constant(null), fc.integer())),
    context: fc.record({ ip: fc.constant("10.0.0.1") }),
    field: fc.constant("amount"),
    expect: fc.constantFrom("allow" as const, "deny" as const),
  },
  { requiredKeys: ["subject", "action", "expect"] },
);

export const anyPolicy: fc.Arbitrary<Policy> = fc.record(
  {
    id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/),
    title: fc.oneof(words, fc.record({ en: words, ru: words })),
    effect: fc.constantFrom("allow" as const, "deny" as const),
    resource: fc.constantFrom("contract", "*"),
    actions: fc.array(words, { minLength: 1, maxLength: 4 }),
    sections: fc.oneof(fc.constant("*" as const), fc.array(words, { minLength: 1, maxLength: 3 })),
    mask: fc.dictionary(
      fc.constantFrom("main.phone", "pay.account"),
      fc.oneof(
        fc.constant("omit" as const),
        fc.record({ redact: fc.constantFrom("all" as const, "keep-last-2" as const, "keep-last-4" as const) }),
      ),
    ),
    when: anyCondition,
    contact: words,
    examples: fc.array(example, { maxLength: 3 }),
  },
  { requiredKeys: ["id", "title", "effect", "resource", "actions"] },
) as unknown as fc.Arbitrary<Policy>;
