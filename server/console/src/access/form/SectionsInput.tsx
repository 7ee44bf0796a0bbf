import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { withPart } from "../policy/policy.parts.ts";
import { ChipList } from "../parts/ChipList.tsx";
import { Picker } from "../parts/Picker.tsx";
import type { PartProps } from "./PolicyForm.tsx";

/** What an allow opens, or a deny takes away; none chosen means all of them. */
export function SectionsInput({ policy, disabled, onChange }: PartProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { resource, effect } = policy;
  const sections = policy.sections === "*" ? [] : (policy.sections ?? []);
  const write = (next: readonly string[]) =>
    onChange(withPart(policy, "sections", next.length === 0 ? undefined : next));
  const offered = catalog.typeOf(resource).sections.filter(({ name }) => !sections.includes(name));
  return (
    <>
      <ChipList
        label={t("access.form.sections")}
        items={sections}
        words={(section) => catalog.sectionWords(resource, section)}
        disabled={disabled}
        onRemove={(index) => write(sections.toSpliced(index, 1))}
      >
        {!disabled && offered.length > 0 && (
          <Picker
            label={t("access.form.sections.add")}
            shown="+"
            tone="quiet"
            options={offered.map(({ name }) => ({
              value: name,
              label: catalog.sectionWords(resource, name),
              hint: name,
            }))}
            onChoose={(section) => write([...sections, section])}
          />
        )}
      </ChipList>
      {sections.length === 0 && (
        <span className="quiet">
          {t(effect === "deny" ? "access.form.sections.whole" : "access.form.sections.all")}
        </span>
      )}
    </>
  );
}
