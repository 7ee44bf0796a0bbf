import {
  ActionIcon,
  Button,
  Checkbox,
  Modal,
  NativeSelect,
  NumberInput,
  SegmentedControl,
  Select,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState, type FormEvent, type ReactNode } from "react";
import type { RuleAction, RuleCondition } from "@kontor/shared/mail";
import { useDirectory, useFailureWords, useRow } from "../../replica/index.ts";
import { useWords, type WordKey } from "../../words/index.ts";
import { RecordSearch } from "../RecordSearch.tsx";
import {
  actionKinds,
  conditionFields,
  newAction,
  newCondition,
  problemOf,
  testsOf,
  withField,
  type ActionKind,
  type ConditionField,
  type Rule,
  type RuleProblem,
} from "./rule.form.ts";
import { actionWords, fieldWords, testWords } from "./rule.names.ts";
import classes from "./rules.module.css";

const PROBLEMS = {
  name: "rules.problem.name",
  condition: "rules.problem.condition",
  noAction: "rules.problem.noAction",
  action: "rules.problem.action",
  tooMuch: "rules.problem.tooMuch",
} as const satisfies Record<RuleProblem, WordKey>;

/** When what is so, do this. */
export function RuleForm(props: {
  readonly start: Rule;
  readonly folders: ReadonlyMap<string, string>;
  readonly close: () => void;
  readonly save: (rule: Rule) => Promise<void>;
}) {
  const { t } = useWords();
  const failureWords = useFailureWords();
  const [rule, setRule] = useState(props.start);
  const [problem, setProblem] = useState<string>();
  const set = (part: Partial<Rule>) => {
    setProblem(undefined);
    setRule({ ...rule, ...part });
  };

  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wrong = problemOf(rule);
    if (wrong) return setProblem(t(PROBLEMS[wrong]));
    try {
      await props.save({ ...rule, name: rule.name.trim() });
      props.close();
    } catch (error) {
      setProblem(failureWords(error));
    }
  }

  return (
    <Modal
      opened
      onClose={props.close}
      title={t("rules.title")}
      size={680}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <form className={classes.form} onSubmit={(event) => void save(event)} noValidate>
        <TextInput
          label={t("rules.name")}
          data-autofocus
          maxLength={200}
          value={rule.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <fieldset>
          <legend>{t("rules.when")}</legend>
          <SegmentedControl
            size="xs"
            aria-label={t("rules.when")}
            value={rule.match}
            onChange={(match) => set({ match: match === "any" ? "any" : "all" })}
            data={[
              { value: "all", label: t("rules.match.all") },
              { value: "any", label: t("rules.match.any") },
            ]}
          />
          {rule.conditions.map((condition, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- conditions have no other name than their place
            <Line key={index} remove={() => set({ conditions: rule.conditions.filter((_, at) => at !== index) })}>
              <Condition
                condition={condition}
                onChange={(next) =>
                  set({ conditions: rule.conditions.map((each, at) => (at === index ? next : each)) })
                }
              />
            </Line>
          ))}
          {rule.conditions.length === 0 && <p className={classes.none}>{t("rules.always")}</p>}
          <Button
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ conditions: [...rule.conditions, newCondition("subject")] })}
          >
            {t("rules.addCondition")}
          </Button>
        </fieldset>
        <fieldset>
          <legend>{t("rules.then")}</legend>
          {rule.actions.map((action, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- actions have no other name than their place
            <Line key={index} remove={() => set({ actions: rule.actions.filter((_, at) => at !== index) })}>
              <Action
                action={action}
                folders={props.folders}
                onChange={(next) => set({ actions: rule.actions.map((each, at) => (at === index ? next : each)) })}
              />
            </Line>
          ))}
          <Button
            variant="subtle"
            leftSection={<IconPlus size={14} />}
            onClick={() => set({ actions: [...rule.actions, newAction("markSeen")] })}
          >
            {t("rules.addAction")}
          </Button>
        </fieldset>
        <Checkbox
          label={t("rules.stop")}
          checked={rule.stop}
          onChange={(event) => set({ stop: event.currentTarget.checked })}
        />
        {problem && (
          <p className={classes.problem} role="alert">
            {problem}
          </p>
        )}
        <div className={classes.buttons}>
          <Button onClick={props.close}>{t("app.cancel")}</Button>
          <Button type="submit" variant="filled">
            {t("rules.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Line({ children, remove }: { readonly children: ReactNode; readonly remove: () => void }) {
  const { t } = useWords();
  return (
    <div className={classes.line}>
      {children}
      <ActionIcon aria-label={t("rules.remove")} onClick={remove}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}

function Condition(props: {
  readonly condition: RuleCondition;
  readonly onChange: (condition: RuleCondition) => void;
}) {
  const { t } = useWords();
  const { condition, onChange } = props;
  const tests = testsOf(condition);
  const set = (part: Partial<RuleCondition>) => onChange({ ...condition, ...part } as RuleCondition);
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t("rules.lookAt")}
        value={condition.field}
        data={conditionFields.map((field) => ({ value: field, label: t(fieldWords[field]) }))}
        onChange={(event) => onChange(withField(condition, event.currentTarget.value as ConditionField))}
      />
      {tests.length > 1 && (
        <NativeSelect
          size="xs"
          aria-label={t("rules.how")}
          value={condition.test}
          data={tests.map((test) => ({ value: test, label: t(testWords[test]) }))}
          onChange={(event) => set({ test: event.currentTarget.value as never })}
        />
      )}
      {typeof condition.value === "boolean" && (
        <NativeSelect
          size="xs"
          aria-label={t("rules.value")}
          value={String(condition.value)}
          data={[
            { value: "true", label: t("rules.yes") },
            { value: "false", label: t("rules.no") },
          ]}
          onChange={(event) => set({ value: event.currentTarget.value === "true" })}
        />
      )}
      {typeof condition.value === "number" && (
        <NumberInput
          size="xs"
          aria-label={t("rules.value")}
          min={0}
          decimalScale={1}
          suffix=" MB"
          value={condition.value / 1e6}
          onChange={(value) => set({ value: Math.round(Number(value) * 1e6) })}
        />
      )}
      {typeof condition.value === "string" && (
        <TextInput
          size="xs"
          className={classes.grow ?? ""}
          aria-label={t("rules.value")}
          maxLength={400}
          value={condition.value}
          onChange={(event) => set({ value: event.currentTarget.value })}
        />
      )}
    </>
  );
}

