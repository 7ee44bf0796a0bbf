import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { newId } from "@kontor/shared/base";
import { draftText, mailLimits, snippetOf, type MailSettingsDoc, type MailTemplate } from "@kontor/shared/mail";
import { useWords } from "../../words/index.ts";
import { Blocks, EditBlock } from "./Blocks.tsx";
import { useSettingsChange } from "./useSettingsChange.ts";

const SHOWN_CHARS = 120;

/** Texts that one writes again and again; the composer inserts them. */
export function Templates({ settings }: { readonly settings: MailSettingsDoc }) {
  const { t } = useWords();
  const change = useSettingsChange();
  const [edited, setEdited] = useState<MailTemplate>();

  const save = (template: MailTemplate) => {
    const isKnown = settings.templates.some(({ id }) => id === template.id);
    const templates = isKnown
      ? settings.templates.map((each) => (each.id === template.id ? template : each))
      : [...settings.templates, template];
    return change({ templates });
  };

  return (
    <>
      <Blocks
        none={t("mailSettings.templates.none")}
        blocks={settings.templates.map(({ html, id, name, subject }) => ({
          id,
          name,
          line: [subject, snippetOf(draftText(html), SHOWN_CHARS)].filter(Boolean).join(" · "),
        }))}
        edit={(id) => setEdited(settings.templates.find((each) => each.id === id))}
        remove={(id) => void change({ templates: settings.templates.filter((each) => each.id !== id) })}
      />
      <Button onClick={() => setEdited({ id: newId(), name: "", subject: "", html: "" })}>
        {t("mailSettings.templates.new")}
      </Button>
      {edited && (
        <EditBlock
          key={edited.id}
          title={t("mailSettings.template")}
          html={edited.html}
          isNamed={edited.name.trim() !== ""}
          close={() => setEdited(undefined)}
          save={(html) => save({ ...edited, name: edited.name.trim(), html })}
        >
          <TextInput
            label={t("mailSettings.name")}
            data-autofocus
            maxLength={100}
            value={edited.name}
            onChange={(event) => setEdited({ ...edited, name: event.currentTarget.value })}
          />
          <TextInput
            label={t("mailSettings.template.subject")}
            maxLength={mailLimits.maxSubjectChars}
            value={edited.subject}
            onChange={(event) => setEdited({ ...edited, subject: event.currentTarget.value })}
          />
        </EditBlock>
      )}
    </>
  );
}
