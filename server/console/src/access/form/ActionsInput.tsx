import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { ChipList } from "../parts/ChipList.tsx";
import { Picker } from "../parts/Picker.tsx";
import type { PartProps } from "./PolicyForm.tsx";

export function ActionsInput({ policy, disabled, onChange }: PartProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { resource, actions } = policy;
  const known = catalog.typeOf(resource).actions.map(({ name }) => name);
  const families = [
    ...new Set(known.filter((name) => name.includes(":")).map((name) => `${name.split(":")[0] ?? ""}:*`)),
  ];
  const offered = [...known, ...families, "*"].filter((action) => !actions.includes(action));
  return (
    <ChipList
      label={t("access.form.actions")}
      items={actions}
      words={(action) => catalog.actionWords(resource, action)}
      disabled={disabled}
      onRemove={(index) => onChange({ ...policy, actions: actions.toSpliced(index, 1) })}
    >
      {!disabled && (
        <Picker
          label={t("access.form.actions.add")}
          shown="+"
          tone={actions.length === 0 ? "empty" : "quiet"}
          options={offered.map((action) => ({
            value: action,
            label: catalog.actionWords(resource, action),
            hint: action,
          }))}
          onChoose={(action) => onChange({ ...policy, actions: action === "*" ? ["*"] : [...actions, action] })}
        />
      )}
    </ChipList>
  );
}
