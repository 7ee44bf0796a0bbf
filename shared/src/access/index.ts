export { redactions } from "./access.model.ts";
export type {
  Access,
  AttributeKind,
  AttributeSql,
  Condition,
  Context,
  Decision,
  DecisionReason,
  Effect,
  Example,
  FieldAccess,
  MaskRule,
  Operand,
  Policy,
  Redaction,
  RelatedAttribute,
  ResourceInstance,
  ResourceType,
  SqlPredicate,
  StoredKind,
  Subject,
  SubjectAccess,
} from "./access.model.ts";
export { CONTEXT_ATTRIBUTES, operators, SUBJECT_ATTRIBUTES } from "./condition.bind.ts";
export type { Fault } from "./condition.bind.ts";
export { distinctionsOf } from "./distinctions.ts";
export type { Comparison, Distinctions } from "./distinctions.ts";
export { createAccessEngine } from "./engine.ts";
export type { AccessEngine, AccessEngineParts } from "./engine.ts";
export { exampleResults, nobody, runExamples } from "./examples.ts";
export type { ExampleFailure, ExampleResult } from "./examples.ts";
export * from "./grants.ts";
export { hintOf } from "./explain.ts";
export type { ConditionTrace, Explanation, Hint, OperandTrace, Outcome, PolicyTrace, PolicyWords } from "./explain.ts";
export { faultsToText, parsePolicies } from "./policy.parse.ts";
export type { ParsedPolicies, ParseOptions } from "./policy.parse.ts";
export { attributesOfSubjectUsed, fingerprintsOf, typesConcerned } from "./policy.reach.ts";
export { projectFields, redactValue } from "./redact.ts";
export type { TypeTurn } from "./turn.ts";
export * from "./administration.ts";
