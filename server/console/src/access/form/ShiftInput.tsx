import { NativeSelect, NumberInput } from "@mantine/core";
import { useWords } from "../../words/words.ts";
import type { AttributeKind, VocabularyAttribute } from "../access.api.ts";
import { readShift, shiftUnits, type ShiftUnit } from "../policy/policy.words.ts";
import { OperandInput } from "./OperandInput.tsx";

interface Props {
  readonly label: string;
  readonly operand: unknown;
  readonly resource: string;
  readonly about: VocabularyAttribute | undefined;
  readonly kind: AttributeKind;
  readonly disabled: boolean;
  readonly onChange: (operand: unknown) => void;
}

const LONGEST = 100_000;
const MOMENT_UNITS: readonly ShiftUnit[] = ["weeks", "days", "hours", "minutes", "seconds"]; // months have no fixed length
const DATE_UNITS: readonly ShiftUnit[] = ["years", "months", "weeks", "days"];
const modes = ["ago", "ahead", "now", "other"] as const;
type Mode = (typeof modes)[number];

/** "30 days ago", "in 8 hours", "now"; or another date, moment or attribute. */
export function ShiftInput({ operand, onChange, kind, disabled, label, ...rest }: Props) {
  const { t } = useWords();
  const simple = simpleShift(operand);
  const mode: Mode = !simple ? "other" : simple.amount === 0 ? "now" : simple.amount < 0 ? "ago" : "ahead";
  const zone = zoneOf(operand);
  const units = kind === "date" ? DATE_UNITS : MOMENT_UNITS;
  const amount = Math.abs(simple?.amount ?? 30) || 30;
  const unit = simple && simple.amount !== 0 ? simple.unit : "days";

  function change(next: { mode?: Mode; amount?: number; unit?: ShiftUnit }) {
    const to = next.mode ?? mode;
    if (to === "other") return onChange("");
    const size = next.amount ?? amount;
    const signed = to === "ago" ? -size : size;
    const shift = to === "now" ? { days: 0 } : { [next.unit ?? unit]: signed };
    onChange(to === "now" && zone === undefined ? "now" : { ...shift, ...(zone !== undefined && { zone }) });
  }

  return (
    <span className="inline-inputs" role="group" aria-label={label}>
      {mode !== "other" && mode !== "now" && (
        <>
          <NumberInput
            size="xs"
            w={64}
            min={1}
            max={LONGEST}
            hideControls
            allowDecimal={false}
            aria-label={t("access.shift.amount")}
            disabled={disabled}
            value={amount}
            onChange={(value) => typeof value === "number" && value > 0 && change({ amount: value })}
          />
          <NativeSelect
            size="xs"
            aria-label={t("access.shift.unit")}
            disabled={disabled}
            value={unit}
            data={[...new Set([...units, unit])].map((value) => ({
              value,
              label: t(`access.shift.${value}`, { count: amount }),
            }))}
            onChange={(event) => change({ unit: event.currentTarget.value as ShiftUnit })}
          />
        </>
      )}
      {mode === "other" && (
        <OperandInput
          {...rest}
          label={label}
          kind={kind}
          many={false}
          operand={operand}
          disabled={disabled}
          onChange={onChange}
        />
      )}
      <NativeSelect
        size="xs"
        aria-label={t("access.shift.mode")}
        disabled={disabled}
        value={mode}
        data={modes.map((value) => ({ value, label: t(`access.shift.mode.${value}`) }))}
        onChange={(event) => change({ mode: event.currentTarget.value as Mode })}
      />
    </span>
  );
}

/** Undefined for what has several units, and for what is no duration. */
function simpleShift(operand: unknown): { readonly unit: ShiftUnit; readonly amount: number } | undefined {
  const shift = readShift(operand);
  const [first, ...more] = shift ? Object.entries(shift) : [];
  if (!shift || more.length > 0) return undefined;
  const unit = shiftUnits.find((name) => name === first?.[0]) ?? "days";
  return { unit, amount: first?.[1] ?? 0 };
}

const zoneOf = (operand: unknown): string | undefined =>
  typeof operand === "object" && operand !== null && "zone" in operand ? String(operand.zone) : undefined;
