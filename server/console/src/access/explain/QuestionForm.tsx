import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useWords } from "../../words/words.ts";
import { useDrafts } from "../access.api.ts";
import { useCatalog } from "../catalog.tsx";
import { ExampleAttributes } from "../form/ExampleAttributes.tsx";
import { FormRow } from "../form/PolicyForm.tsx";
import { PersonPicker } from "../parts/PersonPicker.tsx";
import { Picker } from "../parts/Picker.tsx";
import { attributesOf, channels, type Question } from "./question.ts";
import { useRecordSearch } from "./useRecordSearch.ts";

interface Props {
  readonly question: Question;
  readonly onChange: (part: Partial<Question>) => void;
  /** Beside a policy its draft is given. */
  readonly asksDraft: boolean;
}

/** "May Pavel read contract 2026-0147, field account?" */
export function QuestionForm({ question, onChange, asksDraft }: Props) {
  const { t } = useWords();
  const catalog = useCatalog();
  const { type, action, field } = question;
  const { actions, sections } = catalog.typeOf(type);
  const [supposes, setSupposes] = useState(question.time + question.ip + question.channel !== "");
  const fields = sections.flatMap((section) => section.fields.map(({ name }) => ({ name, section: section.name })));
  return (
    <>
      <div className="question" role="group" aria-label={t("access.explain.question")}>
        <PersonPicker userId={question.user} onChoose={(user) => onChange({ user })} />
        <span>{t("access.explain.may")}</span>
        <Picker
          label={t("access.explain.action")}
          shown={action === "" ? "" : catalog.actionWords(type, action)}
          tone={action === "" ? "empty" : "plain"}
          options={actions.map(({ name }) => ({ value: name, label: catalog.actionWords(type, name), hint: name }))}
          onChoose={(value) => onChange({ action: value })}
        />
        <Picker
          label={t("access.form.type")}
          shown={type === "" ? "" : catalog.typeWords(type)}
          tone={type === "" ? "empty" : "plain"}
          options={catalog.types.map(({ name }) => ({ value: name, label: catalog.typeWords(name), hint: name }))}
          onChoose={(value) => onChange({ type: value, record: "", attributes: "", field: "" })}
        />
        {type !== "" && <RecordPicker question={question} onChange={onChange} />}
        {fields.length > 0 && (
          <Picker
            label={t("access.explain.field")}
            shown={field === "" ? t("access.explain.anyField") : catalog.fieldWords(type, field)}
            tone={field === "" ? "quiet" : "plain"}
            options={[
              { value: "", label: t("access.explain.anyField") },
              ...fields.map(({ name, section }) => ({
                value: name,
                label: catalog.fieldWords(type, name),
                hint: name,
                group: catalog.sectionWords(type, section),
              })),
            ]}
            onChoose={(value) => onChange({ field: value })}
          />
        )}
        <span>?</span>
        <Button size="compact-xs" variant="subtle" aria-expanded={supposes} onClick={() => setSupposes((now) => !now)}>
          {t("access.explain.suppose")}
        </Button>
      </div>
      {question.record === "" && type !== "" && (
        <FormRow title={t("access.explain.madeUp")}>
          <ExampleAttributes
            from="obj"
            type={type}
            disabled={false}
            values={attributesOf(question.attributes)}
            onChange={(values) =>
              onChange({ attributes: Object.keys(values).length === 0 ? "" : JSON.stringify(values) })
            }
          />
        </FormRow>
      )}
      {supposes && <Supposed question={question} onChange={onChange} asksDraft={asksDraft} />}
    </>
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function RecordPicker({ question, onChange }: Omit<Props, "asksDraft">) {
  const { t } = useWords();
  const { type, record } = question;
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<{ readonly id: string; readonly title: string }>();
  const records = useRecordSearch(type, search, question.user);
  const options = records.map(({ id, title, number }) => ({
    value: id,
    label: title,
    ...(number !== undefined && { hint: number }),
  }));
  const known = options.find(({ value }) => value === record);
  return (
    <Picker
      label={t("access.explain.record")}
      shown={
        record === ""
          ? t("access.explain.someRecord")
          : (known?.label ?? (chosen?.id === record ? chosen.title : record))
      }
      tone={record === "" ? "quiet" : "plain"}
      options={[{ value: "", label: t("access.explain.someRecord") }, ...options]}
      onSearch={setSearch}
      free={(text) => (UUID.test(text) ? { value: text, label: text } : undefined)}
      freeHint={t("access.explain.record.hint")}
      onChoose={(id) => {
        setChosen({ id, title: options.find(({ value }) => value === id)?.label ?? id });
        onChange({ record: id });
      }}
    />
  );
}

function Supposed({ question, onChange, asksDraft }: Props) {
  const { t } = useWords();
  const drafts = useDrafts().data ?? [];
  return (
    <div className="toolbar" style={{ alignItems: "end", marginTop: 8 }}>
      <TextInput
        size="xs"
        type="datetime-local"
        label={t("access.suppose.time")}
        value={question.time}
        onChange={(event) => onChange({ time: event.currentTarget.value })}
      />
      <TextInput
        size="xs"
        w={130}
        label={t("access.suppose.ip")}
        placeholder="10.66.0.1"
        value={question.ip}
        onChange={(event) => onChange({ ip: event.currentTarget.value })}
      />
      <NativeSelect
        size="xs"
        label={t("access.suppose.channel")}
        value={question.channel}
        data={[
          { value: "", label: t("access.suppose.asNow") },
          ...channels.map((value) => ({ value, label: t(`access.channel.${value}`) })),
        ]}
        onChange={(event) => onChange({ channel: event.currentTarget.value })}
      />
      {asksDraft && drafts.length > 0 && (
        <NativeSelect
          size="xs"
          label={t("access.suppose.draft")}
          value={question.draft}
          data={[
            { value: "", label: t("access.suppose.inForce") },
            ...drafts.map(({ id, title }) => ({ value: id, label: title })),
          ]}
          onChange={(event) => onChange({ draft: event.currentTarget.value })}
        />
      )}
    </div>
  );
}
