import type { Policy } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { ChipList } from "../parts/ChipList.tsx";
import { Picker } from "../parts/Picker.tsx";
import { inOrder, type PartProps } from "./PolicyForm.tsx";

/** What an allow opens, or a deny takes away; none chosen means all of them. */
export function SectionsInput({ policy, disabled, onChange }: PartProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { resource, effect } = policy;
  const sections = policy.sections === "*" ? [] : (policy.sections ?? []);
  const offered = catalog.typeOf(resource).sections.filter(({ name }) => !sections.includes(name));
  return (
    <>
      <ChipList
        label={t("access.form.sections")}
        items={sections}
        words={(section) => catalog.sectionWords(resource, section)}
        disabled={disabled}
        onRemove={(index) => onChange(withSections(policy, sections.toSpliced(index, 1)))}
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
            onChoose={(section) => onChange(withSections(policy, [...sections, section]))}
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

function withSections({ sections: _, ...policy }: Policy, sections: readonly string[]): Policy {
  return sections.length === 0 ? policy : inOrder({ ...policy, sections });
}
