import { Button, Text, Tooltip } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReplicaRecord } from "#contract";
import { missingFor, type TransitionDefinition, type TypeDefinition } from "@kontor/shared/objects";
import { useReplica } from "../replica/index.ts";
import { useWords } from "../words/index.ts";

/** The steps that lead on from this state; one that is not possible says why. */
export function Transitions({ record, type }: { readonly record: ReplicaRecord; readonly type: TypeDefinition }) {
  const { t, label } = useWords();
  const { call } = useReplica();
  const steps = (type.states?.transitions ?? []).filter(
    (step) => record.state !== undefined && step.from.includes(record.state),
  );

  function obstacle(step: TransitionDefinition): string | undefined {
    if (!record.can.actions.includes(`transition:${step.key}`))
      return t(isKnownToServer(record) ? "objects.mayNotStep" : "objects.stepLater");
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
        <Tooltip key={step.key} label={reason} disabled={!reason}>
          <Button
            variant={step.primary ? "filled" : "default"}
            {...(reason === undefined ? {} : { "data-disabled": true })}
            aria-disabled={reason !== undefined}
            onClick={() => reason === undefined && take(step)}
          >
            {label(step.label)}
          </Button>
        </Tooltip>
      );
    });
}

/** Fields have revisions once the server has taken the record; before that, what one may do with it is not known. */
const isKnownToServer = (record: ReplicaRecord) => Object.keys(record.revs).length > 0;