function Action(props: {
  readonly action: RuleAction;
  readonly folders: ReadonlyMap<string, string>;
  readonly onChange: (action: RuleAction) => void;
}) {
  const { t } = useWords();
  const { people } = useDirectory();
  const { action, folders, onChange } = props;
  return (
    <>
      <NativeSelect
        size="xs"
        aria-label={t("rules.do")}
        value={action.do}
        data={actionKinds.map((kind) => ({ value: kind, label: t(actionWords[kind]) }))}
        onChange={(event) => onChange(newAction(event.currentTarget.value as ActionKind))}
      />
      {action.do === "move" && (
        <Select
          size="xs"
          className={classes.grow ?? ""}
          aria-label={t("rules.folder")}
          placeholder={t("rules.folder")}
          searchable
          value={action.folderId || null}
          data={[...folders].map(([value, label]) => ({ value, label }))}
          onChange={(folderId) => onChange({ do: "move", folderId: folderId ?? "" })}
        />
      )}
      {action.do === "label" && (
        <TextInput
          size="xs"
          className={classes.grow ?? ""}
          aria-label={t("rules.label")}
          placeholder={t("rules.label")}
          maxLength={60}
          value={action.label}
          onChange={(event) => onChange({ do: "label", label: event.currentTarget.value })}
        />
      )}
      {action.do === "forward" && (
        <TextInput
          size="xs"
          type="email"
          className={classes.grow ?? ""}
          aria-label={t("rules.address")}
          placeholder={t("rules.address")}
          value={action.to}
          onChange={(event) => onChange({ do: "forward", to: event.currentTarget.value.trim() })}
        />
      )}
      {action.do === "assign" && (
        <Select
          size="xs"
          className={classes.grow ?? ""}
          aria-label={t("rules.person")}
          placeholder={t("rules.person")}
          searchable
          limit={30}
          value={action.userId || null}
          data={people.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(userId) => onChange({ do: "assign", userId: userId ?? "" })}
        />
      )}
      {action.do === "link" && (
        <RecordField recordId={action.recordId} onChange={(recordId) => onChange({ do: "link", recordId })} />
      )}
    </>
  );
}

function RecordField(props: { readonly recordId: string; readonly onChange: (recordId: string) => void }) {
  const { t } = useWords();
  const record = useRow("records", props.recordId || undefined);
  const [searching, setSearching] = useState(false);
  const name = record ? [record.number, record.title].filter(Boolean).join(" · ") : t("rules.record");
  return (
    <>
      <Button className={classes.grow ?? ""} justify="start" onClick={() => setSearching(true)}>
        {name}
      </Button>
      {searching && (
        <Modal
          opened
          onClose={() => setSearching(false)}
          title={t("rules.record")}
          closeButtonProps={{ "aria-label": t("app.close") }}
        >
          <RecordSearch
            choose={(recordId) => {
              props.onChange(recordId);
              setSearching(false);
            }}
          />
        </Modal>
      )}
    </>
  );
}
