import { Checkbox, SegmentedControl } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import type { GrantLevel } from "@kontor/shared/access";
import { useWords } from "../words/index.ts";
import { useNow } from "./useNow.ts";
import { untilChoices, type Until } from "./until.ts";
import classes from "./access.module.css";

export interface Scope {
  readonly level: GrantLevel;
  readonly sections: readonly string[];
  readonly until: Until;
}

/** What for, which part, how long: asked and answered with the same fields. */
export function ScopeFields(props: {
  readonly scope: Scope;
  readonly change: (scope: Scope) => void;
  readonly levels: readonly GrantLevel[];
  /** Those that can be chosen, with their names. */
  readonly sections: readonly { readonly key: string; readonly name: string; readonly disabled?: boolean }[];
  readonly problem?: string | undefined;
}) {
  const { t, locale } = useWords();
  const { change, scope } = props;
  const now = useNow();
  const levelWords = { read: t("access.level.read"), edit: t("access.level.edit") };
  const untilWords = {
    today: t("access.until.today"),
    week: t("access.until.week"),
    month: t("access.until.month"),
    date: t("access.until.date"),
  };
  const toggle = (key: string, on: boolean) =>
    change({ ...scope, sections: on ? [...scope.sections, key] : scope.sections.filter((each) => each !== key) });
  return (
    <>
      {props.levels.length > 1 && (
        <fieldset className={classes.choice}>
          <legend>{t("access.form.level")}</legend>
          <SegmentedControl
            size="xs"
            value={scope.level}
            onChange={(level) => change({ ...scope, level: level as GrantLevel })}
            data={props.levels.map((value) => ({ value, label: levelWords[value] }))}
            aria-label={t("access.form.level")}
          />
        </fieldset>
      )}
      {props.sections.length > 1 && (
        <fieldset className={classes.choice}>
          <legend>{t("access.form.sections")}</legend>
          <div className={classes.checks}>
            {props.sections.map(({ disabled, key, name }) => (
              <Checkbox
                key={key}
                size="xs"
                label={name}
                disabled={disabled ?? false}
                checked={scope.sections.includes(key)}
                onChange={(event) => toggle(key, event.currentTarget.checked)}
              />
            ))}
          </div>
        </fieldset>
      )}
      <fieldset className={classes.choice}>
        <legend>{t("access.form.until")}</legend>
        <SegmentedControl
          size="xs"
          value={scope.until.choice}
          onChange={(choice) => change({ ...scope, until: { ...scope.until, choice: choice as Until["choice"] } })}
          data={untilChoices.map((value) => ({ value, label: untilWords[value] }))}
          aria-label={t("access.form.until")}
        />
        {scope.until.choice === "date" && (
          <DatePickerInput
            mt={8}
            size="xs"
            maw={220}
            label={t("access.form.day")}
            previousLabel={t("app.moment.earlier")}
            nextLabel={t("app.moment.later")}
            value={scope.until.day || null}
            minDate={new Date(now)}
            valueFormat={locale === "ru" ? "D MMMM YYYY" : "D MMM YYYY"}
            onChange={(day) => change({ ...scope, until: { choice: "date", day: day ?? "" } })}
          />
        )}
      </fieldset>
      {props.problem && (
        <p className={classes.bad} role="alert">
          {props.problem}
        </p>
      )}
    </>
  );
}
