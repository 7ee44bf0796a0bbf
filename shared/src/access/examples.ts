import type { Json } from "../base/index.ts";
import type { Context, Example, Policy, Subject } from "./access.model.ts";
import type { AccessEngine } from "./engine.ts";

/** POL-8: the examples that a policy carries, asked of the whole set. */
export interface ExampleFailure {
  readonly policyId: string;
  /** Place in the policy: `.examples[0]`. */
  readonly at: string;
  readonly name?: string;
  readonly expected: Example["expect"];
}

/** Somebody without any right or tie; examples say what differs. */
export const nobody: Subject = {
  id: "00000000-0000-0000-0000-000000000000",
  login: "nobody",
  groups: [],
  department: null,
  departments: [],
  subtree: [],
  positions: [],
  managers: [],
  isAdmin: false,
  attributes: {},
};

const ANY_TIME: Context = { time: "2026-01-01T12:00:00.000Z", channel: "desktop" };

export interface ExampleResult {
  readonly policyId: string;
  readonly index: number;
  readonly name?: string;
  readonly expected: Example["expect"];
  readonly passed: boolean;
}

export const exampleResults = (engine: AccessEngine): readonly ExampleResult[] =>
  engine.policies.flatMap((policy) =>
    (policy.examples ?? []).map((example, index) => {
      const { name, expect: expected } = example;
      const passed = isAllowed(engine, policy, example) === (expected === "allow");
      return { policyId: policy.id, index, ...(name !== undefined && { name }), expected, passed };
    }),
  );

export const runExamples = (engine: AccessEngine): readonly ExampleFailure[] =>
  exampleResults(engine)
    .filter(({ passed }) => !passed)
    .map(({ passed: _passed, index, ...result }) => ({ ...result, at: `.examples[${index}]` }));

function isAllowed(engine: AccessEngine, policy: Policy, example: Example): boolean {
  const subject: Subject = { ...nobody, ...example.subject };
  const context: Context = { ...ANY_TIME, ...example.context };
  const type = example.type ?? policy.resource;
  const resource = { type, attributes: (example.resource ?? {}) as Readonly<Record<string, Json>> };
  const access = engine.accessTo(subject, resource, context);
  if (example.field === undefined) return access.may(example.action);
  if (example.action === "edit") return access.editable(example.field);
  if (example.action === "create") return access.fillable(example.field);
  return access.field(example.field) === "visible";
}
