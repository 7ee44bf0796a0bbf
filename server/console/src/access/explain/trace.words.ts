import type { ConditionTrace, OperandTrace } from "@kontor/shared/access";
import type { VocabularyAttribute } from "../access.api.ts";
import type { Catalog } from "../policy/catalog.ts";
import { isLeafOp } from "../policy/operators.ts";

/** One line of an explanation: what was asked, as the policy says it. */
export function traceInWords(trace: ConditionTrace, resource: string, catalog: Catalog): string {
  const { say } = catalog;
  if (trace.op === "and" || trace.op === "or") return say(`access.form.group.${trace.op}`);
  if (trace.op === "not") return say("access.form.not");
  if (!isLeafOp(trace.op)) return trace.op;
  const [left, right] = trace.operands ?? [];
  const about = attributeOf(trace, resource, catalog);
  const words = (operand: OperandTrace | undefined) =>
    operand?.attribute === undefined
      ? catalog.valueWords(operand?.value, about)
      : catalog.attributeWords(operand.attribute, resource);
  return say(`access.words.op.${trace.op}`, { left: words(left), right: right ? words(right) : "", to: "" });
}

/** What the attributes were. */
export function actualWords(trace: ConditionTrace, resource: string, catalog: Catalog): string {
  const about = attributeOf(trace, resource, catalog);
  const values = (trace.operands ?? [])
    .filter((operand) => operand.attribute !== undefined)
    .map(({ attribute, value }) => catalog.valueWords(value, catalog.attributeOf(attribute ?? "", resource) ?? about));
  return [...new Set(values)].join(" · ");
}

function attributeOf(trace: ConditionTrace, resource: string, catalog: Catalog): VocabularyAttribute | undefined {
  const named = trace.operands?.find(({ attribute }) => attribute !== undefined)?.attribute;
  return named === undefined ? undefined : catalog.attributeOf(named, resource);
}
