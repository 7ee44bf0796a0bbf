import { Button, CopyButton, Modal } from "@mantine/core";
import { useWords } from "../words/words.ts";

interface Props {
  readonly title: string;
  /** Where it is to be kept. */
  readonly words: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** A secret that is told this once; a click beside it does not take it away. */
export function SecretOnce({ title, words, secret, onClose }: Props) {
  const { t } = useWords();
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      <p>{words}</p>
      <code style={{ display: "block", padding: 10, overflowWrap: "anywhere", background: "var(--neutral-soft)" }}>
        {secret}
      </code>
      <div style={{ display: "flex", gap: 8, marginTop: 12 }}>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="filled" onClick={copy} aria-live="polite">
              {copied ? t("services.token.copied") : t("services.token.copy")}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t("services.token.done")}</Button>
      </div>
    </Modal>
  );
}
