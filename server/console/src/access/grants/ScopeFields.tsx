import { Checkbox, Radio, TextInput } from "@mantine/core";
import type { GrantLevel } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import { useCatalog } from "../catalog.tsx";
import type { RequestRow } from "./requests.ts";
import { isOver, typedMoment, untilChoices, type Until, type UntilChoice } from "./until.ts";

export interface Scope {
  readonly level: GrantLevel;
  readonly sections: readonly string[];
  readonly until: Until;
}

interface Props {
  readonly request: RequestRow;
  /** What can be chosen: what was asked for. */
  readonly asked: readonly string[];
  readonly scope: Scope;
  /** The moment that is chosen by now. */
  readonly until: string | undefined;
  readonly onChange: (scope: Scope) => void;
}

/** What for, which sections, how long. */
export function ScopeFields({ request, asked, scope, until, onChange }: Props) {
  const { t, time } = useWords();
  const catalog = useCatalog();
  const choices = untilChoices.filter((choice) => choice !== "asked" || !isOver(request.until));
  return (
    <>
      {request.level === "edit" && (
        <Radio.Group
          label={t("access.grants.level")}
          value={scope.level}
          onChange={(level) => onChange({ ...scope, level: level as GrantLevel })}
        >
          <div className="choices">
            {(["read", "edit"] as const).map((value) => (
              <Radio key={value} size="xs" value={value} label={catalog.actionWords(request.type, value)} />
            ))}
          </div>
        </Radio.Group>
      )}
      <Checkbox.Group
        label={t("access.form.sections")}
        value={[...scope.sections]}
        onChange={(sections) => onChange({ ...scope, sections })}
        error={scope.sections.length === 0 && t("access.grants.sections.none")}
      >
        <div className="choices">
          {asked.map((section, index) => (
            <Checkbox
              key={section}
              value={section}
              label={catalog.sectionWords(request.type, section)}
              {...(index === 0 && { "data-autofocus": true })}
            />
          ))}
        </div>
      </Checkbox.Group>
      <Radio.Group
        label={t("access.grants.until")}
        description={<span aria-live="polite">{until && time(until)}</span>}
        value={scope.until.choice}
        onChange={(choice) =>
          onChange({
            ...scope,
            until: { choice: choice as UntilChoice, typed: typedMoment(until ?? request.until) },
          })
        }
      >
        <div className="choices">
          {choices.map((choice) => (
            <Radio key={choice} size="xs" value={choice} label={t(`access.grants.until.${choice}`)} />
          ))}
        </div>
      </Radio.Group>
      {scope.until.choice === "other" && (
        <TextInput
          type="datetime-local"
          w={230}
          required
          label={t("access.grants.until.moment")}
          value={scope.until.typed}
          onChange={(event) => onChange({ ...scope, until: { choice: "other", typed: event.currentTarget.value } })}
        />
      )}
    </>
  );
}
