import { Button, TextInput } from "@mantine/core";
import { useWords } from "../../words/words.ts";
import type { PartProps } from "./PolicyForm.tsx";

const MAX_TITLE = 300; // the server's limit

/** In both languages, or one text for both. */
export function TitleInput({ policy, disabled, onChange }: PartProps) {
  const { t } = useWords();
  const { title } = policy;
  if (typeof title === "string") {
    return (
      <>
        <TextInput
          size="xs"
          className="wide"
          maxLength={MAX_TITLE}
          aria-label={t("access.form.title")}
          readOnly={disabled}
          value={title}
          onChange={(event) => onChange({ ...policy, title: event.currentTarget.value }, "title")}
        />
        {!disabled && (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => onChange({ ...policy, title: { en: title, ru: title } })}
          >
            {t("access.form.title.both")}
          </Button>
        )}
      </>
    );
  }
  return (["en", "ru"] as const).map((locale) => (
    <TextInput
      key={locale}
      size="xs"
      className="wide"
      maxLength={MAX_TITLE}
      leftSection={<span className="quiet">{locale.toUpperCase()}</span>}
      aria-label={t(`access.form.title.${locale}`)}
      readOnly={disabled}
      value={title[locale]}
      onChange={(event) =>
        onChange({ ...policy, title: { ...title, [locale]: event.currentTarget.value } }, `title ${locale}`)
      }
    />
  ));
}
