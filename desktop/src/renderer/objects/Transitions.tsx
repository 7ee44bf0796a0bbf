import { Button, Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReplicaRecord } from "#contract";
import { missingFor, type TransitionDefinition, type TypeDefinition } from "@kontor/shared/objects";
import { ReasonTooltip, useAccess, useReason } from "../access/index.ts";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";

/** The steps that lead on from this state; one that is not possible says why. */
export function Transitions({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const { t, label } = useWords();
  const { call } = useReplica();
  const { ask } = useAccess();
  const { reasonFor } = useReason();
  const steps = (type.states?.transitions ?? []).filter(
    (step) => record.state !== undefined && step.from.includes(record.state),
  );

  const may = (step: TransitionDefinition) => record.can.actions.includes(actOf(step));

  function obstacle(step: TransitionDefinition): string | undefined {
    if (!may(step))
      return isKnownToServer(record)
        ? reasonFor(record, { act: actOf(step) }, t("access.short.step"))
        : t("objects.stepLater");
    const missing = missingFor(step, record.fields).map(({ field }) => {
      const definition = type.fields[field];
      return definition ? label(definition.label) : field;
    });
    return missing.length > 0 ? t("objects.stepNeeds", { fields: missing.join(", ") }) : undefined;
  }

  function take(step: TransitionDefinition): void {
    const run = () => void call("record.transition", { id: record.id, transition: step.key });
    if (!step.confirm) return run();
    modals.openConfirmModal({
      title: label(step.label),
      children: <Text size="sm">{label(step.confirm)}</Text>,
      labels: { confirm: label(step.label), cancel: t("app.cancel") },
      confirmProps: { variant: "filled" },
      onConfirm: run,
    });
  }

  return steps
    .toSorted((a, b) => Number(a.primary ?? false) - Number(b.primary ?? false))
    .map((step) => {
      const reason = obstacle(step);
      return (
        <ReasonTooltip key={step.key} reason={reason}>
          <Button
            variant={step.primary ? "filled" : "default"}
            {...(reason === undefined ? {} : { "data-disabled": true })}
            aria-disabled={reason !== undefined}
            onClick={() => {
              if (reason === undefined) take(step);
              else if (!may(step) && isKnownToServer(record))
                ask({ type: type.name, recordId: record.id, act: actOf(step) });
            }}
          >
            {label(step.label)}
          </Button>
        </ReasonTooltip>
      );
    });
}

const actOf = (step: TransitionDefinition) => `transition:${step.key}`;

/** Fields have revisions once the server has taken the record; before that, what one may do with it is not known. */
const isKnownToServer = (record: ReplicaRecord) => Object.keys(record.revs).length > 0;
