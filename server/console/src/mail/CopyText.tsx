import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useWords } from "../words/words.ts";

/** Text that is to be entered elsewhere, letter for letter. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useWords();
  return (
    <div style={{ display: "flex", gap: 8, alignItems: "start" }}>
      <code
        style={{
          flex: 1,
          minWidth: 0,
          padding: "6px 8px",
          overflowWrap: "anywhere",
          background: "var(--neutral-soft)",
          borderRadius: 6,
          fontSize: 12,
        }}
      >
        {text}
      </code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-sm"
            onClick={copy}
            aria-label={`${t("mail.copy")}: ${label}`}
            leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          >
            <span aria-live="polite">{copied ? t("mail.copied") : t("mail.copy")}</span>
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
