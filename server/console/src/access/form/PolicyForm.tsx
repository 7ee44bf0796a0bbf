import { SegmentedControl, TextInput } from "@mantine/core";
import type { Policy } from "@kontor/shared/access";
import { useId, type ReactNode } from "react";
import { useWords } from "../../words/words.ts";
import type { PolicyFault } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Picker } from "../parts/Picker.tsx";
import { withPart } from "../policy/policy.parts.ts";
import { ActionsInput } from "./ActionsInput.tsx";
import { ConditionForm } from "./ConditionForm.tsx";
import { MasksInput } from "./MasksInput.tsx";
import { SectionsInput } from "./SectionsInput.tsx";
import { TitleInput } from "./TitleInput.tsx";

export interface PartProps {
  readonly policy: Policy;
  readonly disabled: boolean;
  /** `step`: changes of one step that follow each other are undone together. */
  readonly onChange: (policy: Policy, step?: string) => void;
}

/** Everything a policy says besides its examples. */
export function PolicyForm({ policy, faults, disabled, onChange }: PartProps & { faults: readonly PolicyFault[] }) {
  const { t } = useWords();
  const catalog = useCatalog();
  const under = (place: string) => faults.filter((fault) => fault.place.startsWith(place));
  const shared = { policy, disabled, onChange };
  return (
    <div className="policy-form">
      <FormRow title={t("access.form.title")} faults={under(".title")}>
        <TitleInput {...shared} />
      </FormRow>
      <FormRow title={t("access.form.id")} faults={under(".id")}>
        <TextInput
          size="xs"
          w={320}
          aria-label={t("access.form.id")}
          readOnly={disabled}
          value={policy.id}
          onChange={(event) => onChange({ ...policy, id: event.currentTarget.value }, "id")}
        />
      </FormRow>
      <FormRow
        title={t("access.form.effect")}
        faults={[...under(".resource"), ...under(".actions"), ...under(".effect")]}
      >
        <SegmentedControl
          size="xs"
          aria-label={t("access.form.effect")}
          readOnly={disabled}
          value={policy.effect}
          data={(["allow", "deny"] as const).map((value) => ({ value, label: t(`access.effect.${value}`) }))}
          onChange={(effect) => onChange(withEffect(policy, effect === "deny" ? "deny" : "allow"))}
        />
        <span className="quiet">{t("access.form.on")}</span>
        <Picker
          label={t("access.form.type")}
          shown={catalog.typeWords(policy.resource)}
          disabled={disabled}
          options={[
            ...catalog.types.map(({ name }) => ({ value: name, label: catalog.typeWords(name), hint: name })),
            { value: "*", label: catalog.typeWords("*"), hint: "*" },
          ]}
          onChoose={(resource) => onChange({ ...policy, resource })}
        />
        <ActionsInput {...shared} />
      </FormRow>
      <FormRow title={t("access.form.sections")} faults={under(".sections")}>
        <SectionsInput {...shared} />
      </FormRow>
      {(policy.effect === "allow" || policy.mask) && (
        <FormRow title={t("access.form.masks")} faults={under(".mask")}>
          <MasksInput {...shared} />
        </FormRow>
      )}
      <ConditionForm
        when={policy.when}
        resource={policy.resource}
        faults={faults.filter((fault) => fault.place.startsWith(".when"))}
        disabled={disabled}
        onChange={(when) => onChange(withPart(policy, "when", when))}
      />
      <FormRow title={t("access.form.contact")} faults={under(".contact")}>
        <TextInput
          size="xs"
          w={320}
          aria-label={t("access.form.contact")}
          placeholder={t("access.form.contact.hint")}
          readOnly={disabled}
          value={policy.contact ?? ""}
          onChange={(event) => onChange(withPart(policy, "contact", event.currentTarget.value || undefined), "contact")}
        />
      </FormRow>
    </div>
  );
}

interface RowProps {
  readonly title: string;
  readonly faults?: readonly PolicyFault[];
  readonly children: ReactNode;
}

export function FormRow({ title, faults = [], children }: RowProps) {
  const id = useId();
  return (
    <div className="form-row" role="group" aria-labelledby={id}>
      <span id={id} className="form-name">
        {title}
      </span>
      <div className="form-inputs">
        {children}
        {faults.map((fault) => (
          <p key={fault.place + fault.words} className="fault" role="alert">
            {fault.words}
          </p>
        ))}
      </div>
    </div>
  );
}

/** A mask has no meaning in a deny. */
const withEffect = (policy: Policy, effect: Policy["effect"]): Policy => ({
  ...(effect === "deny" ? withPart(policy, "mask", undefined) : policy),
  effect,
});
