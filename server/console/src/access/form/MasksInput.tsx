import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { MaskRule } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import { withPart } from "../policy/policy.parts.ts";
import { Picker } from "../parts/Picker.tsx";
import type { PartProps } from "./PolicyForm.tsx";

const rules = ["omit", "all", "keep-last-2", "keep-last-4"] as const;
type RuleName = (typeof rules)[number];
const nameOf = (rule: MaskRule): RuleName => (rule === "omit" ? "omit" : rule.redact);
const ruleOf = (name: RuleName): MaskRule => (name === "omit" ? "omit" : { redact: name });
const isRule = (name: string): name is RuleName => (rules as readonly string[]).includes(name);

/** Fields that this policy leaves out or shows with dots. */
export function MasksInput({ policy, disabled, onChange }: PartProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { resource, mask = {}, sections } = policy;
  const open = catalog
    .typeOf(resource)
    .sections.filter(({ name }) => sections === undefined || sections === "*" || sections.includes(name));
  const placeWords = (place: string) => {
    const [section = "", field = ""] = place.split(".");
    return `${catalog.sectionWords(resource, section)} › ${catalog.fieldWords(resource, field)}`;
  };
  const offered = open.flatMap((section) =>
    section.fields
      .map(({ name }) => `${section.name}.${name}`)
      .filter((place) => !Object.hasOwn(mask, place))
      .map((place) => ({
        value: place,
        label: catalog.fieldWords(resource, place.slice(section.name.length + 1)),
        hint: place,
        group: catalog.sectionWords(resource, section.name),
      })),
  );
  const write = (next: Readonly<Record<string, MaskRule>>) =>
    onChange(withPart(policy, "mask", Object.keys(next).length === 0 ? undefined : next));

  return (
    <span className="chips">
      {Object.entries(mask).map(([place, rule]) => (
        <span key={place} className="mask-rule" role="group" aria-label={placeWords(place)}>
          <span>{placeWords(place)}</span>
          <Picker
            label={t("access.form.masks.rule")}
            shown={t(`access.mask.${nameOf(rule)}`)}
            disabled={disabled}
            options={rules.map((name) => ({ value: name, label: t(`access.mask.${name}`), hint: name }))}
            onChoose={(name) => isRule(name) && write({ ...mask, [place]: ruleOf(name) })}
          />
          {!disabled && (
            <ActionIcon
              size={20}
              aria-label={t("access.remove", { name: placeWords(place) })}
              onClick={() => write(Object.fromEntries(Object.entries(mask).filter(([name]) => name !== place)))}
            >
              <IconX size={13} />
            </ActionIcon>
          )}
        </span>
      ))}
      {!disabled && offered.length > 0 && (
        <Picker
          label={t("access.form.masks.add")}
          shown="+"
          tone="quiet"
          options={offered}
          onChoose={(place) => write({ ...mask, [place]: { redact: "keep-last-4" } })}
        />
      )}
      {Object.keys(mask).length === 0 && <span className="quiet">{t("access.form.masks.none")}</span>}
    </span>
  );
}
