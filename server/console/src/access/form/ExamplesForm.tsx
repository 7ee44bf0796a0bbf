import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { Example, Policy } from "@kontor/shared/access";
import { useWords } from "../../words/words.ts";
import type { ExampleResult, PolicyFault } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { Mark } from "../parts/Mark.tsx";
import { Picker } from "../parts/Picker.tsx";
import { withExamplePart, withPart } from "../policy/policy.parts.ts";
import { ExampleAttributes } from "./ExampleAttributes.tsx";
import { FormRow, type PartProps } from "./PolicyForm.tsx";

interface Props extends PartProps {
  readonly faults: readonly PolicyFault[];
  /** Of the last check; empty while the policies have faults, since examples are run only without. */
  readonly results: readonly ExampleResult[];
}

/** Questions with the expected answer, asked of the whole set before it is published. */
export function ExamplesForm({ policy, faults, results, disabled, onChange }: Props) {
  const { t } = useWords();
  const examples = policy.examples ?? [];
  const write = (next: readonly Example[], step?: string) =>
    onChange(withPart(policy, "examples", next.length === 0 ? undefined : next), step);
  return (
    <div className="examples">
      <p className="quiet">{t("access.examples.lead")}</p>
      {examples.map((example, index) => (
        <ExampleForm
          // an example has no name of its own that cannot change
          // oxlint-disable-next-line react/no-array-index-key
          key={index}
          example={example}
          policy={policy}
          disabled={disabled}
          result={results.find((result) => result.index === index)}
          faults={faults.filter((fault) => fault.place.startsWith(`.examples[${index}]`))}
          onChange={(next, step) => write(examples.with(index, next), step && `example ${index} ${step}`)}
          onRemove={() => write(examples.toSpliced(index, 1))}
          onCopy={() => write(examples.toSpliced(index + 1, 0, example))}
        />
      ))}
      {!disabled && (
        <Button leftSection={<IconPlus size={14} />} onClick={() => write([...examples, exampleFor(policy)])}>
          {t("access.examples.add")}
        </Button>
      )}
    </div>
  );
}

interface ExampleProps {
  readonly example: Example;
  readonly policy: Policy;
  readonly disabled: boolean;
  readonly result: ExampleResult | undefined;
  readonly faults: readonly PolicyFault[];
  readonly onChange: (example: Example, step?: string) => void;
  readonly onRemove: () => void;
  readonly onCopy: () => void;
}

function ExampleForm({ example, policy, disabled, result, faults, onChange, onRemove, onCopy }: ExampleProps) {
  const { t } = useWords();
  const catalog = useCatalog();
  const type = example.type ?? policy.resource;
  const { actions, sections } = catalog.typeOf(type);
  const fields = sections.flatMap((section) => section.fields.map(({ name }) => name));
  const attributes = { type, disabled };
  return (
    <section className="example" aria-label={example.name ?? t("access.examples.one")} data-passed={result?.passed}>
      <div className="example-head">
        <TextInput
          size="xs"
          className="wide"
          placeholder={t("access.examples.name")}
          aria-label={t("access.examples.name")}
          readOnly={disabled}
          value={example.name ?? ""}
          onChange={(event) =>
            onChange(withExamplePart(example, "name", event.currentTarget.value || undefined), "name")
          }
        />
        {result && (
          <Mark tone={result.passed ? "good" : "bad"}>
            {t(result.passed ? "access.examples.passed" : "access.examples.failed")}
          </Mark>
        )}
      </div>
      {faults.map((fault) => (
        <p key={fault.place + fault.words} className="fault" role="alert">
          {fault.words}
        </p>
      ))}
      <FormRow title={t("access.examples.asks")}>
        {policy.resource === "*" && (
          <Picker
            label={t("access.form.type")}
            shown={catalog.typeWords(type)}
            disabled={disabled}
            options={catalog.types.map(({ name }) => ({ value: name, label: catalog.typeWords(name), hint: name }))}
            onChoose={(name) => onChange({ ...example, type: name })}
          />
        )}
        <Picker
          label={t("access.explain.action")}
          shown={catalog.actionWords(type, example.action)}
          disabled={disabled}
          options={actions.map(({ name }) => ({ value: name, label: catalog.actionWords(type, name), hint: name }))}
          onChoose={(action) => onChange({ ...example, action })}
        />
        <Picker
          label={t("access.explain.field")}
          shown={
            example.field === undefined ? t("access.explain.wholeRecord") : catalog.fieldWords(type, example.field)
          }
          tone={example.field === undefined ? "quiet" : "plain"}
          disabled={disabled}
          options={[
            { value: "", label: t("access.explain.wholeRecord") },
            ...fields.map((name) => ({ value: name, label: catalog.fieldWords(type, name), hint: name })),
          ]}
          onChoose={(field) => onChange(withExamplePart(example, "field", field || undefined))}
        />
        <SegmentedControl
          size="xs"
          aria-label={t("access.examples.expect")}
          readOnly={disabled}
          value={example.expect}
          data={(["allow", "deny"] as const).map((value) => ({ value, label: t(`access.examples.expect.${value}`) }))}
          onChange={(value) => onChange({ ...example, expect: value === "deny" ? "deny" : "allow" })}
        />
      </FormRow>
      <FormRow title={t("access.form.subject.short")}>
        <ExampleAttributes
          {...attributes}
          from="sub"
          values={example.subject}
          onChange={(subject) => onChange({ ...example, subject })}
        />
      </FormRow>
      <FormRow title={t("access.form.record")}>
        <ExampleAttributes
          {...attributes}
          from="obj"
          values={example.resource ?? {}}
          onChange={(resource) => onChange({ ...example, resource: resource as NonNullable<Example["resource"]> })}
        />
      </FormRow>
      <FormRow title={t("access.form.context.short")}>
        <ExampleAttributes
          {...attributes}
          from="ctx"
          values={example.context ?? {}}
          onChange={(context) => onChange({ ...example, context })}
        />
      </FormRow>
      {!disabled && (
        <div className="form-add">
          <Button size="compact-xs" variant="subtle" onClick={onCopy}>
            {t("access.examples.copy")}
          </Button>
          <Button size="compact-xs" variant="subtle" color="red" onClick={onRemove}>
            {t("access.examples.remove")}
          </Button>
        </div>
      )}
    </section>
  );
}

const exampleFor = ({ actions, effect }: Policy): Example => ({
  subject: {},
  action: actions.find((action) => !action.includes("*")) ?? "read",
  resource: {},
  expect: effect,
});
