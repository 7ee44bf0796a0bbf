import { useWords } from "../../words/words.ts";
import type { AttributeKind } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Picker } from "../parts/Picker.tsx";
import {
  attributePattern,
  isLeafOp,
  isMany,
  type Leaf,
  likelyLeaf,
  operators,
  operatorsFor,
  withOperator,
} from "../policy/operators.ts";
import { attributeMeant } from "../policy/policy.words.ts";
import { OperandInput } from "./OperandInput.tsx";
import { ShiftInput } from "./ShiftInput.tsx";
import { TextsInput } from "./TextsInput.tsx";
import { WindowInput } from "./WindowInput.tsx";

interface Props {
  readonly leaf: Leaf;
  readonly resource: string;
  readonly disabled: boolean;
  readonly onChange: (leaf: Leaf) => void;
}

/** Attribute, operator, and what the operator takes. */
export function LeafInputs({ leaf, resource, disabled, onChange }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { op, operands } = leaf;
  const about = attributeMeant(operands, resource, catalog);
  const kind: AttributeKind = about?.kind ?? "text";
  const [left] = operands;
  const leftName = typeof left === "string" ? left : "";
  const offered = operatorsFor(leftName, kind);
  const setOperand = (index: number, operand: unknown) => onChange({ op, operands: operands.with(index, operand) });

  return (
    <>
      <LeftInput leaf={leaf} resource={resource} disabled={disabled} onChange={onChange} />
      <Picker
        label={t("access.form.operator")}
        shown={t(`access.op.${op}`)}
        tone="quiet"
        disabled={disabled}
        options={[...new Set([...offered, op])].map((value) => ({
          value,
          label: t(`access.op.${value}`),
          hint: value,
        }))}
        onChoose={(next) => isLeafOp(next) && onChange(withOperator(leaf, next, oneOf(kind)))}
      />
      {operators[op].right.map((takes, index) => {
        const at = index + 1;
        const shared = {
          operand: operands[at],
          disabled,
          resource,
          label: t("access.form.value"),
          onChange: (operand: unknown) => setOperand(at, operand),
        };
        const and = index > 0 && <span key={`and ${at}`}>{t("access.words.and")}</span>;
        const input =
          takes === "window" ? (
            <WindowInput key={at} {...shared} />
          ) : takes === "ranges" || takes === "patterns" ? (
            <TextsInput key={at} {...shared} takes={takes} />
          ) : takes === "shift" ? (
            <ShiftInput key={at} {...shared} about={about} kind={kind} />
          ) : (
            <OperandInput
              key={at}
              {...shared}
              about={about}
              kind={takes === "list" ? manyOf(kind) : oneOf(kind)}
              many={takes === "list"}
            />
          );
        return [and, input];
      })}
    </>
  );
}

/** Usually an attribute; a value where the policy was written that way round. */
function LeftInput({ leaf, resource, disabled, onChange }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { op, operands } = leaf;
  const [left] = operands;
  if (typeof left !== "string" || !attributePattern.test(left)) {
    const about = attributeMeant(operands, resource, catalog);
    return (
      <OperandInput
        label={t("access.form.attribute")}
        operand={left}
        resource={resource}
        about={about}
        kind={operators[op].left === "list" ? manyOf(about?.kind ?? "texts") : oneOf(about?.kind ?? "text")}
        many={operators[op].left === "list"}
        disabled={disabled}
        onChange={(operand) => onChange({ op, operands: operands.with(0, operand) })}
      />
    );
  }

  function choose(name: string) {
    const attribute = catalog.attributeOf(name, resource);
    const before = catalog.attributeOf(String(left), resource);
    if (!attribute) return;
    const isAlike = before && before.kind === attribute.kind && before.of === attribute.of;
    const keeps = isAlike || (before && operatorsFor(name, attribute.kind).includes(op) && op === "exists");
    onChange(keeps ? { op, operands: operands.with(0, name) } : likelyLeaf(name, attribute.kind, attribute.of));
  }

  const groups = { obj: catalog.typeWords(resource), sub: t("access.form.subject"), ctx: t("access.form.context") };
  return (
    <Picker
      label={t("access.form.attribute")}
      shown={catalog.attributeWords(left, resource)}
      invalid={catalog.attributeOf(left, resource) === undefined}
      disabled={disabled}
      options={catalog.attributesFor(resource).map(({ name }) => ({
        value: name,
        label: catalog.attributeWords(name, resource),
        hint: name,
        group: groups[name.slice(0, 3) as keyof typeof groups],
      }))}
      onChoose={choose}
    />
  );
}

const oneOf = (kind: AttributeKind): AttributeKind => (kind === "ids" ? "id" : kind === "texts" ? "text" : kind);
const manyOf = (kind: AttributeKind): AttributeKind =>
  isMany(kind) ? kind : kind === "id" ? "ids" : kind === "text" ? "texts" : kind;
